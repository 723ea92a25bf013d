package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// wholeConversations asks for everything but the messages. It asks for the links as whole
// records, because their URIs don't tell which records they link.
func wholeConversations() client.Query {
	return client.Query{Expand: relationFields(), LoadOnly: append([]string{
		"id", "revision", "created", "modified", "is_deleted", "is_delete_protected",
	}, conversationFields(client.PhoneNumbers{}).read()...)}
}

func conversationsOf(e *Engine) *Collection[client.Conversation, client.ConversationInput] {
	return newCollection(e, e.api.Conversations, shape[client.Conversation, client.ConversationInput]{
		query:    wholeConversations(),
		whole:    wholeConversations(),
		headOf:   func(in *client.ConversationInput) *client.Head { return &in.Head },
		fields:   conversationFields(e.numbers),
		asOf:     func(c *client.Conversation) *int64 { return &c.AsOf },
		complete: e.completeConversation,
		identity: func(in client.ConversationInput) Identity {
			return Identity{orZero(in.PhoneID), e.numbers.Canonical(orZero(in.RecipientPhoneNumber))}
		},
		identityOf: func(held client.Conversation) Identity {
			return Identity{held.PhoneID, e.numbers.Canonical(held.RecipientPhoneNumber)}
		},
		listsNames: true,
		mayBe: func(of Identity, held client.Conversation) bool {
			return e.numbers.MayBeSpelling(strings.TrimPrefix(of.Name, "tel:"), held.RecipientPhoneNumber)
		},
		existed: e.existed,
		hasChanged: func(c client.Conversation) bool {
			return !c.Created.IsZero() && c.Modified.Sub(c.Created.Time) >= time.Second
		},
		prepare:      prepareLinks,
		sent:         e.withKeptLinks,
		adds:         addsLinks,
		isPlain:      func(in client.ConversationInput) bool { return !setsRelations(in) },
		inUse:        e.hasOtherMessages,
		talks:        e.haveMessages,
		sentMessages: sentMessages,
		clean:        e.removeDropped,
		extend:       e.readMessages,
	})
}

// existed reports whether a conversation that has changed since a revision of the space
// has a link or a message from before. It asks for no messages if created is the same as
// modified or less than a second later: nobody has changed such a conversation since it was
// created. If created is even later, it proves nothing, because clocks need not agree.
func (e *Engine) existed(ctx context.Context, conversation client.Conversation, revision int64) (bool, error) {
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
		OrderBy: []string{"revision"}, LoadOnly: stubFields,
		Filters: []client.Filter{{Field: "text_message_conversation_id", Value: conversation.ID.String()}},
	}
	for page, err := range e.Messages.entity.Pages(ctx, query) {
		if err != nil && mayPass(err) {
			return false, err
		}
		isOther := func(m client.Message) bool { return m.TextMessageConversationID != conversation.ID }
		if slices.ContainsFunc(page.Records, func(m client.Message) bool { return !isOther(m) && m.Revision <= revision }) {
			return true, nil
		}
		isOrdered := slices.IsSortedFunc(page.Records, func(a, b client.Message) int { return cmp.Compare(a.Revision, b.Revision) })
		if err != nil || isOrdered && !slices.ContainsFunc(page.Records, isOther) {
			break // the oldest messages come first, so the rest is newer
		}
	}
	return false, nil
}

// haveMessages returns the conversations with messages that are newer than floor. It returns
// none if the service does not let the caller list messages.
func (e *Engine) haveMessages(ctx context.Context, floor int64) (map[client.ID]bool, error) {
	found := map[client.ID]bool{}
	for page, err := range e.Messages.entity.newerThan(ctx, floor, client.Query{LoadOnly: stubFields}) {
		switch {
		case err != nil && mayPass(err):
			return nil, err
		case err != nil:
			return nil, nil
		}
		for _, message := range page.Records {
			found[message.TextMessageConversationID] = true
		}
	}
	return found, nil
}

// hasOtherMessages reports whether the conversation has more messages of a direction than
// the change has sent, or its earlier attempt, or only some of them: those that it has sent
// were created together. If it can't tell, it reports true.
func (e *Engine) hasOtherMessages(ctx context.Context, change *pending[client.ConversationInput], id client.ID) bool {
	left := map[int]int{} // by direction; 0: any
	sent, shown := sentMessages(change), 0
	for _, message := range sent {
		left[orZero(message.Direction)]++
	}
	query := client.Query{LoadOnly: append(slices.Clone(stubFields), "direction"), Filters: []client.Filter{{Field: "text_message_conversation_id", Value: id.String()}}}
	for message, err := range e.Messages.entity.All(ctx, query) {
		if err != nil {
			return true
		}
		if message.TextMessageConversationID != id {
			continue
		}
		shown++
		direction := message.Direction
		if left[direction] == 0 {
			direction = 0
		}
		if left[direction]--; left[direction] < 0 {
			return true
		}
	}
	return shown > 0 && shown < len(sent)
}

// sentMessages returns the messages that the change has sent, or its earlier attempt, with
// their directions. If both have sent some, either may have made the conversation: of each
// direction, it returns as many as the one that has sent more.
func sentMessages(change *pending[client.ConversationInput]) []client.MessageInput {
	if change.Earlier == nil {
		return inlineMessages(change)
	}
	sent := slices.Clone(change.Earlier.Messages)
	if !change.isSent {
		return sent
	}
	counts := map[int]int{}
	for _, message := range sent {
		counts[orZero(message.Direction)]++
	}
	for _, message := range inlineMessages(change) {
		if counts[orZero(message.Direction)]--; counts[orZero(message.Direction)] < 0 {
			sent = append(sent, message)
		}
	}
	return sent
}
