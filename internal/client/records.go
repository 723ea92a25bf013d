package client

import "time"

func (c Conversation) recordID() ID                   { return c.ID }
func (c Conversation) deleted() bool                  { return c.IsDeleted }
func (c Conversation) protected() bool                { return c.IsDeleteProtected }
func (c Conversation) changed() int64                 { return c.Revision }
func (c Conversation) times() (_, modified time.Time) { return c.Created.Time, c.Modified.Time }

func (r Relation) recordID() ID                   { return r.ID }
func (r Relation) deleted() bool                  { return r.IsDeleted }
func (r Relation) protected() bool                { return r.IsDeleteProtected }
func (r Relation) changed() int64                 { return r.Revision }
func (r Relation) times() (_, modified time.Time) { return r.Created.Time, r.Modified.Time }

func (m Message) recordID() ID                   { return m.ID }
func (m Message) deleted() bool                  { return m.IsDeleted }
func (m Message) protected() bool                { return m.IsDeleteProtected }
func (m Message) changed() int64                 { return m.Revision }
func (m Message) times() (_, modified time.Time) { return m.Created.Time, m.Modified.Time }
