package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// planOwned is planConversation with the messages.
func (n numbers) planOwned(config ownedModel, prior *ownedModel) (planned ownedModel, replace bool) {
	planned.conversationModel, replace = n.planConversation(config.conversationModel, prior.conversation())
	owned := types.MapNull(messageType)
	if prior != nil && !replace {
		owned = prior.Messages
	}
	planned.Messages = planMessages(config.Messages, owned)
	return planned, replace
}

// differsFrom reports whether anything is to be written to turn prior into the
// plan m.
func (m ownedModel) differsFrom(prior ownedModel) bool {
	return m.Revision.IsUnknown() || !m.Messages.Equal(prior.Messages)
}

// sameMessages reports whether the messages are to stay as they are in prior.
func (m ownedModel) sameMessages(prior ownedModel) bool {
	if m.Messages.IsUnknown() || messagesFrom(m.Messages).haveUnknown() {
		return false
	}
	work := newMessageWork(path.Empty(), reference(prior.ID), m.Messages, prior.Messages, engine.NoFloor, newMessageMemory())
	return len(work.removals) == 0 && !slices.ContainsFunc(work.writes, func(write messageWrite) bool {
		return write.prior == nil || len(write.change.Input.Fields()) > 0 // not only restored
	})
}

// haveUnknown reports whether anything that is sent is yet to be known.
func (m messages) haveUnknown() bool {
	for _, message := range m {
		if message == nil || message.hasUnknown() {
			return true
		}
	}
	return false
}

// respelled returns planned messages written as the configuration does: under a
// new key, Terraform knows no other spelling.
func respelled(planned, config types.Map) types.Map {
	if planned.IsNull() || planned.IsUnknown() {
		return planned
	}
	state, spelled := messagesFrom(planned), configuredMessages(config)
	for key, message := range state {
		if message != nil {
			message.spelledAs(spelled[key])
		}
	}
	return state.toMap()
}

// planMessages returns what the messages are to become. One that is configured
// under another key, and is the same in everything, moves there with its id:
// a message that is made anew may be sent anew.
func planMessages(config, prior types.Map) types.Map {
	if config.IsNull() {
		return types.MapNull(messageType)
	}
	if config.IsUnknown() {
		return types.MapUnknown(messageType)
	}
	configured, before := configuredMessages(config), messagesFrom(prior)
	planned := messages{}
	var open []string
	for _, key := range configured.keys() {
		switch message, owned := configured[key], before[key]; {
		case message == nil:
			planned[key] = nil
		case owned != nil && !owned.ID.IsUnknown() && message.mayBecomeOf(*owned):
			next := message.plannedFrom(*owned)
			planned[key] = &next
			delete(before, key)
		default:
			open = append(open, key)
		}
	}
	if configured.haveUnknown() {
		before = messages{} // what is not known yet may be what is left
	}
	copied := messagesFrom(config)
	for _, key := range open {
		planned[key] = before.take(*configured[key])
		if planned[key].ID.IsUnknown() && isKnown(copied[key].ID) {
			// Terraform insists on what ignore_changes has copied, though the message is
			// another one. The next refresh finds its id.
			planned[key].ID = copied[key].ID
		}
	}
	return planned.toMap()
}

// configuredMessages returns the messages of a configuration. With ignore_changes,
// Terraform copies there what the state holds, computed attributes too: the id of
// a message that has content is the state's own, and attaches nothing.
func configuredMessages(config types.Map) messages {
	configured := messagesFrom(config)
	for _, message := range configured {
		if message != nil && !message.isAttached() {
			message.ID = types.StringNull()
		}
	}
	return configured
}

// mayBecomeOf reports whether the configured message can be made of the owned
// one: either both are attached ones, and the same, or none is.
func (m messageModel) mayBecomeOf(owned messageModel) bool {
	if !m.ID.IsNull() {
		return owned.isAttached() && sameReference(m.ID, owned.ID)
	}
	return !owned.isAttached()
}

// plannedFrom returns the plan of a configured message that becomes of the owned one. A
// soft-deleted message is restored.
func (m messageModel) plannedFrom(owned messageModel) messageModel {
	m.ID = owned.ID
	m.IsDeleted = restored(owned.IsDeleted)
	for _, field := range sentFields {
		field.set(&m, keep(field.get(&owned), field.get(&m), sameInMessage(field)))
	}
	return m
}

// take returns the plan of a message for which its key has none yet: one of
// those that are left, if it is the same in everything, or a new one.
func (m messages) take(configured messageModel) *messageModel {
	for _, key := range m.keys() {
		owned := m[key]
		if owned == nil || !isKnown(owned.ID) || !configured.mayBecomeOf(*owned) || configured.hasUnknown() {
			continue
		}
		next := configured.plannedFrom(*owned)
		if input := next.toAPI(owned); len(input.Fields()) == 0 {
			next.spelledAs(&configured)
			delete(m, key)
			return &next
		}
	}
	if configured.ID.IsNull() {
		configured.ID = types.StringUnknown()
	}
	configured.IsDeleted = types.BoolUnknown()
	return &configured
}

func (m messageModel) hasUnknown() bool {
	return m.ID.IsUnknown() || slices.ContainsFunc(sentFields, func(field messageField) bool { return hasUnknown(field.get(&m)) })
}
