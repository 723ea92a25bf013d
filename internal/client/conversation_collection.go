package client

import (
	"cmp"
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
	entity := &Entity[Conversation, ConversationInput]{client: c, segment: "TextMessageConversations", revised: true}
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
		agrees:     c.numbers.agrees,
		lacks:      lacks,
		missing:    missing,
		conflict:   c.numbers.conflicts,
		prepareFor: c.keepLinks,
		isPlain:    func(in ConversationInput) bool { return !in.setsRelations() },
		inUse:      c.hasOtherMessages,
		clean:      c.removeDropped,
		extend:     c.readMessages,
	})
}

// conflicts returns the fields that the input sets to something, and someone
// else has set to something else. The revision does not matter: that a link was
// made need not show in it.
func (p PhoneNumbers) conflicts(input ConversationInput, current Conversation) []Conflict {
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
	add("recipient_phone_number", isSet, p.Canonical(input.Known.RecipientPhoneNumber),
		p.Canonical(number), p.Canonical(current.RecipientPhoneNumber))
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

// existed reports whether a conversation that has changed since a revision of the
// space has a link or a message from before. One that nobody has changed since it
// was created needs no such question.
func (c *Client) existed(ctx context.Context, conversation Conversation, revision int64) (bool, error) {
	for _, kind := range RelationKinds {
		for _, ref := range *kind.Refs(&conversation) {
			if ref.Record.Revision > 0 && ref.Record.Revision <= revision {
				return true, nil
			}
		}
	}
	if !conversation.Created.IsZero() && !conversation.Modified.After(conversation.Created.Time) {
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

// lacks reports whether the conversation agrees with the input but for what is empty
// there, and for links that were added to those of the input.
func lacks(input ConversationInput, conversation Conversation) bool {
	lacksID := func(field Field[ID], has ID) bool { return has.IsZero() || fieldAgrees(field, has) }
	for _, kind := range RelationKinds {
		wanted, set := kind.Input(&input).Get()
		if has := kind.Linked(&conversation); set && len(has) > 0 && (len(wanted) == 0 || !linksAgree(wanted, has, true)) {
			return false
		}
	}
	return fieldAgrees(input.PhoneID, conversation.PhoneID) &&
		lacksID(input.RecipientAccountID, conversation.RecipientAccountID) &&
		lacksID(input.RecipientContactID, conversation.RecipientContactID)
}

// missing returns the input without the relations of which the conversation has some.
func missing(input ConversationInput, conversation Conversation) ConversationInput {
	for _, kind := range RelationKinds {
		if len(kind.Linked(&conversation)) > 0 {
			*kind.Input(&input) = Field[[]RelationInput]{}
		}
	}
	return input
}

// agrees reports whether the conversation has everything that the input sets.
// Links that an update should have removed don't matter: the read-back removes
// those that a service which merges arrays has kept.
func (p PhoneNumbers) agrees(input ConversationInput, conversation Conversation) bool {
	if !fieldAgrees(input.PhoneID, conversation.PhoneID) ||
		!fieldAgrees(input.RecipientAccountID, conversation.RecipientAccountID) ||
		!fieldAgrees(input.RecipientContactID, conversation.RecipientContactID) {
		return false
	}
	if number, set := input.RecipientPhoneNumber.Get(); set && !p.Same(number, conversation.RecipientPhoneNumber) {
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
	for _, item := range wanted {
		if !slices.Contains(has, item.target()) {
			return false
		}
	}
	return orMore || !slices.ContainsFunc(has, func(id ID) bool {
		return !slices.ContainsFunc(wanted, func(item RelationInput) bool { return item.target() == id })
	})
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
