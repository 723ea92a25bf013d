package provider

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// ownedModel is a conversation that Terraform manages, with its messages.
type ownedModel struct {
	conversationModel

	Messages types.Map `tfsdk:"messages"` // of messageModel
}

// conversation returns the conversation of m, nil for none.
func (m *ownedModel) conversation() *conversationModel {
	if m == nil {
		return nil
	}
	return &m.conversationModel
}

// messages are the messages of a conversation by key. A message is nil if all of it is
// unknown.
type messages map[string]*messageModel

// messagesFrom returns the messages of a known map.
func messagesFrom(m types.Map) messages {
	found := messages{}
	for key, element := range m.Elements() {
		found[key] = nil
		if object, ok := element.(types.Object); ok && !object.IsUnknown() && !object.IsNull() {
			message := messageFromObject(object)
			found[key] = &message
		}
	}
	return found
}

func messageFromObject(object types.Object) (m messageModel) {
	attributes := object.Attributes()
	for _, field := range messageFields {
		field.set(&m, attributes[field.name])
	}
	return m
}

// toMap returns the messages as the value of the attribute.
func (m messages) toMap() types.Map {
	elements := make(map[string]attr.Value, len(m))
	for key, message := range m {
		if message == nil {
			elements[key] = types.ObjectUnknown(messageType.AttrTypes)
			continue
		}
		attributes := make(map[string]attr.Value, len(messageFields))
		for _, field := range messageFields {
			attributes[field.name] = field.get(message)
		}
		elements[key] = types.ObjectValueMust(messageType.AttrTypes, attributes)
	}
	return types.MapValueMust(messageType, elements)
}

func (m messages) keys() []string { return slices.Sorted(maps.Keys(m)) }

// keysByID returns the keys of the messages by their ids, as far as those are known.
func (m messages) keysByID() map[client.ID]string {
	keys := make(map[client.ID]string, len(m))
	for key, message := range m {
		if message != nil && isKnown(message.ID) {
			keys[reference(message.ID)] = key
		}
	}
	return keys
}

// have reports whether any of the messages is like this.
func (m messages) have(like func(*messageModel) bool) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(m)), like)
}

// isAttached reports whether the message is an existing one that Terraform does not
// change.
func (m messageModel) isAttached() bool { return m.Content.IsNull() }

// isOutgoing reports whether the message goes from the phone to the recipient.
func (m messageModel) isOutgoing() bool {
	return m.Direction.ValueString() == client.MessageDirections.Name(outgoing)
}

const outgoing = 1 // of [client.MessageDirections]

// toAPI returns what must be written to turn prior, nil for none, into m.
func (m messageModel) toAPI(prior *messageModel) client.MessageInput {
	var input client.MessageInput
	if prior == nil {
		prior = &messageModel{}
	}
	for _, field := range sentFields {
		if value := field.get(&m); isKnown(value) && !sameInMessage(field)(value, field.get(prior)) {
			field.write(&input, value)
		}
	}
	return input
}

// baseline returns the baseline of the message. It contains only the fields that the state has, because the CRM sets
// the rest.
func (m messageModel) baseline(conversation client.ID, asOf int64) *engine.Baseline {
	b := &engine.Baseline{Revision: engine.NoFloor, AsOf: asOf, Fields: map[string]string{
		"text_message_conversation_id": engine.TextOf(conversation),
	}}
	for _, field := range sentFields {
		if text := field.text(numbers{}, field.get(&m)); text != "" {
			b.Fields[field.name] = text
		}
	}
	return b
}

// messageFromAPI returns a message as Terraform sees it. A field that like omits stays null. A value that means the
// same as in like keeps the spelling of like. A value that a stub does not show stays as in like.
func messageFromAPI(message client.Message, like messageModel) messageModel {
	m := like
	m.ID = keepSpelling(like.ID, referenceFromAPI(message.ID), sameReference)
	m.IsDeleted = types.BoolValue(message.IsDeleted)
	if like.isAttached() || engine.IsStub(message) {
		return m
	}
	for _, field := range sentFields {
		if value := field.get(&like); !value.IsNull() {
			field.set(&m, keepSpelling(value, field.read(&message), sameInMessage(field)))
		}
	}
	return m
}

// spelledAs gives the values the spelling of the configuration.
func (m *messageModel) spelledAs(config *messageModel) {
	for _, field := range sentFields {
		field.set(m, field.get(config))
	}
	m.ID = planComputed(config.ID, m.ID)
}

// sameInMessage returns the comparison of two values in a message, which has no phone
// number.
func sameInMessage(field messageField) func(a, b attr.Value) bool {
	return field.same(numbers{}, types.StringNull())
}
