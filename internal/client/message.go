package client

import "slices"

// MessageFields are the fields of a message that an input can set. A record contains their values, and an input
// contains a [Field] of each: S is a text, R is the id of a record, E is a number of an [Enum], and T is a time.
// Source: the vendor's OpenAPI document, version 100.
type MessageFields[S, R, E, T any] struct {
	TextMessageConversationID R `json:"text_message_conversation_id,omitzero"`
	Content                   S `json:"content,omitzero"`
	Direction                 E `json:"direction,omitzero"` // one of [MessageDirections]
	DatetimeSent              T `json:"datetime_sent,omitzero"`
	MessageSID                S `json:"message_sid,omitzero"` // the SMS provider's id
	Status                    E `json:"status,omitzero"`      // one of [MessageStatuses]; 0: none
}

type (
	// MessageValues are the fields of a record.
	MessageValues = MessageFields[string, ID, int, Time]
	// MessageWrites are the fields of an input.
	MessageWrites = MessageFields[Field[string], Field[ID], Field[int], Field[Time]]
)

// A Message is a TextMessage as the API returns it.
type Message struct {
	RecordValues
	MessageValues
}

// A MessageInput contains the values of a create or an update. As an item of [ConversationInput.Messages], it does
// not name its conversation.
type MessageInput struct {
	Head
	MessageWrites
}

// Fields returns the names of the fields that the input sets, except id and
// revision.
func (in MessageInput) Fields() []string { return fieldsOf(in.MessageWrites) }

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
