package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// messageIDs returns the ids of the messages that are known.
func (m ownedModel) messageIDs() []client.ID {
	var ids []client.ID
	for _, message := range messagesFrom(m.Messages) {
		if message != nil && isKnown(message.ID) {
			ids = append(ids, reference(message.ID))
		}
	}
	return ids
}

// refreshMessages replaces the messages with what the CRM holds.
func (m *ownedModel) refreshMessages(ctx context.Context, api *client.Client) error {
	found := map[client.ID]client.Message{}
	for _, id := range m.messageIDs() {
		message, err := api.Messages.Read(ctx, id)
		switch {
		case err == nil:
			found[id] = message
		case client.ProblemOf(err) != client.NotFound:
			return err
		}
	}
	return m.setMessages(ctx, api, found)
}

// refreshMessages replaces the messages of all entries with what the CRM holds.
func (e entries) refreshMessages(ctx context.Context, api *client.Client) error {
	var ids []client.ID
	for key := range e {
		if e.exists(key) {
			ids = append(ids, e[key].messageIDs()...)
		}
	}
	found, err := api.Messages.FetchMany(ctx, ids, client.NoFloor)
	if err != nil {
		return err
	}
	for key, entry := range e {
		if !e.exists(key) {
			continue
		}
		if err := entry.setMessages(ctx, api, found); err != nil {
			return err
		}
	}
	return nil
}

// setMessages replaces the messages with those that were found, and drops those
// that were not, or belong to another conversation now. One that was created
// and has no id yet is looked for.
func (m *ownedModel) setMessages(ctx context.Context, api *client.Client, found map[client.ID]client.Message) error {
	if m.Messages.IsNull() {
		m.Messages = types.MapNull(messageType)
		return nil
	}
	state := messagesFrom(m.Messages)
	var unnamed []string
	for _, key := range state.keys() {
		if !isKnown(state[key].ID) {
			unnamed = append(unnamed, key)
			continue
		}
		message, ok := found[reference(state[key].ID)]
		switch {
		case !ok && m.IsDeleted.ValueBool():
			continue // it need not be shown before its conversation is restored
		case !ok || message.TextMessageConversationID != reference(m.ID):
			delete(state, key)
			continue
		}
		actual := messageFromAPI(message, *state[key])
		state[key] = &actual
	}
	if len(unnamed) > 0 && !m.IsDeleted.ValueBool() {
		if err := state.find(ctx, api, reference(m.ID), unnamed); err != nil {
			return err
		}
	}
	m.Messages = state.toMap()
	return nil
}

// find gives the messages under these keys the ids of messages of the
// conversation that agree with them, and drops those for which there is none.
func (m messages) find(ctx context.Context, api *client.Client, conversation client.ID, keys []string) error {
	others, err := api.MessagesOf(ctx, conversation)
	if err != nil {
		return err
	}
	taken := map[client.ID]bool{}
	for _, message := range m {
		taken[reference(message.ID)] = true
	}
	found := map[string]bool{}
	for _, same := range sameMessage[:2] {
		for _, key := range keys {
			i := slices.IndexFunc(others, func(other client.Message) bool {
				return !found[key] && !taken[other.ID] && same(m[key].toAPI(nil), other)
			})
			if i >= 0 {
				actual := messageFromAPI(others[i], *m[key])
				m[key], found[key], taken[others[i].ID] = &actual, true, true
			}
		}
	}
	maps.DeleteFunc(m, func(key string, _ *messageModel) bool { return slices.Contains(keys, key) && !found[key] })
	return nil
}
