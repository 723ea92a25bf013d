package client

// A Message is a TextMessage as the API returns it.
// Source: the vendor's OpenAPI document, version 100.
type Message struct {
	ID                        ID      `json:"id"`
	TextMessageConversationID ID      `json:"text_message_conversation_id"`
	ChatConversationID        ID      `json:"chat_conversation_id"`
	Content                   string  `json:"content"`
	Direction                 int     `json:"direction"` // 1 outgoing, 2 incoming
	DatetimeSent              Time    `json:"datetime_sent"`
	MessageSID                string  `json:"message_sid"` // the SMS provider's id
	Score                     float64 `json:"score"`
	Status                    int     `json:"status"` // 1 sending, 2 sent, 3 failed, 4 received, 5 seen
	Revision                  int64   `json:"revision"`
	Created                   Time    `json:"created"`
	Modified                  Time    `json:"modified"`
	IsDeleted                 bool    `json:"is_deleted"`
	IsDeleteProtected         bool    `json:"is_delete_protected"`
}

// A MessageInput is what a message is created or updated with.
type MessageInput struct {
	ID                        Field[ID]     `json:"id,omitzero"`
	TextMessageConversationID Field[ID]     `json:"text_message_conversation_id,omitzero"`
	Content                   Field[string] `json:"content,omitzero"`
	Direction                 Field[int]    `json:"direction,omitzero"`
	DatetimeSent              Field[string] `json:"datetime_sent,omitzero"`
	MessageSID                Field[string] `json:"message_sid,omitzero"`
	Status                    Field[int]    `json:"status,omitzero"`
	Revision                  Field[int64]  `json:"revision,omitzero"`
}
