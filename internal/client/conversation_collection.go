package client

import (
	"context"
	"slices"
	"strings"
)

// wholeConversations asks for everything but the messages, with the links as
// whole records, so that it shows which records they link.
func wholeConversations() Query {
	return Query{Expand: relationFields(), LoadOnly: conversationFields}
}

func conversationsOf(c *Client) *Collection[Conversation, ConversationInput] {
	entity := &Entity[Conversation, ConversationInput]{client: c, segment: "TextMessageConversations"}
	return newCollection(c, entity, shape[Conversation, ConversationInput]{
		query:  wholeConversations(),
		whole:  wholeConversations(),
		change: func(in *ConversationInput) *Change[Conversation] { return &in.Change },
		fields: ConversationInput.Fields,
		asOf:   func(c *Conversation) *int64 { return &c.AsOf },
		complete: func(ctx context.Context, conversation *Conversation) error {
			conversation.Messages = nil
			return c.completeRelations(ctx, conversation)
		},
		isLike:     agreesInNumber,
		agrees:     agrees,
		conflict:   conflicts,
		prepareFor: c.keepLinks,
		isPlain:    func(in ConversationInput) bool { return !in.setsRelations() },
		clean:      c.removeDropped,
		extend:     c.readMessages,
	})
}

// conflicts returns the fields that the input sets to something, and someone
// else has set to something else. The revision does not matter: that a link was
// made need not show in it.
func conflicts(input ConversationInput, current Conversation) []Conflict {
	var found []Conflict
	add := func(field string, isSet bool, known, wanted, held string) {
		if isSet && held != known && held != wanted {
			found = append(found, Conflict{Field: field, Known: known, Wanted: wanted, Held: held})
		}
	}
	addID := func(field string, wanted Field[ID], known, held ID) {
		id, _ := wanted.Get()
		add(field, !wanted.IsZero(), textOf(known), textOf(id), textOf(held))
	}
	addID("phone_id", input.PhoneID, input.Known.PhoneID, current.PhoneID)
	addID("recipient_account_id", input.RecipientAccountID, input.Known.RecipientAccountID, current.RecipientAccountID)
	addID("recipient_contact_id", input.RecipientContactID, input.Known.RecipientContactID, current.RecipientContactID)
	number, isSet := input.RecipientPhoneNumber.Get()
	add("recipient_phone_number", isSet, CanonicalPhoneNumber(input.Known.RecipientPhoneNumber),
		CanonicalPhoneNumber(number), CanonicalPhoneNumber(current.RecipientPhoneNumber))
	for _, kind := range RelationKinds {
		items, isSet := kind.Input(&input).Get()
		wanted := make([]ID, len(items))
		for i, item := range items {
			wanted[i] = item.target()
		}
		add(kind.Field, isSet, textOf(kind.Linked(input.Known)...), textOf(wanted...), textOf(kind.Linked(&current)...))
	}
	return found
}

// textOf names records, whatever their order; "none" for none.
func textOf(ids ...ID) string {
	var texts []string
	for _, id := range ids {
		if !id.IsZero() {
			texts = append(texts, id.String())
		}
	}
	if len(texts) == 0 {
		return "none"
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}

// inlineMessages returns the messages that are created along with a conversation.
func (in ConversationInput) inlineMessages() []MessageInput {
	if messages, isSet := in.Messages.Get(); isSet {
		return messages
	}
	return in.inline
}

// agreesInNumber reports whether the conversation has the phone and the
// recipient's number of the input.
func agreesInNumber(input ConversationInput, conversation Conversation) bool {
	phone, _ := input.PhoneID.Get()
	number, _ := input.RecipientPhoneNumber.Get()
	return phone == conversation.PhoneID && SamePhoneNumber(number, conversation.RecipientPhoneNumber)
}

// agrees reports whether the conversation has everything that the input sets.
// Links that an update should have removed don't matter: the read-back removes
// those that a service which merges arrays has kept.
func agrees(input ConversationInput, conversation Conversation) bool {
	if !fieldAgrees(input.PhoneID, conversation.PhoneID) ||
		!fieldAgrees(input.RecipientAccountID, conversation.RecipientAccountID) ||
		!fieldAgrees(input.RecipientContactID, conversation.RecipientContactID) {
		return false
	}
	if number, set := input.RecipientPhoneNumber.Get(); set && !SamePhoneNumber(number, conversation.RecipientPhoneNumber) {
		return false
	}
	for _, kind := range RelationKinds {
		if wanted, set := kind.Input(&input).Get(); set && !linksAgree(wanted, kind.Linked(&conversation), !input.ID.IsZero()) {
			return false
		}
	}
	return true
}

// fieldAgrees reports whether the field is absent, or is what the record has,
// whose zero is null.
func fieldAgrees(field Field[ID], has ID) bool {
	if field.IsZero() {
		return true
	}
	value, _ := field.Get()
	return value == has
}

func linksAgree(wanted []RelationInput, has []ID, orMore bool) bool {
	targets := make(map[ID]bool, len(wanted))
	for _, item := range wanted {
		targets[item.target()] = true
		if !slices.Contains(has, item.target()) {
			return false
		}
	}
	return orMore || !slices.ContainsFunc(has, func(id ID) bool { return !targets[id] })
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
