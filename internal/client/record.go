package client

import (
	"encoding/json"
	"errors"
)

// A Meta is what all records have in common.
type Meta struct {
	ID                ID    // no reply may lack it
	Revision          int64 // of the space, when the record last changed; 0 where records of its kind have none
	IsDeleted         bool  // softly
	IsDeleteProtected bool
}

// A Record is one that [Entity] can read.
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

// Meta returns the id alone.
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

// Records are the plain operations on the records of an entity, named by its
// path segment, such as "Phones".
func (c *Client) Records(segment string) *Entity[RawRecord, struct{}] {
	return NewEntity[RawRecord, struct{}](c, segment)
}

// IsUnknownEntity reports whether the service knows no entity of that name.
func IsUnknownEntity(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.Code == codeUnknownType
}
