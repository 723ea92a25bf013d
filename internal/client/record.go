package client

import (
	"encoding/json"
	"errors"
)

// RecordValues are the fields that all records have in common.
type RecordValues struct {
	ID                ID    `json:"id"`         // every record of a reply must have one
	Revision          int64 `json:"revision"`   // the space's counter when the record last changed; 0 if the entity has no revisions
	IsDeleted         bool  `json:"is_deleted"` // soft-deleted
	IsDeleteProtected bool  `json:"is_delete_protected"`
}

// A Record is a type of records that [Entity] can read.
type Record interface{ Meta() RecordValues }

// Meta returns what the record has in common with all records.
func (v RecordValues) Meta() RecordValues { return v }

// A RawRecord is a record of any entity, as the service shows it.
type RawRecord struct {
	ID   ID
	JSON json.RawMessage // an object
}

// Meta returns only the id.
func (r RawRecord) Meta() RecordValues { return RecordValues{ID: r.ID} }

// UnmarshalJSON keeps the record, and reads its id.
func (r *RawRecord) UnmarshalJSON(data []byte) error {
	var head struct {
		ID ID `json:"id"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	r.ID, r.JSON = head.ID, append(r.JSON[:0:0], data...)
	return nil
}

// Records returns the operations on the records of any entity, by its path segment,
// such as "Phones".
func (c *Client) Records(segment string) *Entity[RawRecord, struct{}] {
	return NewEntity[RawRecord, struct{}](c, segment)
}

// IsUnknownEntity reports whether the service knows no entity of that name.
func IsUnknownEntity(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.Code == codeUnknownType
}
