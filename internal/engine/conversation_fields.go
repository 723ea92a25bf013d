package engine

import (
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conversationFields are the fields of a conversation that an input can set. numbers
// compares phone numbers.
func conversationFields(numbers client.PhoneNumbers) fields[client.Conversation, client.ConversationInput] {
	number := newField("recipient_phone_number", func(in *client.ConversationInput) *client.Field[string] { return &in.RecipientPhoneNumber }, asIs,
		func(c *client.Conversation) string { return c.RecipientPhoneNumber })
	number.same, number.spells = numbers.Same, numbers.MayBeSpelling
	all := fields[client.Conversation, client.ConversationInput]{
		referenceField("phone_id", func(in *client.ConversationInput) *client.Field[client.ID] { return &in.PhoneID }, func(c *client.Conversation) client.ID { return c.PhoneID }),
		number,
		referenceField("recipient_account_id", func(in *client.ConversationInput) *client.Field[client.ID] { return &in.RecipientAccountID }, func(c *client.Conversation) client.ID { return c.RecipientAccountID }),
		referenceField("recipient_contact_id", func(in *client.ConversationInput) *client.Field[client.ID] { return &in.RecipientContactID }, func(c *client.Conversation) client.ID { return c.RecipientContactID }),
	}
	for _, kind := range client.RelationKinds {
		all = append(all, linksField(kind))
	}
	return append(all, newField[client.Conversation]("messages", func(in *client.ConversationInput) *client.Field[[]client.MessageInput] { return &in.Messages }, func([]client.MessageInput) string { return "" }, nil))
}

// linksField returns the field of the links of one kind. Its text has the ids of the linked
// records.
func linksField(k client.RelationKind) field[client.Conversation, client.ConversationInput] {
	links := newField(k.Field, k.Input, textOfTargets, func(c *client.Conversation) string { return TextOf(k.Linked(c)...) })
	links.covers, links.isLink = hasAll, true
	// hasAll is true for an empty array, which asks for no links at all.
	links.like = func(wanted, held string) bool { return held == "" || wanted != "" && hasAll(wanted, held) }
	return links
}

func textOfTargets(items []client.RelationInput) string {
	return TextOf(mapped(items, client.RelationInput.Target)...)
}

// hasAll reports whether held names all records that wanted names.
func hasAll(wanted, held string) bool {
	if wanted == "" {
		return true
	}
	has := strings.Split(held, ", ")
	for id := range strings.SplitSeq(wanted, ", ") {
		if !slices.Contains(has, id) {
			return false
		}
	}
	return true
}

func relationFields() []string {
	return mapped(client.RelationKinds, func(kind client.RelationKind) string { return kind.Field })
}
