package client

import (
	"slices"
	"strings"
)

// conversationFields are what can be set of a conversation, with its numbers compared
// as those are.
func conversationFields(numbers PhoneNumbers) fields[Conversation, ConversationInput] {
	phone := referenceField("phone_id", func(in *ConversationInput) *Field[ID] { return &in.PhoneID }, func(c *Conversation) ID { return c.PhoneID })
	phone.like = isSame
	number := newField("recipient_phone_number", func(in *ConversationInput) *Field[string] { return &in.RecipientPhoneNumber }, asIs,
		func(c *Conversation) string { return c.RecipientPhoneNumber })
	number.same = numbers.Same
	all := fields[Conversation, ConversationInput]{
		phone,
		number,
		referenceField("recipient_account_id", func(in *ConversationInput) *Field[ID] { return &in.RecipientAccountID }, func(c *Conversation) ID { return c.RecipientAccountID }),
		referenceField("recipient_contact_id", func(in *ConversationInput) *Field[ID] { return &in.RecipientContactID }, func(c *Conversation) ID { return c.RecipientContactID }),
	}
	for _, kind := range RelationKinds {
		all = append(all, linksField(kind))
	}
	return append(all, newField[Conversation]("messages", func(in *ConversationInput) *Field[[]MessageInput] { return &in.Messages }, func([]MessageInput) string { return "" }, nil))
}

// referenceField describes a field that names a record.
func referenceField(name string, at func(*ConversationInput) *Field[ID], held func(*Conversation) ID) field[Conversation, ConversationInput] {
	reference := newField(name, at, func(id ID) string { return TextOf(id) }, func(c *Conversation) string { return TextOf(held(c)) })
	reference.like = isFilled
	return reference
}

// linksField describes the links of a kind, as one text.
func linksField(k RelationKind) field[Conversation, ConversationInput] {
	links := newField(k.Field, k.Input, textOfTargets, func(c *Conversation) string { return TextOf(k.Linked(c)...) })
	links.covers = hasAll
	// An empty array would mean that there is none.
	links.like = func(wanted, held string) bool { return held == "" || wanted != "" && hasAll(wanted, held) }
	return links
}

func textOfTargets(items []RelationInput) string {
	ids := make([]ID, len(items))
	for i, item := range items {
		ids[i] = item.Target()
	}
	return TextOf(ids...)
}

// hasAll reports whether all records of one text are in the other one.
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
	names := make([]string, len(RelationKinds))
	for i, kind := range RelationKinds {
		names[i] = kind.Field
	}
	return names
}

func setsRelations(in ConversationInput) bool {
	return slices.ContainsFunc(RelationKinds, func(kind RelationKind) bool { return !kind.Input(&in).IsZero() })
}
