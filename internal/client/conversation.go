package client

import "encoding/json"

// A Conversation is a TextMessageConversation as the API returns it.
// Source: the vendor's OpenAPI document, version 100.
type Conversation struct {
	ID                   ID     `json:"id"`
	PhoneID              ID     `json:"phone_id"`               // the sender phone
	RecipientAccountID   ID     `json:"recipient_account_id"`   // zero: none
	RecipientContactID   ID     `json:"recipient_contact_id"`   // zero: none
	RecipientPhoneNumber string `json:"recipient_phone_number"` // empty: none
	Revision             int64  `json:"revision"`               // the space's counter when the record last changed
	Created              Time   `json:"created"`
	Modified             Time   `json:"modified"`
	IsDeleted            bool   `json:"is_deleted"`
	IsDeleteProtected    bool   `json:"is_delete_protected"`

	AccountRelations     []Ref[Relation] `json:"account_relations"`
	ContactRelations     []Ref[Relation] `json:"contact_relations"`
	ProjectRelations     []Ref[Relation] `json:"project_relations"`
	LeadRelations        []Ref[Relation] `json:"lead_relations"`
	OpportunityRelations []Ref[Relation] `json:"opportunity_relations"`
	QuoteRelations       []Ref[Relation] `json:"quote_relations"`

	// Messages is nil unless the query asks for it, because a conversation may have
	// thousands of messages.
	Messages []Ref[Message] `json:"messages"`

	// AsOf is the revision of the space at which the conversation was known to be like
	// this. It still is if nothing newer has changed it. The API has no such field: the
	// engine sets it.
	AsOf int64 `json:"-"`
}

// A Head says which record an input is about.
type Head struct {
	ID       Field[ID]    `json:"id,omitzero"` // absent: create a record
	Revision Field[int64] `json:"revision,omitzero"`
}

// A ConversationInput holds the values to create or update a conversation with.
// Without an ID, it creates one. An update leaves absent fields as they are.
type ConversationInput struct {
	Head

	PhoneID              Field[ID]     `json:"phone_id,omitzero"`
	RecipientAccountID   Field[ID]     `json:"recipient_account_id,omitzero"`
	RecipientContactID   Field[ID]     `json:"recipient_contact_id,omitzero"`
	RecipientPhoneNumber Field[string] `json:"recipient_phone_number,omitzero"`

	AccountRelations     Field[[]RelationInput] `json:"account_relations,omitzero"`
	ContactRelations     Field[[]RelationInput] `json:"contact_relations,omitzero"`
	ProjectRelations     Field[[]RelationInput] `json:"project_relations,omitzero"`
	LeadRelations        Field[[]RelationInput] `json:"lead_relations,omitzero"`
	OpportunityRelations Field[[]RelationInput] `json:"opportunity_relations,omitzero"`
	QuoteRelations       Field[[]RelationInput] `json:"quote_relations,omitzero"`

	Messages Field[[]MessageInput] `json:"messages,omitzero"`
}

// Fields returns the names of the fields that the input sets, except id and
// revision.
func (in ConversationInput) Fields() []string { return fieldsOf(in) }

// A Ref is a record that another one refers to. The reply holds its URI or, with
// "expand", the whole record.
type Ref[T any] struct {
	ID     ID
	Record *T // nil if the reply only holds the URI
}

// UnmarshalJSON reads a URI, a UUID or an object with an "id".
func (r *Ref[T]) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var head struct {
			ID ID `json:"id"`
		}
		if err := json.Unmarshal(data, &head); err != nil {
			return err
		}
		record := new(T)
		if err := json.Unmarshal(data, record); err != nil {
			return err
		}
		r.ID, r.Record = head.ID, record
		return nil
	}
	return json.Unmarshal(data, &r.ID)
}
