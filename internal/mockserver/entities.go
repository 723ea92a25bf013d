package mockserver

import (
	"fmt"
	"slices"
	"strings"
)

// entity is the definition of one kind of record. These definitions determine everything that the server does. check
// contains the rules that the other fields can't express.
type entity struct {
	name    string // in errors
	segment string // of the path
	fields  []field
	links   []link
	arrays  []array
	parent  string // the field that names the conversation a record belongs to, if any
	check   func(*writer, *change)
}

// link is a to-one relation in a response: a URI, or the record itself if expanded. It is null unless the field
// holds the id of a record of the target.
type link struct {
	name, field, target string
}

// array is a to-many relation: the records of another entity whose parent field names this record. An array of
// relations holds only those whose key field names a record of the target.
type array struct {
	name, child, key, target string
}

func (e *entity) field(name string) *field {
	if i := slices.IndexFunc(e.fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &e.fields[i]
	}
	return nil
}

func (e *entity) link(name string) *link {
	if i := slices.IndexFunc(e.links, func(l link) bool { return l.name == name }); i >= 0 {
		return &e.links[i]
	}
	return nil
}

func (e *entity) array(name string) *array {
	if i := slices.IndexFunc(e.arrays, func(a array) bool { return a.name == name }); i >= 0 {
		return &e.arrays[i]
	}
	return nil
}

const (
	conversations = "TextMessageConversations"
	relations     = "TextMessageConversationRelationses"
	messages      = "TextMessages"

	conversationField = "text_message_conversation_id"
	numberField       = "recipient_phone_number"
)

// entities lists the definitions in the order in which a seed is stored: an entity comes before the entities that
// refer to it.
var entities = []*entity{
	related("Phone", "Phones", text("name"), text("phone_number")),
	related("Account", "Accounts", slices.Concat(
		[]field{text("name"), text("website")}, numbered("phone"), numbered("email"))...),
	related("Contact", "Contacts", slices.Concat(
		[]field{text("name"), text("first_name"), text("last_name")}, numbered("phone"), numbered("email"))...),
	related("Lead", "Leads", text("name")),
	related("Opportunity", "Opportunities", text("name")),
	related("Project", "Projects", text("name")),
	related("Quote", "Quotes", text("name")),
	{
		name: "TextMessageConversation", segment: conversations,
		fields: withCommon(
			field{name: "phone_id", kind: kindUUID, required: true, refs: []string{"Phones"}},
			reference("recipient_account_id", "Accounts"),
			reference("recipient_contact_id", "Contacts"),
			text(numberField),
		),
		links: []link{
			{name: "phone", field: "phone_id", target: "Phones"},
			{name: "recipient_account", field: "recipient_account_id", target: "Accounts"},
			{name: "recipient_contact", field: "recipient_contact_id", target: "Contacts"},
		},
		arrays: []array{
			{name: "messages", child: messages},
			{name: "account_relations", child: relations, key: "account_id", target: "Accounts"},
			{name: "contact_relations", child: relations, key: "contact_id", target: "Contacts"},
			{name: "project_relations", child: relations, key: "project_id", target: "Projects"},
			{name: "lead_relations", child: relations, key: "lead_oppty_id", target: "Leads"},
			{name: "opportunity_relations", child: relations, key: "lead_oppty_id", target: "Opportunities"},
			{name: "quote_relations", child: relations, key: "quote_id", target: "Quotes"},
		},
		check: checkConversation,
	},
	{
		name: "TextMessageConversationRelations", segment: relations, parent: conversationField,
		fields: withCommon(
			field{name: conversationField, kind: kindUUID, required: true, refs: []string{conversations}},
			reference("account_id", "Accounts"),
			reference("contact_id", "Contacts"),
			reference("lead_oppty_id", "Leads", "Opportunities"),
			reference("project_id", "Projects"),
			reference("quote_id", "Quotes"),
		),
		links: []link{
			{name: "text_message_conversation", field: conversationField, target: conversations},
			{name: "account", field: "account_id", target: "Accounts"},
			{name: "contact", field: "contact_id", target: "Contacts"},
			{name: "lead", field: "lead_oppty_id", target: "Leads"},
			{name: "oppty", field: "lead_oppty_id", target: "Opportunities"},
			{name: "project", field: "project_id", target: "Projects"},
			{name: "quote", field: "quote_id", target: "Quotes"},
		},
		check: checkRelation,
	},
	{
		name: "TextMessage", segment: messages, parent: conversationField,
		fields: withCommon(
			field{name: "content", kind: kindString, required: true},
			field{name: "direction", kind: kindInteger, required: true, min: 1, max: 2},
			reference(conversationField, conversations),
			reference("chat_conversation_id"),
			field{name: "datetime_sent", kind: kindTime, nullable: true},
			text("message_sid"),
			field{name: "score", kind: kindNumber, nullable: true},
			field{name: "status", kind: kindInteger, nullable: true, min: 1, max: 5},
			field{name: "attachments", kind: kindArray, nullable: true},
		),
		links: []link{{name: "text_message_conversation", field: conversationField, target: conversations}},
		check: checkMessage,
	},
}

// definition returns the entity with this path segment, or nil.
func definition(segment string) *entity {
	for _, def := range entities {
		if def.segment == segment {
			return def
		}
	}
	return nil
}

// unknownSegment returns the error for a path segment of no entity.
func unknownSegment(segment string) error {
	var known []string
	for _, def := range entities {
		known = append(known, def.segment)
	}
	return fmt.Errorf("unknown entity %q, it must be one of %s", segment, strings.Join(known, ", "))
}

// related returns an entity that a conversation refers to. It has only fields that identify a record or match phone
// numbers.
func related(name, segment string, fields ...field) *entity {
	return &entity{name: name, segment: segment, fields: withCommon(fields...)}
}

// withCommon adds the fields that every entity has.
func withCommon(fields ...field) []field {
	return append([]field{
		{name: "id", kind: kindUUID, access: override},
		{name: "revision", kind: kindInteger},
		{name: "created", kind: kindTime, access: override},
		{name: "modified", kind: kindTime, access: override},
		{name: "is_deleted", kind: kindBool, access: serverOnly},
		{name: "is_delete_protected", kind: kindBool, access: override},
	}, fields...)
}

func text(name string) field {
	return field{name: name, kind: kindString, nullable: true}
}

func reference(name string, refs ...string) field {
	return field{name: name, kind: kindUUID, nullable: true, refs: refs}
}

// numbered returns the five fields name1 to name5.
func numbered(name string) []field {
	return []field{text(name + "1"), text(name + "2"), text(name + "3"), text(name + "4"), text(name + "5")}
}
