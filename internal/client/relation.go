package client

// RelationTargets are the fields of a relation that name the linked record. R is its id in a record, and a [Field] of
// its id in an input. Exactly one field of a relation is set. Source: the vendor's OpenAPI document, version 100.
type RelationTargets[R any] struct {
	AccountID   R `json:"account_id,omitzero"`
	ContactID   R `json:"contact_id,omitzero"`
	ProjectID   R `json:"project_id,omitzero"`
	LeadOpptyID R `json:"lead_oppty_id,omitzero"` // a lead or an opportunity
	QuoteID     R `json:"quote_id,omitzero"`
}

// targets returns pointers to the fields.
func (t *RelationTargets[R]) targets() [5]*R {
	return [...]*R{&t.AccountID, &t.ContactID, &t.ProjectID, &t.LeadOpptyID, &t.QuoteID}
}

// A Relation is a TextMessageConversationRelations record: the link from a
// conversation to exactly one other record.
type Relation struct {
	RecordValues
	RelationTargets[ID]

	TextMessageConversationID ID `json:"text_message_conversation_id"`
}

// A RelationInput is one item of a relation array: either the URI of an
// existing relation, or the id of the record to link.
type RelationInput struct {
	RelationTargets[Field[ID]]

	URI                       string    `json:"id,omitempty"`
	TextMessageConversationID Field[ID] `json:"text_message_conversation_id,omitzero"`
}

// Target returns the id of the record that the input links, or zero if the input names a
// relation instead.
func (in RelationInput) Target() ID {
	for _, field := range in.targets() {
		if id, ok := field.Get(); ok {
			return id
		}
	}
	return ID{}
}

// A RelationKind is one of the six relation arrays of a conversation.
type RelationKind struct {
	Field      string // of the conversation, such as "account_relations"
	Entity     string // path segment of the linked records, such as "Accounts"
	Plural     string // what the linked records are called
	InputField string // of the relation, which names the linked record, such as "account_id"

	array, target int // the places of Field and of InputField
}

// RelationKinds are all relation arrays of a conversation.
var RelationKinds = []RelationKind{
	{"account_relations", "Accounts", "accounts", "account_id", 0, 0},
	{"contact_relations", "Contacts", "contacts", "contact_id", 1, 1},
	{"project_relations", "Projects", "projects", "project_id", 2, 2},
	{"lead_relations", "Leads", "leads", "lead_oppty_id", 3, 3},
	{"opportunity_relations", "Opportunities", "opportunities", "lead_oppty_id", 4, 3},
	{"quote_relations", "Quotes", "quotes", "quote_id", 5, 4},
}

// Refs returns a pointer to this kind's links in a conversation.
func (k RelationKind) Refs(c *Conversation) *[]Ref[Relation] { return c.arrays()[k.array] }

// Input returns a pointer to this kind's links in an input.
func (k RelationKind) Input(in *ConversationInput) *Field[[]RelationInput] {
	return in.arrays()[k.array]
}

// LinkedBy returns the id of the record that the relation links by this kind, or zero.
func (k RelationKind) LinkedBy(r *Relation) ID { return *r.targets()[k.target] }

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
		*items[i].targets()[k.target] = Value(id)
	}
	return Value(items)
}
