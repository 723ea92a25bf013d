package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// existed reports whether a conversation that has changed since a revision of the space has a link or a message from
// before that revision. It asks for no messages if created equals modified or is less than a second later: no one has
// changed such a conversation since it was created. If created is even later, it proves nothing, because clocks may
// differ.
func (c conversationInside) existed(ctx context.Context, conversation client.Conversation, revision int64) (bool, error) {
	for _, kind := range client.RelationKinds {
		for _, ref := range *kind.Refs(&conversation) {
			if ref.Record.Revision > 0 && ref.Record.Revision <= revision {
				return true, nil
			}
		}
	}
	if since := conversation.Created.Sub(conversation.Modified.Time); !conversation.Created.IsZero() && since >= 0 && since < time.Second {
		return false, nil
	}
	query := client.Query{
		OrderBy: c.engine.unsupported.orderBy("revision"), LoadOnly: stubFields, Filters: ofConversation(conversation.ID),
	}
	for page, err := range c.engine.Messages.entity.Pages(ctx, query) {
		if err != nil {
			return false, err
		}
		isOther := func(m client.Message) bool { return m.TextMessageConversationID != conversation.ID }
		if slices.ContainsFunc(page.Records, func(m client.Message) bool { return !isOther(m) && m.Revision <= revision }) {
			return true, nil
		}
		isOrdered := slices.IsSortedFunc(page.Records, func(a, b client.Message) int { return cmp.Compare(a.Revision, b.Revision) })
		if isOrdered && !slices.ContainsFunc(page.Records, isOther) {
			break // the oldest messages come first, so the rest is newer
		}
	}
	return false, nil
}

// hasChanged reports whether the conversation was modified later than it was created.
func (conversationInside) hasChanged(c client.Conversation) bool {
	return !c.Created.IsZero() && c.Modified.Sub(c.Created.Time) >= time.Second
}

// useOf compares the messages of the conversation with the messages that the change or its earlier attempt has sent.
// It reads contents only if the number of messages in each direction is the number that was sent.
func (c conversationInside) useOf(ctx context.Context, change *pending[client.ConversationInput], id client.ID) (use, error) {
	sent := c.sent(change)
	most := longest(sent)
	shown, isKnown, err := c.shown(ctx, id, most)
	if err != nil || !isKnown || len(shown) > most {
		return used, err
	}
	if len(shown) == 0 {
		return useOfSilent(sent), nil
	}
	found, messages := used, slices.Clone(shown)
	for i := range messages {
		c.engine.contents.cut(&messages[i])
	}
	isRead := false
	for _, inputs := range sent {
		switch missing, fits := missingOf(inputs, shown); {
		case fits && missing > 0:
			found = min(found, incomplete) // they were created together
		case fits:
			if !isRead {
				if unread, err := c.readContents(ctx, messages); err != nil {
					return unread, err
				}
				isRead = true
			}
			if !slices.Contains(MatchMessages(inputs, messages), -1) {
				return unused, nil
			}
		}
	}
	return found, nil
}

// readContents gets the contents of listed messages. A content that can't be read proves nothing. If a message is not
// found, it was deleted meanwhile, or a lagging copy has answered. The next list shows which.
func (c conversationInside) readContents(ctx context.Context, messages []client.Message) (use, error) {
	found, gone := unused, error(nil)
	for i, err := range c.engine.Messages.completeAll(ctx, messages) {
		switch {
		case client.ProblemOf(err) == client.NotFound:
			found, gone = incomplete, withoutContent(messages[i].ID)
		case err != nil:
			return used, err
		}
	}
	return found, gone
}

// useOfSilent returns the use of a conversation without messages. If each try has sent messages, they are missing.
func useOfSilent(sent [][]client.MessageInput) use {
	if len(sent) == 0 || slices.ContainsFunc(sent, func(inputs []client.MessageInput) bool { return len(inputs) == 0 }) {
		return unused
	}
	return incomplete
}

// missingOf returns how many of the inputs have no message, by direction, and whether each message has an input.
func missingOf(inputs []client.MessageInput, messages []client.Message) (missing int, fits bool) {
	left := map[int]int{} // by direction; 0: any
	for _, input := range inputs {
		left[orZero(input.Direction)]++
	}
	for _, message := range messages {
		direction := message.Direction
		if left[direction] == 0 {
			direction = 0
		}
		if left[direction]--; left[direction] < 0 {
			return 0, false
		}
	}
	return len(inputs) - len(messages), true
}

// shown lists the messages of the conversation with their directions, up to most+1 of them. It returns false if it
// can't tell which messages belong to the conversation.
func (c conversationInside) shown(ctx context.Context, id client.ID, most int) (shown []client.Message, isKnown bool, err error) {
	ofNone, ofOthers := false, false // the list shows messages of no conversation, or of another one
	query := client.Query{LoadOnly: soughtFields, Filters: ofConversation(id)}
	for message, err := range c.engine.Messages.entity.All(ctx, query) {
		switch {
		case err != nil:
			return nil, false, err
		case message.TextMessageConversationID == id:
			shown = append(shown, message)
		case message.TextMessageConversationID.IsZero():
			ofNone = true
		default:
			ofOthers = true
		}
		if len(shown) > most {
			break
		}
	}
	// If the service honors the filter, messages without a conversation belong to this one.
	return shown, ofOthers || !ofNone, nil
}
