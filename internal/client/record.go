package client

import (
	"encoding/json"
	"errors"
)

// A Meta is what all records have in common.
type Meta struct {
	ID                ID    // every record of a reply must have one
	Revision          int64 // the space's counter when the record last changed; 0 if the entity has no revisions
	IsDeleted         bool  // soft-deleted
	IsDeleteProtected bool
}

// A Record is a type of records that [Entity] can read.
type Record interface{ Meta() Meta }

// Meta returns what the conversation has in common with all records.
func (c Conversation) Meta() Meta { return Meta{c.ID, c.Revision, c.IsDeleted, c.IsDeleteProtected} }

// Meta returns what the relation has in common with all records.
func (r Relation) Meta() Meta { return Meta{r.ID, r.Revision, r.IsDeleted, r.IsDeleteProtected} }

// Meta returns what the message has in common with all records.
func (m Message) Meta() Meta { return Meta{m.ID, m.Revision, m.IsDeleted, m.IsDeleteProtected} }

// A RawRecord is a record of any entity, as the service shows it.
type RawRecord struct {
	ID   ID
	JSON json.RawMessage // an object
}

// Meta returns only the id.
func (r RawRecord) Meta() Meta { return Meta{ID: r.ID} }

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
