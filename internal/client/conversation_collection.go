package client

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// wholeConversations asks for everything but the messages, with the links as
// whole records, so that it shows which records they link.
func wholeConversations() Query {
	return Query{Expand: relationFields(), LoadOnly: append([]string{
		"id", "revision", "created", "modified", "is_deleted", "is_delete_protected",
	}, conversationFields(PhoneNumbers{}).read()...)}
}

func conversationsOf(c *Client) *Collection[Conversation, ConversationInput] {
	entity := &Entity[Conversation, ConversationInput]{client: c, segment: "TextMessageConversations", revised: true}
	return newCollection(c, entity, shape[Conversation, ConversationInput]{
		query:  wholeConversations(),
		whole:  wholeConversations(),
		change: func(in *ConversationInput) *Change { return &in.Change },
		fields: conversationFields(c.numbers),
		asOf:   func(c *Conversation) *int64 { return &c.AsOf },
		complete: func(ctx context.Context, conversation *Conversation) error {
			conversation.Messages = nil
			return c.completeRelations(ctx, conversation)
		},
		place:      placeOfInput,
		placeOf:    func(c Conversation) ID { return c.PhoneID },
		listsNames: true,
		name:       func(in ConversationInput) string { return c.numbers.Canonical(in.number()) },
		nameOf:     func(held Conversation) string { return c.numbers.Canonical(held.RecipientPhoneNumber) },
		mayBe: func(name string, held Conversation) bool {
			return c.numbers.MayBeSpelling(strings.TrimPrefix(name, "tel:"), held.RecipientPhoneNumber)
		},
		asHeld:     asHeld,
		existed:    c.existed,
		prepareFor: c.keepLinks,
		isPlain:    func(in ConversationInput) bool { return !in.setsRelations() },
		inUse:      c.hasOtherMessages,
		clean:      c.removeDropped,
		extend:     c.readMessages,
	})
}

// inlineMessages returns the messages that are created along with a conversation.
func (in ConversationInput) inlineMessages() []MessageInput {
	if messages, isSet := in.Messages.Get(); isSet {
		return messages
	}
	return in.inline
}

// existed reports whether a conversation that has changed since a revision of the
// space has a link or a message from before. One that nobody has changed since it
// was created needs no such question: the service stamps both times within a moment.
// Which is the later one proves nothing, as the clocks need not agree.
func (c *Client) existed(ctx context.Context, conversation Conversation, revision int64) (bool, error) {
	for _, kind := range RelationKinds {
		for _, ref := range *kind.Refs(&conversation) {
			if ref.Record.Revision > 0 && ref.Record.Revision <= revision {
				return true, nil
			}
		}
	}
	if since := conversation.Created.Sub(conversation.Modified.Time); !conversation.Created.IsZero() && since >= 0 && since < time.Second {
		return false, nil
	}
	query := Query{
		OrderBy: []string{"revision"}, LoadOnly: stubFields,
		Filters: []Filter{{Field: "text_message_conversation_id", Value: conversation.ID.String()}},
	}
	for page, err := range c.Messages.Entity.pages(ctx, query) {
		if err != nil && mayPass(err) {
			return false, err
		}
		isOther := func(m Message) bool { return m.TextMessageConversationID != conversation.ID }
		if slices.ContainsFunc(page.Records, func(m Message) bool { return !isOther(m) && m.Revision <= revision }) {
			return true, nil
		}
		isOrdered := slices.IsSortedFunc(page.Records, func(a, b Message) int { return cmp.Compare(a.Revision, b.Revision) })
		if err != nil || isOrdered && !slices.ContainsFunc(page.Records, isOther) {
			break // the oldest come first, as ordered
		}
	}
	return false, nil
}

// hasOtherMessages reports whether the conversation has more messages than the input
// makes, or whether that can't be told.
func (c *Client) hasOtherMessages(ctx context.Context, input ConversationInput, id ID) bool {
	left := len(input.inlineMessages())
	query := Query{LoadOnly: stubFields, Filters: []Filter{{Field: "text_message_conversation_id", Value: id.String()}}}
	for message, err := range c.Messages.Entity.All(ctx, query) {
		if err == nil && message.TextMessageConversationID == id {
			left--
		}
		if err != nil || left < 0 {
			return true
		}
	}
	return false
}

func placeOfInput(in ConversationInput) ID {
	phone, _ := in.PhoneID.Get()
	return phone
}

func (in ConversationInput) number() string {
	number, _ := in.RecipientPhoneNumber.Get()
	return number
}

// asHeld returns the input with the number as the service has written it.
func asHeld(in ConversationInput, held Conversation) ConversationInput {
	in.RecipientPhoneNumber = Value(held.RecipientPhoneNumber)
	return in
}

// OfPhone returns all conversations of a phone, without messages.
func (c *Client) OfPhone(ctx context.Context, phone ID) ([]Conversation, error) {
	query := wholeConversations()
	query.OrderBy = []string{"created"}
	query.Filters = []Filter{{Field: "phone_id", Value: phone.String()}}
	var found []Conversation
	for conversation, err := range c.Conversations.Entity.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		if conversation.PhoneID != phone {
			continue // the filter was not honoured
		}
		if err := c.completeRelations(ctx, &conversation); err != nil {
			return nil, err
		}
		conversation.Messages = nil
		found = append(found, conversation)
	}
	return found, nil
}
