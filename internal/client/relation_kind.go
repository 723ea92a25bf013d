package client

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
