package client

import (
	"encoding/json"
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

// A Head says which record an input is about.
type Head struct {
	ID       Field[ID]    `json:"id,omitzero"` // absent: create a record
	Revision Field[int64] `json:"revision,omitzero"`
}

// A Ref refers to another record. The reply contains the URI of that record or, with "expand", the whole record.
type Ref[T Record] struct {
	ID     ID
	Record *T // nil if the reply only holds the URI
}

// UnmarshalJSON reads a URI, a UUID or an object with an "id".
func (r *Ref[T]) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		r.Record = new(T)
		err := json.Unmarshal(data, r.Record)
		r.ID = (*r.Record).Meta().ID
		return err
	}
	return json.Unmarshal(data, &r.ID)
}
