package client

import "slices"

// A Message is a TextMessage as the API returns it.
// Source: the vendor's OpenAPI document, version 100.
type Message struct {
	ID                        ID      `json:"id"`
	TextMessageConversationID ID      `json:"text_message_conversation_id"`
	ChatConversationID        ID      `json:"chat_conversation_id"`
	Content                   string  `json:"content"`
	Direction                 int     `json:"direction"` // one of [MessageDirections]
	DatetimeSent              Time    `json:"datetime_sent"`
	MessageSID                string  `json:"message_sid"` // the SMS provider's id
	Score                     float64 `json:"score"`
	Status                    int     `json:"status"` // one of [MessageStatuses]; 0: none
	Revision                  int64   `json:"revision"`
	Created                   Time    `json:"created"`
	Modified                  Time    `json:"modified"`
	IsDeleted                 bool    `json:"is_deleted"`
	IsDeleteProtected         bool    `json:"is_delete_protected"`

	AsOf int64 `json:"-"` // see [Conversation.AsOf]
}

// IsStub reports whether the message is a stub: it only has what a list shows, because
// its caller knows the rest or does not own it.
func (m Message) IsStub() bool { return m.Content == "" && m.Direction == 0 }

// A MessageInput holds the values to create or update a message with. As an item of
// [ConversationInput.Messages], it does not name its conversation.
type MessageInput struct {
	Head

	TextMessageConversationID Field[ID]     `json:"text_message_conversation_id,omitzero"`
	Content                   Field[string] `json:"content,omitzero"`
	Direction                 Field[int]    `json:"direction,omitzero"`
	DatetimeSent              Field[Time]   `json:"datetime_sent,omitzero"`
	MessageSID                Field[string] `json:"message_sid,omitzero"`
	Status                    Field[int]    `json:"status,omitzero"`
}

// Fields returns the names of the fields that the input sets, except id and
// revision.
func (in MessageInput) Fields() []string { return fieldsOf(in) }

// An EnumValue is a number of the API and its name.
type EnumValue struct {
	Name   string
	Number int
}

// An Enum is a field whose numbers have names.
// Source: the vendor's OpenAPI document, version 100.
type Enum []EnumValue

// The enums of a message.
var (
	MessageDirections = Enum{{"outgoing", 1}, {"incoming", 2}}
	MessageStatuses   = Enum{{"sending", 1}, {"sent", 2}, {"failed", 3}, {"received", 4}, {"seen", 5}}
)

// Names returns the names, in the order of their numbers.
func (e Enum) Names() []string {
	names := make([]string, len(e))
	for i, value := range e {
		names[i] = value.Name
	}
	return names
}

// Number returns the number of a name, or 0 if there is none.
func (e Enum) Number(name string) int {
	if i := slices.IndexFunc(e, func(value EnumValue) bool { return value.Name == name }); i >= 0 {
		return e[i].Number
	}
	return 0
}

// Name returns the name of a number, or "" if there is none.
func (e Enum) Name(number int) string {
	if i := slices.IndexFunc(e, func(value EnumValue) bool { return value.Number == number }); i >= 0 {
		return e[i].Name
	}
	return ""
}
