package client

import (
	"encoding/json"
	"errors"
)

// A Record knows its id, which no reply may lack, whether it is soft-deleted,
// and whether it may not be; and the space's revision when it last changed.
type Record interface {
	RecordID() ID
	Deleted() bool
	Protected() bool
	Changed() int64
}

func (c Conversation) RecordID() ID    { return c.ID }
func (c Conversation) Deleted() bool   { return c.IsDeleted }
func (c Conversation) Protected() bool { return c.IsDeleteProtected }
func (c Conversation) Changed() int64  { return c.Revision }

func (r Relation) RecordID() ID    { return r.ID }
func (r Relation) Deleted() bool   { return r.IsDeleted }
func (r Relation) Protected() bool { return r.IsDeleteProtected }
func (r Relation) Changed() int64  { return r.Revision }

func (m Message) RecordID() ID    { return m.ID }
func (m Message) Deleted() bool   { return m.IsDeleted }
func (m Message) Protected() bool { return m.IsDeleteProtected }
func (m Message) Changed() int64  { return m.Revision }

// A RawRecord is a record of any entity, as the service shows it.
type RawRecord struct {
	ID   ID
	JSON json.RawMessage // an object
}

func (r RawRecord) RecordID() ID { return r.ID }

// The rest is of interest for records that are written only.
func (RawRecord) Deleted() bool   { return false }
func (RawRecord) Protected() bool { return false }
func (RawRecord) Changed() int64  { return 0 }

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
