package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conversationInside handles the messages inside conversations.
type conversationInside struct{ engine *Engine }

// inlineMessages returns the messages that are created inside a conversation.
func inlineMessages(change *pending[client.ConversationInput]) []client.MessageInput {
	if messages, isSet := change.Input.Messages.Get(); isSet {
		return messages
	}
	return change.inline
}

// sent returns the messages that the change and its earlier attempt have sent: one list for each try that had
// different ones. Any of these tries may have made the conversation.
func (conversationInside) sent(change *pending[client.ConversationInput]) [][]client.MessageInput {
	now := inlineMessages(change)
	if change.Earlier == nil {
		return [][]client.MessageInput{now}
	}
	sent := change.Earlier.Messages
	isNow := func(messages []client.MessageInput) bool {
		return slices.Equal(messageTexts(messages), messageTexts(now))
	}
	if change.isSent && !slices.ContainsFunc(sent, isNow) {
		sent = append(slices.Clone(sent), now)
	}
	return sent
}

// messageTexts returns the directions and the contents of messages, sorted.
func messageTexts(messages []client.MessageInput) []string {
	contents := mapped(messages, func(message client.MessageInput) string {
		return messageIdentity(client.ID{}, orZero(message.Direction), orZero(message.Content)).Name
	})
	slices.Sort(contents)
	return contents
}

// read reads the messages that were created inside their conversations. It lists the messages of the whole batch
// together, then gets the contents one by one. Messages may appear later than their conversations, and after messages
// of other users, so it waits until each message that may have been sent is there.
func (c conversationInside) read(ctx context.Context, w *writing[client.Conversation, client.ConversationInput]) {
	open := only(w.written(), func(i int) bool { return mostInside(w, i) > 0 })
	floor, isRead := w.createdSince(open), false
	looks := newIntervals(c.engine.settings.RecoveryTimeout)
	for len(open) > 0 {
		newer, err := c.newer(ctx, floor)
		if err != nil {
			for _, i := range open {
				if !isRead {
					w.results[i].Err = &UnreadError{ID: w.ids[i], Err: fmt.Errorf("reading its messages failed: %w", err)}
				}
			}
			return
		}
		isRead = true
		c.takeMade(ctx, w, open, newer)
		open = only(open, func(i int) bool { return !hasItsMessages(w, i) })
		if len(open) > 0 && !looks.wait(ctx) {
			return
		}
	}
}

// takeMade gets the contents of the messages that items have made, and adds them to their conversations. Other users
// can write into a conversation only after it and its messages were created. So later messages matter only if the
// first ones don't match all inputs.
func (c conversationInside) takeMade(ctx context.Context, w *writing[client.Conversation, client.ConversationInput], items []int, newer talks) {
	var first, later []madeMessage
	for _, i := range items {
		messages := newer[w.ids[i]]
		inOrder(messages)
		wanted := mostInside(w, i)
		for n, message := range messages {
			isTaken := func(ref client.Ref[client.Message]) bool { return ref.ID == message.ID }
			switch {
			case slices.ContainsFunc(w.results[i].Value.Messages, isTaken):
			case n < wanted:
				first = append(first, madeMessage{i, message})
			default:
				later = append(later, madeMessage{i, message})
			}
		}
	}
	c.take(ctx, w, first)
	c.take(ctx, w, only(later, func(m madeMessage) bool { return !hasItsMessages(w, m.item) }))
}

// mostInside returns how many messages the item or its earlier attempt may have created.
func mostInside(w *writing[client.Conversation, client.ConversationInput], i int) int {
	most := len(inlineMessages(&w.changes[i]))
	if earlier := w.changes[i].Earlier; earlier != nil && w.results[i].Adopted {
		most = max(most, longest(earlier.Messages))
	}
	return most
}

// longest returns how many messages the longest of the lists has.
func longest(lists [][]client.MessageInput) (most int) {
	for _, messages := range lists {
		most = max(most, len(messages))
	}
	return most
}

// madeMessage is a message in the conversation that an item has created.
type madeMessage struct {
	item    int
	message client.Message
}

// take gets the contents of messages and adds them to their conversations.
func (c conversationInside) take(ctx context.Context, w *writing[client.Conversation, client.ConversationInput], made []madeMessage) {
	messages := mapped(made, func(m madeMessage) client.Message { return m.message })
	errs := c.engine.Messages.completeAll(ctx, messages)
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
		c.engine.claims.claim(message.ID, known)
		result.Value.Messages = append(result.Value.Messages, client.Ref[client.Message]{ID: message.ID, Record: &message})
	}
}

// hasItsMessages reports whether each message that the item may have created is known, or reading
// them has failed.
func hasItsMessages(w *writing[client.Conversation, client.ConversationInput], i int) bool {
	messages := mapped(w.results[i].Value.Messages, func(ref client.Ref[client.Message]) client.Message { return *ref.Record })
	wanted := inlineMessages(&w.changes[i])
	if w.results[i].Unsent {
		wanted = only(wanted, w.changes[i].Earlier.MayHaveSent)
	}
	return w.results[i].Err != nil || !slices.Contains(MatchMessages(wanted, messages), -1)
}

// MayHaveSent reports whether the attempt may have sent the message.
func (a *Attempt) MayHaveSent(message client.MessageInput) bool {
	return slices.ContainsFunc(slices.Concat(a.Messages...), func(sent client.MessageInput) bool { return mayBeSent(sent, message) })
}

// MayHaveSentMore reports whether a try of the attempt has sent more than these messages.
func (a *Attempt) MayHaveSentMore(messages []client.MessageInput) bool {
	return slices.ContainsFunc(a.Messages, func(sent []client.MessageInput) bool {
		left := slices.Clone(sent)
		for _, message := range messages {
			if i := slices.IndexFunc(left, func(sent client.MessageInput) bool { return mayBeSent(sent, message) }); i >= 0 {
				left = slices.Delete(left, i, i+1)
			}
		}
		return len(left) > 0
	})
}

// mayBeSent reports whether the message may be one that was sent. A state of an earlier version does not contain the
// contents.
func mayBeSent(sent, message client.MessageInput) bool {
	content, isKnown := sent.Content.Get()
	return sent.Direction == message.Direction && (!isKnown || SameContent(content, orZero(message.Content)))
}

// talked lists the messages that are newer than floor. It returns nil if the caller lacks the
// permission to list messages.
func (c conversationInside) talked(ctx context.Context, floor int64) (talks, error) {
	found, err := c.newer(ctx, floor)
	if isForbidden(err) {
		return nil, nil
	}
	return found, err
}

// newer lists the messages that are newer than floor. If the service ignores the filter on
// revision, it notes the conversations of older ones too.
func (c conversationInside) newer(ctx context.Context, floor int64) (talks, error) {
	found := talks{}
	for page, err := range c.engine.Messages.entity.newerThan(ctx, floor, c.engine.Messages.query) {
		if err != nil {
			return nil, err
		}
		for _, message := range page.Records {
			of := message.TextMessageConversationID
			messages := found[of]
			if message.Revision > floor {
				messages = append(messages, message)
			}
			found[of] = messages
		}
	}
	return found, nil
}
