package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

func messagesOf(e *Engine) *Collection[client.Message, client.MessageInput] {
	whole := client.Query{LoadOnly: []string{"id", "revision", "is_deleted", "is_delete_protected"}}
	whole.LoadOnly = append(whole.LoadOnly, messageFields.read()...)
	return newCollection(e, e.api.Messages, shape[client.Message, client.MessageInput]{
		query:    client.Query{LoadOnly: stubFields},
		search:   client.Query{LoadOnly: soughtFields},
		whole:    whole,
		headOf:   func(in *client.MessageInput) *client.Head { return &in.Head },
		fields:   messageFields,
		complete: e.completeMessage,
		names:    messageNames{},
		links:    noLinks[client.Message, client.MessageInput]{},
		inside:   nothingInside[client.Message, client.MessageInput]{},
		stubs:    &e.contents,
	})
}

// messageNames are the directions and the canonical contents of the messages of a
// conversation.
type messageNames struct{}

func (messageNames) wanted(in client.MessageInput) Identity {
	return messageIdentity(orZero(in.TextMessageConversationID), orZero(in.Direction), orZero(in.Content))
}

func (n messageNames) held(m client.Message) Identity {
	return messageIdentity(n.place(m), m.Direction, m.Content)
}

func (messageNames) place(m client.Message) client.ID { return m.TextMessageConversationID }

func (messageNames) mayDouble(of Identity, m client.Message) bool {
	isOf := func(direction int) bool {
		return strings.HasPrefix(of.Name, messageIdentity(client.ID{}, direction, "").Name)
	}
	return m.Direction == 0 || isOf(m.Direction) || isOf(0)
}

func (messageNames) mayBe(Identity, client.Message) bool { return false }

// MessagesOf returns the messages of a conversation that one of the inputs may have made: they are neither deleted nor
// in claimed, are newer than since, or all with [NoFloor], and have the direction of an input. They are in the order
// in which they were made. Use it only for recovery: it reads what others may have written.
//
// GET /entities/TextMessages, and GET /entities/TextMessages/{id} for each
func (e *Engine) MessagesOf(ctx context.Context, conversation client.ID, inputs []client.MessageInput, since int64, claimed map[client.ID]bool) ([]client.Message, error) {
	query := e.Messages.search
	query.Filters = ofConversation(conversation)
	var found []client.Message
	for message, err := range e.Messages.entity.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		isSought := func(in client.MessageInput) bool { return messageNames{}.mayDouble(messageNames{}.wanted(in), message) }
		isHere := message.TextMessageConversationID == conversation // the service may ignore the filter
		if isHere && message.Revision > since && !claimed[message.ID] && slices.ContainsFunc(inputs, isSought) {
			e.contents.cut(&message)
			found = append(found, message)
		}
	}
	var left []client.Message
	for i, err := range e.Messages.completeAll(ctx, found) {
		switch {
		case err == nil:
			left = append(left, found[i])
		case client.ProblemOf(err) != client.NotFound: // deleted meanwhile
			return nil, err
		}
	}
	inOrder(left)
	return left, nil
}
