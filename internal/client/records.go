package client

func (c Conversation) recordID() ID    { return c.ID }
func (c Conversation) deleted() bool   { return c.IsDeleted }
func (c Conversation) protected() bool { return c.IsDeleteProtected }
func (c Conversation) changed() int64  { return c.Revision }

func (r Relation) recordID() ID    { return r.ID }
func (r Relation) deleted() bool   { return r.IsDeleted }
func (r Relation) protected() bool { return r.IsDeleteProtected }
func (r Relation) changed() int64  { return r.Revision }

func (m Message) recordID() ID    { return m.ID }
func (m Message) deleted() bool   { return m.IsDeleted }
func (m Message) protected() bool { return m.IsDeleteProtected }
func (m Message) changed() int64  { return m.Revision }
