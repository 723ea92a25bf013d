package client

// A Relation is a TextMessageConversationRelations record: the link from a
// conversation to exactly one other record.
// Source: the vendor's OpenAPI document, version 100.
type Relation struct {
	ID                        ID    `json:"id"`
	TextMessageConversationID ID    `json:"text_message_conversation_id"`
	AccountID                 ID    `json:"account_id"`
	ContactID                 ID    `json:"contact_id"`
	ProjectID                 ID    `json:"project_id"`
	LeadOpptyID               ID    `json:"lead_oppty_id"` // a lead or an opportunity
	QuoteID                   ID    `json:"quote_id"`
	Revision                  int64 `json:"revision"`
	IsDeleted                 bool  `json:"is_deleted"`
	IsDeleteProtected         bool  `json:"is_delete_protected"`
}

// A RelationInput is one item of a relation array: either the URI of an
// existing relation, or the id of the record to link.
type RelationInput struct {
	URI                       string    `json:"id,omitempty"`
	TextMessageConversationID Field[ID] `json:"text_message_conversation_id,omitzero"`
	AccountID                 Field[ID] `json:"account_id,omitzero"`
	ContactID                 Field[ID] `json:"contact_id,omitzero"`
	ProjectID                 Field[ID] `json:"project_id,omitzero"`
	LeadOpptyID               Field[ID] `json:"lead_oppty_id,omitzero"`
	QuoteID                   Field[ID] `json:"quote_id,omitzero"`
}

// A RelationKind is one of the six relation arrays of a conversation.
type RelationKind struct {
	Field  string // of the conversation, such as "account_relations"
	Entity string // path segment of the linked records, such as "Accounts"
	Plural string // what the linked records are called

	InputField string // of the relation, which names the linked record, such as "account_id"

	// Refs, Input, LinkedBy and link reach this kind's part of each type. LinkedBy is zero if
	// the relation links none.
	Refs     func(*Conversation) *[]Ref[Relation]
	Input    func(*ConversationInput) *Field[[]RelationInput]
	LinkedBy func(*Relation) ID
	link     func(ID) RelationInput
}

// RelationKinds are all relation arrays of a conversation.
var RelationKinds = []RelationKind{
	{
		Field: "account_relations", Entity: "Accounts", Plural: "accounts", InputField: "account_id",
		Refs:     func(c *Conversation) *[]Ref[Relation] { return &c.AccountRelations },
		Input:    func(in *ConversationInput) *Field[[]RelationInput] { return &in.AccountRelations },
		LinkedBy: func(r *Relation) ID { return r.AccountID },
		link:     func(id ID) RelationInput { return RelationInput{AccountID: Value(id)} },
	},
	{
		Field: "contact_relations", Entity: "Contacts", Plural: "contacts", InputField: "contact_id",
		Refs:     func(c *Conversation) *[]Ref[Relation] { return &c.ContactRelations },
		Input:    func(in *ConversationInput) *Field[[]RelationInput] { return &in.ContactRelations },
		LinkedBy: func(r *Relation) ID { return r.ContactID },
		link:     func(id ID) RelationInput { return RelationInput{ContactID: Value(id)} },
	},
	{
		Field: "project_relations", Entity: "Projects", Plural: "projects", InputField: "project_id",
		Refs:     func(c *Conversation) *[]Ref[Relation] { return &c.ProjectRelations },
		Input:    func(in *ConversationInput) *Field[[]RelationInput] { return &in.ProjectRelations },
		LinkedBy: func(r *Relation) ID { return r.ProjectID },
		link:     func(id ID) RelationInput { return RelationInput{ProjectID: Value(id)} },
	},
	{
		Field: "lead_relations", Entity: "Leads", Plural: "leads", InputField: "lead_oppty_id",
		Refs:     func(c *Conversation) *[]Ref[Relation] { return &c.LeadRelations },
		Input:    func(in *ConversationInput) *Field[[]RelationInput] { return &in.LeadRelations },
		LinkedBy: func(r *Relation) ID { return r.LeadOpptyID },
		link:     func(id ID) RelationInput { return RelationInput{LeadOpptyID: Value(id)} },
	},
	{
		Field: "opportunity_relations", Entity: "Opportunities", Plural: "opportunities", InputField: "lead_oppty_id",
		Refs:     func(c *Conversation) *[]Ref[Relation] { return &c.OpportunityRelations },
		Input:    func(in *ConversationInput) *Field[[]RelationInput] { return &in.OpportunityRelations },
		LinkedBy: func(r *Relation) ID { return r.LeadOpptyID },
		link:     func(id ID) RelationInput { return RelationInput{LeadOpptyID: Value(id)} },
	},
	{
		Field: "quote_relations", Entity: "Quotes", Plural: "quotes", InputField: "quote_id",
		Refs:     func(c *Conversation) *[]Ref[Relation] { return &c.QuoteRelations },
		Input:    func(in *ConversationInput) *Field[[]RelationInput] { return &in.QuoteRelations },
		LinkedBy: func(r *Relation) ID { return r.QuoteID },
		link:     func(id ID) RelationInput { return RelationInput{QuoteID: Value(id)} },
	},
}

// Linked returns the ids of the records that c links by this kind, in the
// order of the reply.
func (k RelationKind) Linked(c *Conversation) []ID {
	refs := *k.Refs(c)
	ids := make([]ID, 0, len(refs))
	for _, ref := range refs {
		if ref.Record != nil {
			ids = append(ids, k.LinkedBy(ref.Record))
		}
	}
	return ids
}

// Links returns the input that makes a conversation link exactly the records with
// these ids by this kind.
func (k RelationKind) Links(ids []ID) Field[[]RelationInput] {
	items := make([]RelationInput, len(ids))
	for i, id := range ids {
		items[i] = k.link(id)
	}
	return Value(items)
}

// Target returns the id of the record that the input links, or zero if the input names a
// relation instead.
func (in RelationInput) Target() ID {
	for _, field := range []Field[ID]{in.AccountID, in.ContactID, in.ProjectID, in.LeadOpptyID, in.QuoteID} {
		if id, ok := field.Get(); ok {
			return id
		}
	}
	return ID{}
}
