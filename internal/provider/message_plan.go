package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// planOwned does the same as planConversation, with the messages.
func (n numbers) planOwned(config ownedModel, prior *ownedModel) (planned ownedModel, replace bool) {
	planned.conversationModel, replace = n.planConversation(config.conversationModel, prior.conversation())
	owned := types.MapNull(messageType)
	if prior != nil && !replace {
		owned = prior.Messages
	}
	planned.Messages = planMessages(config.Messages, owned)
	return planned, replace
}

// differsFrom reports whether the plan m changes anything in the CRM that prior
// describes.
func (m ownedModel) differsFrom(prior ownedModel) bool {
	return m.Revision.IsUnknown() || !m.Messages.Equal(prior.Messages)
}

// sameMessages reports whether the plan leaves the messages as they are in prior.
func (m ownedModel) sameMessages(prior ownedModel) bool {
	if m.Messages.IsUnknown() || messagesFrom(m.Messages).haveUnknown() {
		return false
	}
	work := newMessageWork(path.Empty(), reference(prior.ID), m.Messages, prior.Messages, engine.NoFloor, &messageMemory{})
	return len(work.removals) == 0 && !slices.ContainsFunc(work.writes, func(write messageWrite) bool {
		return write.prior == nil || len(write.change.Input.Fields()) > 0 // not only restored
	})
}

// haveUnknown reports whether any value that is sent is unknown.
func (m messages) haveUnknown() bool {
	return m.have(func(m *messageModel) bool { return m == nil || m.hasUnknown() })
}

// respelled returns planned messages in the spelling of the configuration. Terraform accepts no other spelling under
// a new key.
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

// planMessages plans the messages. If a message is configured under another key and is otherwise the same, it moves
// there with its id: a message that is created again may be sent again. An entry that has no message after that
// changes the message under its own key, or is a new message.
func planMessages(config, prior types.Map) types.Map {
	if config.IsNull() {
		return types.MapNull(messageType)
	}
	if config.IsUnknown() {
		return types.MapUnknown(messageType)
	}
	configured, before := configuredMessages(config), messagesFrom(prior)
	planned := messages{}
	var needy []string // keys whose own message is not the same
	for _, key := range configured.keys() {
		message := configured[key]
		if message == nil {
			planned[key] = nil
		} else if next := message.sameAs(before[key]); next != nil {
			planned[key] = next
			delete(before, key)
		} else {
			needy = append(needy, key)
		}
	}
	// A message with unknown values may turn out to be any message that is left.
	isUnknown := func(m *messageModel) bool { return m == nil }
	isOpen := configured.haveUnknown() && (len(needy) != 1 || len(before) != 1 || configured.have(isUnknown))
	if !isOpen {
		needy = before.takeAll(configured, needy, planned)
	}
	copied := messagesFrom(config)
	for _, key := range needy {
		message, owned := *configured[key], before[key]
		if owned != nil && !isOpen && !owned.ID.IsUnknown() && message.mayBecomeOf(*owned) {
			planned[key] = message.plannedFrom(*owned)
			continue
		}
		if message.ID.IsNull() {
			message.ID = types.StringUnknown()
		}
		if message.ID.IsUnknown() && isKnown(copied[key].ID) {
			// Terraform insists on the id that ignore_changes has copied, although it belongs to another message. The
			// next refresh finds the right id.
			message.ID = copied[key].ID
		}
		message.IsDeleted = types.BoolUnknown()
		planned[key] = &message
	}
	return planned.toMap()
}

// configuredMessages returns the messages of a configuration. With ignore_changes, Terraform copies the state into
// the configuration, including computed attributes. An id next to content therefore comes from the state, and does
// not attach a message.
func configuredMessages(config types.Map) messages {
	configured := messagesFrom(config)
	for _, message := range configured {
		if message != nil && !message.isAttached() {
			message.ID = types.StringNull()
		}
	}
	return configured
}

// mayBecomeOf reports whether the owned message can become the configured one. Either
// both are the same attached message, or neither is attached.
func (m messageModel) mayBecomeOf(owned messageModel) bool {
	if !m.ID.IsNull() {
		return owned.isAttached() && sameReference(m.ID, owned.ID)
	}
	return !owned.isAttached()
}

// plannedFrom returns the plan that turns the owned message into the configured one. A
// soft-deleted message is restored.
func (m messageModel) plannedFrom(owned messageModel) *messageModel {
	m.ID = owned.ID
	m.IsDeleted = restored(owned.IsDeleted)
	m.keepSpellingOf(owned)
	return &m
}

// keepSpellingOf keeps the spelling of the owned message in each field that has the same value.
func (m *messageModel) keepSpellingOf(owned messageModel) {
	for _, field := range sentFields {
		field.set(m, keepSpelling(field.get(&owned), field.get(m), sameInMessage(field)))
	}
}

// sameAs returns the plan that keeps the owned message. It returns nil unless the message is the same in every field.
func (m messageModel) sameAs(owned *messageModel) *messageModel {
	if owned == nil || owned.ID.IsUnknown() || m.hasUnknown() || !m.mayBecomeOf(*owned) {
		return nil
	}
	next := m.plannedFrom(*owned)
	if input := next.toAPI(owned); len(input.Fields()) > 0 {
		return nil
	}
	return next
}

// takeAll plans the messages under the keys needy. Each takes a message of m that is the same in every field, or else
// the only one with the same text and direction. The function returns the keys for which there is none.
func (m messages) takeAll(configured messages, needy []string, planned messages) (left []string) {
	hasNoID := func(key string) bool { return m[key] == nil || !isKnown(m[key].ID) }
	held := m.byText(slices.DeleteFunc(m.keys(), hasNoID))
	take := func(key, from string, next *messageModel) {
		next.spelledAs(configured[key])
		planned[key] = next
		delete(m, from)
	}
	isPlanned := func(key string) bool { return planned[key] != nil }
	for text, keys := range configured.byText(needy) {
		for _, key := range keys {
			for _, from := range held[text] {
				if next := configured[key].sameAs(m[from]); next != nil {
					take(key, from, next)
					break
				}
			}
		}
		keys, held := slices.DeleteFunc(keys, isPlanned), slices.DeleteFunc(held[text], hasNoID)
		if len(keys) == 1 && len(held) == 1 && configured[keys[0]].mayBecomeOf(*m[held[0]]) {
			take(keys[0], held[0], configured[keys[0]].plannedFrom(*m[held[0]]))
		}
	}
	return slices.DeleteFunc(needy, isPlanned)
}

// byText returns the keys by the directions and the texts of their messages.
func (m messages) byText(keys []string) map[string][]string {
	found := map[string][]string{}
	for _, key := range keys {
		text := m[key].Direction.ValueString() + " " + engine.KeptContent(m[key].Content.ValueString())
		found[text] = append(found[text], key)
	}
	return found
}

func (m messageModel) hasUnknown() bool {
	return m.ID.IsUnknown() || slices.ContainsFunc(sentFields, func(field messageField) bool { return hasUnknown(field.get(&m)) })
}

// spelledAsIn returns the configuration in the spelling of a prior state. Terraform accepts both spellings, but a
// plan with unknown values must choose the same one as a plan without.
func (m ownedModel) spelledAsIn(n numbers, prior *ownedModel) *ownedModel {
	for _, field := range configurableFields {
		if value := field.get(&m.conversationModel); !value.IsNull() {
			field.set(&m.conversationModel, keepSpelling(field.get(&prior.conversationModel), value, field.same(n, types.StringNull())))
		}
	}
	messages, before := messagesFrom(m.Messages), messagesFrom(prior.Messages)
	for key, message := range messages {
		if owned := before[key]; message != nil && owned != nil {
			message.keepSpellingOf(*owned)
		}
	}
	if len(before) > 0 && len(messages) > 0 {
		m.Messages = messages.toMap()
	}
	return &m
}
