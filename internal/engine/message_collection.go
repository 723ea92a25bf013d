package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

func messagesOf(e *Engine) *Collection[client.Message, client.MessageInput] {
	whole := client.Query{LoadOnly: []string{"id", "revision", "is_deleted", "is_delete_protected"}}
	whole.LoadOnly = append(whole.LoadOnly, messageFields.read()...)
	return newCollection(e, e.api.Messages, shape[client.Message, client.MessageInput]{
		query:       client.Query{LoadOnly: stubFields},
		whole:       whole,
		headOf:      func(in *client.MessageInput) *client.Head { return &in.Head },
		fields:      messageFields,
		asOf:        func(m *client.Message) *int64 { return &m.AsOf },
		find:        e.findMessage,
		complete:    e.completeMessage,
		isStub:      client.Message.IsStub,
		suffices:    e.contents.suffices,
		mayBeListed: e.contents.mayBeListed,
		isReferred:  e.contents.isReferred,
		identity: func(in client.MessageInput) Identity {
			return messageIdentity(orZero(in.TextMessageConversationID), orZero(in.Direction), orZero(in.Content))
		},
		identityOf: func(m client.Message) Identity {
			return messageIdentity(m.TextMessageConversationID, m.Direction, m.Content)
		},
		existed:    func(context.Context, client.Message, int64) (bool, error) { return false, nil },
		hasChanged: func(client.Message) bool { return false },
		mayBe:      func(Identity, client.Message) bool { return false },
		mayDouble: func(of Identity, m client.Message) bool {
			return strings.HasPrefix(of.Name, messageIdentity(client.ID{}, m.Direction, "").Name)
		},
		prepare: func(*pending[client.MessageInput], client.Message) {},
		sent:    func(change *pending[client.MessageInput]) client.MessageInput { return change.Input },
		isPlain: func(client.MessageInput) bool { return true },
		adds:    func(*pending[client.MessageInput]) bool { return false },
		clean:   func(context.Context, *writing[client.Message, client.MessageInput]) bool { return false },
	})
}

func messageIdentity(conversation client.ID, direction int, content string) Identity {
	return Identity{conversation, client.MessageDirections.Name(direction) + " " + canonicalContent(content)}
}

// MessagesOf returns the messages of a conversation that are neither deleted nor in
// claimed, and that are newer than since, or all with [NoFloor]. They are in the order in
// which they were made. Use it only for recovery: it reads what others may have written.
//
// GET /entities/TextMessages, and GET /entities/TextMessages/{id} for each
func (e *Engine) MessagesOf(ctx context.Context, conversation client.ID, since int64, claimed map[client.ID]bool) ([]client.Message, error) {
	query := e.Messages.query
	query.Filters = []client.Filter{{Field: "text_message_conversation_id", Value: conversation.String()}}
	var found []client.Message
	for message, err := range e.Messages.entity.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		// The service may ignore the filter.
		if message.TextMessageConversationID == conversation && message.Revision > since && !claimed[message.ID] {
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

// readMessages reads the messages that were created inside their conversations. It lists
// those of the whole batch together, then gets the contents one by one. Messages may show
// later than their conversations, so it waits for those that are missing.
func (e *Engine) readMessages(ctx context.Context, w *writing[client.Conversation, client.ConversationInput]) {
	var open []int
	owners := map[client.ID]int{}
	for _, i := range w.written() {
		if len(inlineMessages(&w.changes[i])) > 0 {
			open = append(open, i)
			owners[w.ids[i]] = i
		}
	}
	if len(open) == 0 {
		return
	}
	floor := w.createdSince(open)
	var made map[int][]client.Message
	for looks := newIntervals(e.settings.RecoveryTimeout); ; {
		listed, err := e.listMade(ctx, floor, owners)
		switch {
		case err == nil:
			made = listed
		case made == nil:
			for _, i := range open {
				w.results[i].Err = &UnreadError{ID: w.ids[i], Err: fmt.Errorf("reading its messages failed: %w", err)}
			}
			return
		}
		isMissing := func(i int) bool { return len(made[i]) < len(inlineMessages(&w.changes[i])) }
		if err != nil || !slices.ContainsFunc(open, isMissing) || !looks.wait(ctx) {
			break
		}
	}
	var first, others []madeMessage
	for _, i := range open {
		inOrder(made[i])
		wanted := min(len(inlineMessages(&w.changes[i])), len(made[i]))
		for n, message := range made[i] {
			if n < wanted {
				first = append(first, madeMessage{i, message})
			} else {
				others = append(others, madeMessage{i, message})
			}
		}
	}
	e.takeMade(ctx, w, first)
	// Others can write into a conversation only after it and its messages were created. So
	// later messages matter only if the first ones don't match all inputs.
	e.takeMade(ctx, w, slices.DeleteFunc(others, func(m madeMessage) bool {
		return w.results[m.item].Err != nil || allMatched(inlineMessages(&w.changes[m.item]), w.results[m.item].Value.Messages)
	}))
}

// listMade lists the messages in these conversations that are newer than floor, by the
// numbers that the conversations have.
func (e *Engine) listMade(ctx context.Context, floor int64, owners map[client.ID]int) (map[int][]client.Message, error) {
	made := make(map[int][]client.Message, len(owners))
	for page, err := range e.Messages.entity.newerThan(ctx, floor, e.Messages.query) {
		if err != nil {
			return nil, err
		}
		for _, message := range page.Records {
			if i, isOurs := owners[message.TextMessageConversationID]; isOurs && message.Revision > floor {
				made[i] = append(made[i], message)
			}
		}
	}
	return made, nil
}

// madeMessage is a message in the conversation that an item has created.
type madeMessage struct {
	item    int
	message client.Message
}

// takeMade gets the contents of messages and adds them to their conversations.
func (e *Engine) takeMade(ctx context.Context, w *writing[client.Conversation, client.ConversationInput], made []madeMessage) {
	messages := make([]client.Message, len(made))
	for n := range made {
		messages[n] = made[n].message
	}
	errs := e.Messages.completeAll(ctx, messages)
	for n, message := range messages {
		result := &w.results[made[n].item]
		if client.ProblemOf(errs[n]) == client.NotFound {
			continue // deleted meanwhile
		}
		if errs[n] != nil {
			result.Err = &UnreadError{ID: w.ids[made[n].item], Err: fmt.Errorf("reading its messages failed: %w",
				errs[n])}
			continue
		}
		e.claims.claim(message.ID, known)
		result.Value.Messages = append(result.Value.Messages, client.Ref[client.Message]{ID: message.ID, Record: &message})
	}
}

// allMatched reports whether each of the inputs is among the messages.
func allMatched(inputs []client.MessageInput, made []client.Ref[client.Message]) bool {
	messages := make([]client.Message, len(made))
	for n, ref := range made {
		messages[n] = *ref.Record
	}
	return !slices.Contains(MatchMessages(inputs, messages), -1)
}
