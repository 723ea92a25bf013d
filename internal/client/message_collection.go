package client

import (
	"context"
	"fmt"
)

func messagesOf(c *Client) *Collection[Message, MessageInput] {
	entity := &Entity[Message, MessageInput]{client: c, segment: "TextMessages", revised: true}
	query := Query{LoadOnly: []string{"id", "revision", "created", "modified", "is_deleted", "is_delete_protected"}}
	for _, field := range messageFields {
		query.LoadOnly = append(query.LoadOnly, field.name)
	}
	return newCollection(c, entity, shape[Message, MessageInput]{
		query:      query,
		change:     func(in *MessageInput) *Change[Message] { return &in.Change },
		fields:     MessageInput.Fields,
		asOf:       func(m *Message) *int64 { return &m.AsOf },
		complete:   func(context.Context, *Message) error { return nil },
		place:      placeOfMessage,
		placeOf:    func(m Message) ID { return m.TextMessageConversationID },
		name:       MessageInput.name,
		nameOf:     func(m Message) string { return nameOfMessage(m.Direction, m.Content) },
		existed:    func(context.Context, Message, int64) (bool, error) { return false, nil },
		mayBe:      func(MessageInput, Message) bool { return false },
		asHeld:     func(in MessageInput, _ Message) MessageInput { return in },
		agrees:     MessageInput.Agrees,
		lacks:      MessageInput.IsLike,
		conflict:   MessageInput.conflicts,
		prepareFor: func(in MessageInput, _ Message) MessageInput { return in },
		isPlain:    func(MessageInput) bool { return true },
		clean:      func(context.Context, *writing[Message, MessageInput]) bool { return false },
	})
}

func placeOfMessage(in MessageInput) ID {
	conversation, _ := in.TextMessageConversationID.Get()
	return conversation
}

// name is what identifies a message in its conversation.
func (in MessageInput) name() string {
	direction, _ := in.Direction.Get()
	content, _ := in.Content.Get()
	return nameOfMessage(direction, content)
}

func nameOfMessage(direction int, content string) string {
	return MessageDirections.Name(direction) + " " + content
}

// messageFields are the fields of a message that an input can set, each with
// what an input wants it to be and what a message has, in words.
var messageFields = []struct {
	name   string
	wanted func(MessageInput) (text string, isSet bool)
	held   func(Message) string
}{
	{
		"text_message_conversation_id",
		func(in MessageInput) (string, bool) { return wantedText(in.TextMessageConversationID, textOfID) },
		func(m Message) string { return textOf(m.TextMessageConversationID) },
	},
	{
		"content",
		func(in MessageInput) (string, bool) { return wantedText(in.Content, quoteText) },
		func(m Message) string { return quoteText(m.Content) },
	},
	{
		"direction",
		func(in MessageInput) (string, bool) { return wantedText(in.Direction, MessageDirections.Name) },
		func(m Message) string { return MessageDirections.Name(m.Direction) },
	},
	{
		"datetime_sent",
		func(in MessageInput) (string, bool) { return wantedText(in.DatetimeSent, Time.String) },
		func(m Message) string {
			if m.DatetimeSent.IsZero() {
				return ""
			}
			return m.DatetimeSent.String()
		},
	},
	{
		"message_sid",
		func(in MessageInput) (string, bool) { return wantedText(in.MessageSID, quoteText) },
		func(m Message) string { return quoteText(m.MessageSID) },
	},
	{
		"status",
		func(in MessageInput) (string, bool) { return wantedText(in.Status, MessageStatuses.Name) },
		func(m Message) string { return MessageStatuses.Name(m.Status) },
	},
}

// wantedText returns the text of what a field is set to, empty for null.
func wantedText[T any](field Field[T], text func(T) string) (string, bool) {
	value, isValue := field.Get()
	if !isValue {
		return "", !field.IsZero()
	}
	return text(value), true
}

func textOfID(id ID) string { return textOf(id) }

// quoteText returns a text as one line, empty for none.
func quoteText(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%q", text)
}

// IsLike reports whether the message has the content and the direction that the
// input sets, and its conversation if that is set.
func (in MessageInput) IsLike(m Message) bool {
	for _, field := range messageFields[:3] {
		if wanted, isSet := field.wanted(in); isSet && wanted != field.held(m) {
			return false
		}
	}
	return true
}

// Agrees reports whether the message has everything that the input sets.
func (in MessageInput) Agrees(m Message) bool {
	for _, field := range messageFields {
		if wanted, isSet := field.wanted(in); isSet && wanted != field.held(m) {
			return false
		}
	}
	return true
}

// conflicts returns what the input sets to something, and someone else to
// something else.
func (in MessageInput) conflicts(current Message) []Conflict {
	var found []Conflict
	for _, field := range messageFields {
		wanted, isSet := field.wanted(in)
		known, held := field.held(*in.Known), field.held(current)
		// What the caller knew nothing of was the service's to set, such as a status.
		if isSet && known != "" && held != known && held != wanted {
			found = append(found, Conflict{Field: field.name, Known: known, Wanted: wanted, Held: held})
		}
	}
	return found
}

// MessagesOf returns all messages of a conversation that are not deleted, oldest
// first. It is for trouble: people's conversations gather thousands.
func (c *Client) MessagesOf(ctx context.Context, conversation ID) ([]Message, error) {
	query := c.Messages.query
	query.OrderBy = []string{"created"}
	query.Filters = []Filter{{Field: "text_message_conversation_id", Value: conversation.String()}}
	var found []Message
	for message, err := range c.Messages.Entity.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		if message.TextMessageConversationID == conversation { // else the filter was not honoured
			found = append(found, message)
		}
	}
	return found, nil
}

// readMessages reads the messages that were created inside their conversations,
// all of a batch in as few requests as they fit in: they are among what is newer
// than anything before.
func (c *Client) readMessages(ctx context.Context, w *writing[Conversation, ConversationInput]) {
	var open []int
	missing := 0
	owners := map[ID]int{}
	for _, i := range w.written() {
		if count := len(w.inputs[i].inlineMessages()); count > 0 {
			open = append(open, i)
			owners[w.ids[i]] = i
			missing += count
		}
	}
	if missing == 0 {
		return
	}
	for page, err := range c.Messages.Entity.newerThan(ctx, w.createdSince(open), c.Messages.query) {
		if err != nil {
			for _, i := range open {
				w.results[i].Err = &UnreadError{ID: w.ids[i], Err: fmt.Errorf("its messages: %w", err)}
			}
			return
		}
		for _, message := range page.Records {
			if i, isOurs := owners[message.TextMessageConversationID]; isOurs {
				c.seen.claim(message.ID)
				record := &w.results[i].Value
				record.Messages = append(record.Messages, Ref[Message]{ID: message.ID, Record: &message})
				missing--
			}
		}
		if missing <= 0 {
			return
		}
	}
}
