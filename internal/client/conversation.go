package client

// ConversationFields are the fields of a conversation that an input can set. A record contains their values, and an
// input contains a [Field] of each: S is a text, R is the id of a record, L are links, and M are messages. Source:
// the vendor's OpenAPI document, version 100.
type ConversationFields[S, R, L, M any] struct {
	PhoneID              R `json:"phone_id,omitzero"`               // the sender phone
	RecipientAccountID   R `json:"recipient_account_id,omitzero"`   // zero: none
	RecipientContactID   R `json:"recipient_contact_id,omitzero"`   // zero: none
	RecipientPhoneNumber S `json:"recipient_phone_number,omitzero"` // empty: none

	AccountRelations     L `json:"account_relations,omitzero"`
	ContactRelations     L `json:"contact_relations,omitzero"`
	ProjectRelations     L `json:"project_relations,omitzero"`
	LeadRelations        L `json:"lead_relations,omitzero"`
	OpportunityRelations L `json:"opportunity_relations,omitzero"`
	QuoteRelations       L `json:"quote_relations,omitzero"`

	Messages M `json:"messages,omitzero"` // nil unless the query asks for them: there may be thousands
}

// arrays returns pointers to the links, in the order of [RelationKinds].
func (f *ConversationFields[S, R, L, M]) arrays() [6]*L {
	return [...]*L{&f.AccountRelations, &f.ContactRelations, &f.ProjectRelations, &f.LeadRelations, &f.OpportunityRelations, &f.QuoteRelations}
}

type (
	// ConversationValues are the fields of a record.
	ConversationValues = ConversationFields[string, ID, []Ref[Relation], []Ref[Message]]
	// ConversationWrites are the fields of an input.
	ConversationWrites = ConversationFields[Field[string], Field[ID], Field[[]RelationInput], Field[[]MessageInput]]
)

// A Conversation is a TextMessageConversation as the API returns it.
type Conversation struct {
	RecordValues
	ConversationValues

	Created  Time `json:"created"`
	Modified Time `json:"modified"`
}

// A ConversationInput contains the values of a create or an update. Without an ID, it creates a conversation. An
// update leaves absent fields as they are.
type ConversationInput struct {
	Head
	ConversationWrites
}

// Fields returns the names of the fields that the input sets, except id and
// revision.
func (in ConversationInput) Fields() []string { return fieldsOf(in.ConversationWrites) }
