package engine

import (
	"strings"

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
		search:   wholeConversations(),
		whole:    wholeConversations(),
		headOf:   func(in *client.ConversationInput) *client.Head { return &in.Head },
		fields:   conversationFields(e.numbers),
		complete: e.completeConversation,
		names:    conversationNames{e.numbers},
		links:    conversationLinks{e},
		inside:   conversationInside{e},
	})
}

// conversationNames are the phones and the canonical numbers of conversations.
type conversationNames struct{ numbers client.PhoneNumbers }

func (n conversationNames) wanted(in client.ConversationInput) Identity {
	return Identity{orZero(in.PhoneID), n.numbers.Canonical(orZero(in.RecipientPhoneNumber))}
}

func (n conversationNames) held(c client.Conversation) Identity {
	return Identity{n.place(c), n.numbers.Canonical(c.RecipientPhoneNumber)}
}

func (conversationNames) place(c client.Conversation) client.ID { return c.PhoneID }

func (n conversationNames) mayBe(of Identity, c client.Conversation) bool {
	return n.numbers.MayBeSpelling(strings.TrimPrefix(of.Name, "tel:"), c.RecipientPhoneNumber)
}

func (conversationNames) mayDouble(Identity, client.Conversation) bool { return false }
