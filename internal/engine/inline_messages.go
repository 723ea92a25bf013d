package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conversationInside are the messages inside conversations.
type conversationInside struct{ engine *Engine }

// inlineMessages returns the messages that are created inside a conversation.
func inlineMessages(change *pending[client.ConversationInput]) []client.MessageInput {
	if messages, isSet := change.Input.Messages.Get(); isSet {
		return messages
	}
	return change.inline
}

// sent returns the messages that the change has sent, or its earlier attempt. If both have
// sent some, either may have made the conversation. If they have sent different messages, sent
// returns only directions: of each, as many as the one that has sent more.
func (conversationInside) sent(change *pending[client.ConversationInput]) []client.MessageInput {
	now := inlineMessages(change)
	if change.Earlier == nil {
		return now
	}
	before := change.Earlier.Messages
	if !change.isSent || slices.Equal(messageTexts(before), messageTexts(now)) {
		return before
	}
	counts := map[int]int{}
	for _, messages := range [][]client.MessageInput{before, now} {
		of := map[int]int{}
		for _, message := range messages {
			direction := orZero(message.Direction)
			of[direction]++
			counts[direction] = max(counts[direction], of[direction])
		}
	}
	var sent []client.MessageInput
	for direction, count := range counts {
		for range count {
			sent = append(sent, client.MessageInput{MessageWrites: client.MessageWrites{Direction: client.Value(direction)}})
		}
	}
	return sent
}

// messageTexts returns the directions and the contents of messages, sorted.
func messageTexts(messages []client.MessageInput) []string {
	contents := make([]string, len(messages))
	for i, message := range messages {
		contents[i] = messageIdentity(client.ID{}, orZero(message.Direction), orZero(message.Content)).Name
	}
	slices.Sort(contents)
	return contents
}

// read reads the messages that were created inside their conversations. It lists
// those of the whole batch together, then gets the contents one by one. Messages may show
// later than their conversations, so it waits for those that are missing.
func (c conversationInside) read(ctx context.Context, w *writing[client.Conversation, client.ConversationInput]) {
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
	for looks := newIntervals(c.engine.settings.RecoveryTimeout); ; {
		listed, err := c.listMade(ctx, floor, owners)
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
	c.takeMade(ctx, w, first)
	// Others can write into a conversation only after it and its messages were created. So
	// later messages matter only if the first ones don't match all inputs.
	c.takeMade(ctx, w, slices.DeleteFunc(others, func(m madeMessage) bool {
		return w.results[m.item].Err != nil || allMatched(inlineMessages(&w.changes[m.item]), w.results[m.item].Value.Messages)
	}))
}

// listMade lists the messages in these conversations that are newer than floor, by the
// numbers that the conversations have.
func (c conversationInside) listMade(ctx context.Context, floor int64, owners map[client.ID]int) (map[int][]client.Message, error) {
	made := make(map[int][]client.Message, len(owners))
	for page, err := range c.engine.Messages.entity.newerThan(ctx, floor, c.engine.Messages.query) {
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
func (c conversationInside) takeMade(ctx context.Context, w *writing[client.Conversation, client.ConversationInput], made []madeMessage) {
	messages := make([]client.Message, len(made))
	for n := range made {
		messages[n] = made[n].message
	}
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

// allMatched reports whether each of the inputs is among the messages.
func allMatched(inputs []client.MessageInput, made []client.Ref[client.Message]) bool {
	messages := make([]client.Message, len(made))
	for n, ref := range made {
		messages[n] = *ref.Record
	}
	return !slices.Contains(MatchMessages(inputs, messages), -1)
}

// nothingInside is for records that have no messages inside.
type nothingInside[T client.Record, In Input] struct{}

func (nothingInside[T, In]) sent(*pending[In]) []client.MessageInput            { return nil }
func (nothingInside[T, In]) read(context.Context, *writing[T, In])              {}
func (nothingInside[T, In]) existed(context.Context, T, int64) (bool, error)    { return false, nil }
func (nothingInside[T, In]) hasChanged(T) bool                                  { return false }
func (nothingInside[T, In]) useOf(context.Context, *pending[In], client.ID) use { return unused }
func (nothingInside[T, In]) talked(context.Context, int64) (map[client.ID]bool, error) {
	return nil, nil
}
