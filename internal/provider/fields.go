package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A fieldOf describes one field of a conversation or a message: its attribute, its place in the model M and in the
// API's types T and In, and how its values are compared. Code that concerns every field loops over
// [conversationFields] or [messageFields].
type fieldOf[M, T, In any] struct {
	name          string // of the attribute and of the API's field
	alias         string // another name that the API may use in an error
	entity        string // path segment of the records that it refers to; empty for none
	isPersonal    bool   // its values are what people write, or to whom: a conflict does not show them
	isMatched     bool   // the CRM may set it to what it finds by the recipient's number
	attribute     schema.Attribute
	null, unknown attr.Value

	get func(*M) attr.Value
	set func(*M, attr.Value) // ignores a value of another type

	same func(numbers, types.String) func(a, b attr.Value) bool // in the conversation with this id
	read func(*T) attr.Value                                    // what a record holds

	// These are nil if only the CRM sets the field.
	write func(*In, attr.Value)
	sent  func(In) attr.Value              // what an input sets, null for nothing
	text  func(numbers, attr.Value) string // the same for all values that mean the same
}

type (
	conversationField = fieldOf[conversationModel, client.Conversation, client.ConversationInput]
	messageField      = fieldOf[messageModel, client.Message, client.MessageInput]
)

// The fields that a configuration can set.
var (
	configurableFields = configurable(conversationFields)
	sentFields         = configurable(messageFields)
)

func configurable[M, T, In any](fields []fieldOf[M, T, In]) []fieldOf[M, T, In] {
	return slices.DeleteFunc(slices.Clone(fields), func(f fieldOf[M, T, In]) bool { return f.write == nil })
}

// attributesOf returns the attributes of the fields, by name.
func attributesOf[M, T, In any](fields []fieldOf[M, T, In]) map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(fields))
	for _, field := range fields {
		attributes[field.name] = field.attribute
	}
	return attributes
}

// namesOf returns the names of the fields.
func namesOf[M, T, In any](fields []fieldOf[M, T, In]) []string {
	return mapped(fields, func(field fieldOf[M, T, In]) string { return field.name })
}

// shownField returns a field that only the CRM sets.
func shownField[In, M, T any, V attr.Value](name string, attribute schema.Attribute, place func(*M) *V, read func(*T) V) fieldOf[M, T, In] {
	null := valueOf(attribute.GetType(), nil)
	return fieldOf[M, T, In]{
		name: name, alias: name, attribute: attribute, null: null, unknown: valueOf(attribute.GetType(), tftypes.UnknownValue),
		get: func(m *M) attr.Value {
			if v := place(m); !(*v).IsNull() {
				return *v
			}
			return null // as most values of an entry are: one for all saves memory
		},
		set: func(m *M, value attr.Value) {
			if v, ok := value.(V); ok {
				*place(m) = v
			}
		},
		same: always(attr.Value.Equal),
		read: func(record *T) attr.Value { return read(record) },
	}
}

// idField returns the field of the record's own id.
func idField[In, M, T any](entity string, attribute schema.Attribute, place func(*M) *types.String, id func(*T) client.ID) fieldOf[M, T, In] {
	f := shownField[In]("id", attribute, place, func(record *T) types.String { return referenceFromAPI(id(record)) })
	f.entity, f.same = entity, always(sameReference[attr.Value])
	return f
}

// settableField returns a field that a configuration can set. The zero value of the API's type means no value.
func settableField[M, T, In any, V attr.Value, R comparable](
	name string, attribute schema.Attribute,
	place func(*M) *V, held func(*T) *R, sent func(*In) *client.Field[R],
	fromAPI func(R) V, toAPI func(attr.Value) R,
) fieldOf[M, T, In] {
	f := shownField[In](name, attribute, place, func(record *T) V { return fromAPI(*held(record)) })
	f.same = always(func(a, b attr.Value) bool {
		if textOf(a) == "" || textOf(b) == "" { // no value, so there is nothing to convert
			return textOf(a) == textOf(b)
		}
		return a.Equal(b) || toAPI(a) == toAPI(b)
	})
	var none R
	f.text = func(_ numbers, value attr.Value) string {
		v := toAPI(value)
		if v == none {
			return ""
		}
		return fmt.Sprint(v)
	}
	f.sent = func(in In) attr.Value {
		if v, isSent := sent(&in).Get(); isSent {
			return fromAPI(v)
		}
		return f.null
	}
	f.write = func(in *In, value attr.Value) {
		v := toAPI(value)
		if *sent(in) = client.Value(v); v == none {
			*sent(in) = client.Null[R]()
		}
	}
	return f
}

// stringField returns a field that contains a text.
func stringField[M, T, In any](
	name string, attribute schema.StringAttribute,
	place func(*M) *types.String, held func(*T) *string, sent func(*In) *client.Field[string],
) fieldOf[M, T, In] {
	return settableField(name, attribute, place, held, sent, stringFromAPI, textOf)
}

// contentField returns a field that contains the text of a message, which is never null. Services may add white space
// at its end or trim it.
func contentField[M, T, In any](
	name string, attribute schema.StringAttribute,
	place func(*M) *types.String, held func(*T) *string, sent func(*In) *client.Field[string],
) fieldOf[M, T, In] {
	f := settableField(name, attribute, place, held, sent, types.StringValue, textOf)
	f.isPersonal = true
	f.same = always(func(a, b attr.Value) bool {
		return a.IsNull() == b.IsNull() && engine.SameContent(textOf(a), textOf(b))
	})
	return f
}

// timeField returns a field that contains a time. Services may store it with less
// precision.
func timeField[M, T, In any](
	name string, attribute schema.StringAttribute,
	place func(*M) *types.String, held func(*T) *client.Time, sent func(*In) *client.Field[client.Time],
) fieldOf[M, T, In] {
	attribute.Validators = []validator.String{isTime}
	f := settableField(name, attribute, place, held, sent, timeFromAPI, timeToAPI)
	f.same = always(func(a, b attr.Value) bool {
		return a.IsNull() == b.IsNull() && engine.SameTime(timeToAPI(a), timeToAPI(b))
	})
	return f
}

// enumField returns a field that has names instead of the API's numbers.
func enumField[M, T, In any](
	name string, enum client.Enum, attribute schema.StringAttribute,
	place func(*M) *types.String, held func(*T) *int, sent func(*In) *client.Field[int],
) fieldOf[M, T, In] {
	attribute.Validators = []validator.String{stringvalidator.OneOf(enum.Names()...)}
	attribute.MarkdownDescription += fmt.Sprintf(" One of `%s`.", strings.Join(enum.Names(), "`, `"))
	f := settableField(name, attribute, place, held, sent,
		func(number int) types.String { return stringFromAPI(enum.Name(number)) },
		func(value attr.Value) int { return enum.Number(textOf(value)) })
	f.text = func(_ numbers, value attr.Value) string { return textOf(value) }
	return f
}

// referenceField returns a field that contains the id of a record of the entity.
func referenceField[M, T, In any](
	name, entity string, attribute schema.StringAttribute,
	place func(*M) *types.String, held func(*T) *client.ID, sent func(*In) *client.Field[client.ID],
) fieldOf[M, T, In] {
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

// numberField returns a field that contains a phone number.
func numberField[M, T, In any](
	name string, attribute schema.StringAttribute,
	place func(*M) *types.String, held func(*T) *string, sent func(*In) *client.Field[string],
) fieldOf[M, T, In] {
	f := stringField(name, attribute, place, held, sent)
	f.isPersonal = true
	f.same = numbers.sameIn
	f.text = func(n numbers, value attr.Value) string { return n.Canonical(textOf(value)) }
	return f
}

// relationField returns the field of a kind of relations.
func relationField(name string, place func(*conversationModel) *types.Set) conversationField {
	kind := client.RelationKinds[slices.IndexFunc(client.RelationKinds, func(kind client.RelationKind) bool { return kind.Field == name })]
	f := shownField[client.ConversationInput](name, relationAttribute(kind), place,
		func(c *client.Conversation) types.Set { return referencesFromAPI(kind.Linked(c)) })
	f.alias, f.entity = kind.InputField, kind.Entity
	f.same = always(sameReferences)
	f.text = func(_ numbers, value attr.Value) string {
		return engine.TextOf(references(value)...)
	}
	f.sent = func(in client.ConversationInput) attr.Value {
		links, isSent := kind.Input(&in).Get()
		if !isSent {
			return f.null
		}
		return referencesFromAPI(mapped(links, client.RelationInput.Target))
	}
	f.write = func(in *client.ConversationInput, value attr.Value) { *kind.Input(in) = kind.Links(references(value)) }
	return f
}

// always returns a comparison that is the same for every conversation.
func always(same func(a, b attr.Value) bool) func(numbers, types.String) func(a, b attr.Value) bool {
	return func(numbers, types.String) func(a, b attr.Value) bool { return same }
}

// valueOf returns a null or unknown value of the type.
func valueOf(kind attr.Type, raw any) attr.Value {
	ctx := context.Background()
	value, _ := kind.ValueFromTerraform(ctx, tftypes.NewValue(kind.TerraformType(ctx), raw)) // fails for neither
	return value
}

// texts returns the configurable fields as normalized texts, by name. Values that mean the same have the same text.
func (m *conversationModel) texts(n numbers) map[string]string {
	texts := make(map[string]string, len(configurableFields))
	for _, field := range configurableFields {
		texts[field.name] = field.text(n, field.get(m))
	}
	return texts
}

var fieldsByName = func() map[string]conversationField {
	named := make(map[string]conversationField, len(conversationFields))
	for _, field := range conversationFields {
		named[field.name] = field
	}
	return named
}()
