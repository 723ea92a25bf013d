package provider

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// inlineMessages returns what is created along with a new conversation.
func inlineMessages(planned types.Map) client.Field[[]client.MessageInput] {
	var inputs []client.MessageInput
	wanted := messagesFrom(planned)
	for _, key := range wanted.keys() {
		if message := wanted[key]; message != nil && !message.isAttached() {
			inputs = append(inputs, message.toAPI(nil))
		}
	}
	if len(inputs) == 0 {
		return client.Field[[]client.MessageInput]{}
	}
	return client.Value(inputs)
}

// createdMessages returns the planned messages of a new conversation as they are
// once it is there: those that were created along have an id, null where it is
// not known which they are; the others are yet to be attached.
func createdMessages(planned types.Map, made []client.Ref[client.Message]) (state, attach types.Map) {
	if planned.IsNull() {
		return types.MapNull(messageType), types.MapNull(messageType)
	}
	known, open := messages{}, messagesFrom(planned)
	wanted := messagesFrom(planned)
	maps.DeleteFunc(wanted, func(_ string, m *messageModel) bool { return m == nil || m.isAttached() })
	take := func(key string, actual client.Message) {
		m := wanted[key].applied(actual)
		known[key], open[key] = &m, &m
		delete(wanted, key)
	}
	for _, same := range sameMessage {
		for _, key := range wanted.keys() {
			i := slices.IndexFunc(made, func(ref client.Ref[client.Message]) bool {
				return ref.Record != nil && same(wanted[key].toAPI(nil), *ref.Record)
			})
			if i >= 0 {
				take(key, *made[i].Record)
				made = slices.Delete(slices.Clone(made), i, i+1)
			}
		}
	}
	for _, key := range wanted.keys() {
		take(key, client.Message{})
	}
	return known.toMap(), open.toMap()
}

// sameMessage are the ways in which a message in the CRM may be one that was
// created, the surest first: the CRM may have changed it by itself. All that are
// in a new conversation are ours.
var sameMessage = []func(client.MessageInput, client.Message) bool{
	client.MessageInput.Agrees,
	client.MessageInput.IsLike,
	func(in client.MessageInput, m client.Message) bool {
		direction, _ := in.Direction.Get()
		return direction == m.Direction
	},
}

// failedMessages returns the planned messages of a conversation that could not
// be created.
func failedMessages(planned types.Map) types.Map {
	if planned.IsNull() {
		return types.MapNull(messageType)
	}
	state := messagesFrom(planned)
	for key, message := range state {
		m := message.applied(client.Message{})
		state[key] = &m
	}
	return state.toMap()
}
