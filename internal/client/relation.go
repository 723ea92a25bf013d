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
