package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A conversationField is one field of a conversation: its attribute, its places in
// the model and in the API's types, and what its values mean. Code that concerns
// every field loops over [conversationFields].
type conversationField struct {
	name          string // of the attribute and of the API's field
	alias         string // another name that the API may use in an error
	entity        string // path segment of the records that it refers to; empty for none
	isMatched     bool   // the CRM may set it to what it finds by the recipient's number
	attribute     schema.Attribute
	null, unknown attr.Value

	get func(*conversationModel) attr.Value
	set func(*conversationModel, attr.Value) // ignores a value of another type

	same func(numbers, types.String) func(a, b attr.Value) bool // two values mean the same in the conversation with the id
	read func(*client.Conversation) attr.Value                  // what a record holds

	// Without these, only the CRM sets the field.
	write func(*client.ConversationInput, attr.Value)
	text  func(numbers, attr.Value) string // the same for all values that mean the same
}

// configurableFields are those that a configuration can set.
var configurableFields = slices.DeleteFunc(slices.Clone(conversationFields), func(f conversationField) bool { return f.write == nil })

// shownField returns a field that only the CRM sets.
func shownField[T attr.Value](name string, attribute schema.Attribute, place func(*conversationModel) *T, read func(*client.Conversation) T) conversationField {
	return conversationField{
		name: name, alias: name, attribute: attribute, null: valueOf(attribute, nil), unknown: valueOf(attribute, tftypes.UnknownValue),
		get: func(m *conversationModel) attr.Value { return *place(m) },
		set: func(m *conversationModel, value attr.Value) {
			if v, ok := value.(T); ok {
				*place(m) = v
			}
		},
		same: always(attr.Value.Equal),
		read: func(c *client.Conversation) attr.Value { return read(c) },
	}
}

// idField returns the field of the conversation's own id.
func idField(attribute schema.Attribute) conversationField {
	f := shownField("id", attribute, func(m *conversationModel) *types.String { return &m.ID },
		func(c *client.Conversation) types.String { return referenceFromAPI(c.ID) })
	f.entity, f.same = conversationEntity, always(sameReference[attr.Value])
	return f
}

// settableField returns a field that a configuration can set, and whose zero in the
// API's types is none.
func settableField[T attr.Value, R comparable](
	name string, attribute schema.Attribute,
	place func(*conversationModel) *T, held func(*client.Conversation) *R, sent func(*client.ConversationInput) *client.Field[R],
	fromAPI func(R) T, toAPI func(attr.Value) R,
) conversationField {
	f := shownField(name, attribute, place, func(c *client.Conversation) T { return fromAPI(*held(c)) })
	f.same = always(func(a, b attr.Value) bool { return a.Equal(b) || toAPI(a) == toAPI(b) })
	var none R
	f.text = func(_ numbers, value attr.Value) string {
		if toAPI(value) == none {
			return ""
		}
		return fmt.Sprint(toAPI(value))
	}
	f.write = func(in *client.ConversationInput, value attr.Value) {
		if *sent(in) = client.Value(toAPI(value)); toAPI(value) == none {
			*sent(in) = client.Null[R]()
		}
	}
	return f
}

// referenceField returns a field that holds the id of a record of the entity.
func referenceField(
	name, entity string, attribute schema.StringAttribute,
	place func(*conversationModel) *types.String, held func(*client.Conversation) *client.ID, sent func(*client.ConversationInput) *client.Field[client.ID],
) conversationField {
	attribute.Validators = []validator.String{isReference{entity: entity, allowNone: attribute.Optional}}
	f := settableField(name, attribute, place, held, sent, referenceFromAPI, reference)
	f.alias, f.entity = strings.TrimSuffix(name, "_id"), entity
	return f
}

// matched returns a field that the CRM may set by the recipient's number.
func matched(f conversationField) conversationField {
	f.isMatched = true
	return f
}

// numberField returns a field that holds a phone number.
func numberField(
	name string, attribute schema.StringAttribute,
	place func(*conversationModel) *types.String, held func(*client.Conversation) *string, sent func(*client.ConversationInput) *client.Field[string],
) conversationField {
	f := settableField(name, attribute, place, held, sent, stringFromAPI, textOf)
	f.same = numbers.sameIn
	f.text = func(n numbers, value attr.Value) string { return n.Canonical(textOf(value)) }
	return f
}

// relationField returns the field of a kind of relations.
func relationField(name string, place func(*conversationModel) *types.Set) conversationField {
	i := slices.IndexFunc(client.RelationKinds, func(kind client.RelationKind) bool { return kind.Field == name })
	kind := client.RelationKinds[max(i, 0)] // a test sees that the client has them all
	f := shownField(name, relationAttribute(kind), place, func(c *client.Conversation) types.Set { return referencesFromAPI(kind.Linked(c)) })
	f.alias, f.entity = kind.InputField(), kind.Entity
	f.same = always(sameReferences)
	f.text = func(_ numbers, value attr.Value) string {
		return engine.TextOf(references(value)...)
	}
	f.write = func(in *client.ConversationInput, value attr.Value) { *kind.Input(in) = kind.Links(references(value)) }
	return f
}

// always is for values that mean the same in every conversation.
func always(same func(a, b attr.Value) bool) func(numbers, types.String) func(a, b attr.Value) bool {
	return func(numbers, types.String) func(a, b attr.Value) bool { return same }
}

// valueOf returns a value of the attribute, null or unknown.
func valueOf(attribute schema.Attribute, raw any) attr.Value {
	ctx, kind := context.Background(), attribute.GetType()
	value, _ := kind.ValueFromTerraform(ctx, tftypes.NewValue(kind.TerraformType(ctx), raw)) // fails for neither
	return value
}

// texts returns what the fields mean, by their names.
func (m *conversationModel) texts(n numbers) map[string]string {
	texts := make(map[string]string, len(configurableFields))
	for _, field := range configurableFields {
		texts[field.name] = field.text(n, field.get(m))
	}
	return texts
}

// fieldsByName are the fields by their names.
var fieldsByName = func() map[string]conversationField {
	named := make(map[string]conversationField, len(conversationFields))
	for _, field := range conversationFields {
		named[field.name] = field
	}
	return named
}()

func fieldNamed(name string) (conversationField, bool) {
	field, known := fieldsByName[name]
	return field, known
}
