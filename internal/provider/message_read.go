package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A messageRefresh replaces the messages in a state with what the CRM holds.
type messageRefresh struct {
	layout

	api    *engine.Engine
	memory *messageMemory

	found map[client.ID]client.Message
	diags diag.Diagnostics // warnings
}

// asOf returns the as-of of conversations with their messages, which may be as old as the list that all resources
// share.
func (r *messageRefresh) asOf(conversations int64) int64 {
	if listed := r.api.Messages.ListedAsOf(); listed > engine.NoFloor {
		return min(conversations, listed)
	}
	return conversations
}

// of refreshes the messages of all entries.
func (r *messageRefresh) of(ctx context.Context, e entries) (err error) {
	var ids []client.ID
	for key, entry := range e {
		if e.exists(key) {
			r.memory.tell(r.api, entry.Messages)
			ids = slices.AppendSeq(ids, maps.Keys(messagesFrom(entry.Messages).keysByID()))
		}
	}
	if r.found, err = readAll(ctx, r.layout, r.api.Messages, ids); err != nil {
		return err
	}
	for _, key := range e.keys() {
		if !e.exists(key) {
			continue
		}
		if err := r.set(ctx, r.at(key), e[key]); err != nil {
			return err
		}
	}
	return nil
}

// set replaces the messages of the conversation at a path with the messages that were found. It drops messages that
// are gone or now belong to another conversation. It looks for messages that were created and whose id is unknown.
func (r *messageRefresh) set(ctx context.Context, at path.Path, m *ownedModel) error {
	if m.Messages.IsNull() {
		m.Messages = types.MapNull(messageType)
		return nil
	}
	conversation := reference(m.ID)
	_, isOpen := r.memory.Since[conversation]
	state := messagesFrom(m.Messages)
	var unnamed []string
	for _, key := range state.keys() {
		message, ok := r.found[reference(state[key].ID)]
		if ok && message.TextMessageConversationID.IsZero() && !state[key].isAttached() {
			return fmt.Errorf("the message %s belongs to no conversation, or the reply does not show the conversation", message.ID)
		}
		isElsewhere := !ok || message.TextMessageConversationID != conversation
		switch {
		case !isKnown(state[key].ID) && r.memory.Refused[conversation][state[key].digest()] > 0:
			r.memory.Refused[conversation][state[key].digest()]--
			delete(state, key)
		case !isKnown(state[key].ID), isOpen && isElsewhere && !state[key].isAttached():
			unnamed = append(unnamed, key)
		case !ok && m.IsDeleted.ValueBool(): // the CRM may hide it until its conversation is restored
		case isElsewhere:
			if ok {
				r.diags.Append(warnOfElsewhere(at.AtName("messages").AtMapKey(key), *state[key], message))
			}
			delete(state, key)
		default:
			r.replace(state, key, message)
		}
	}
	if !m.IsDeleted.ValueBool() {
		if err := r.find(ctx, at.AtName("messages"), conversation, state, unnamed); err != nil {
			return err
		}
		if !state.have(func(m *messageModel) bool { return m.ID.IsNull() }) {
			delete(r.memory.Since, conversation)
		}
		if len(unnamed) > 0 && !slices.ContainsFunc(unnamed, func(key string) bool { return state[key] == nil }) {
			delete(r.memory.Lost, conversation) // each has been found, or stays in the state without an id
		}
	}
	m.Messages = state.toMap()
	return nil
}

// warnOfElsewhere warns of a message of the state that is in another conversation now.
func warnOfElsewhere(at path.Path, was messageModel, now client.Message) diag.Diagnostic {
	advice := "If it should stay there, remove the key from messages: otherwise, the apply creates the message again, and the CRM may send it again."
	if was.isAttached() {
		advice = "If the configuration still declares its id here, the apply moves it back. If another resource or entry declares the same id, each " +
			"apply takes the message from the other one: keep the id in one of them."
	}
	return diag.NewAttributeWarningDiagnostic(at, "Text Message in Another Conversation", located(at, fmt.Sprintf(
		"The message %s is no longer in this conversation, but in the conversation %s. %s", now.ID, now.TextMessageConversationID, advice)))
}

// replace replaces the message under a key with what the CRM holds.
func (r *messageRefresh) replace(state messages, key string, message client.Message) {
	actual := messageFromAPI(message, *state[key])
	if !engine.IsStub(message) && message.Revision > 0 {
		note(&r.memory.Revisions, message.ID, message.Revision)
	}
	state[key] = &actual
}

// find looks for the messages under these keys in the conversation, and sets their ids. It keeps a message that may
// exist there, even if it is unknown which one it is: sending it again could duplicate it. It drops the rest.
func (r *messageRefresh) find(ctx context.Context, at path.Path, conversation client.ID, state messages, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	claimed := map[client.ID]bool{}
	for key, message := range state {
		if !slices.Contains(keys, key) {
			claimed[reference(message.ID)] = true
		}
	}
	inputs := make([]client.MessageInput, len(keys))
	for i, key := range keys {
		inputs[i] = state[key].toAPI(nil)
	}
	others, err := r.api.MessagesOf(ctx, conversation, inputs, r.memory.since(conversation), claimed)
	if err != nil {
		return err
	}
	for _, key := range keys {
		state[key].ID = types.StringNull()
	}
	matched := engine.MatchMessages(inputs, others)
	left := unmatched(matched, others)
	for i, key := range keys {
		candidates := sameDirection(inputs[i], left)
		switch {
		case matched[i] >= 0:
			if r.memory.earlier(conversation, *state[key]) != nil { // else its conversation tells
				r.diags.Append(adoptedMessage(at.AtMapKey(key), others[matched[i]].ID))
			}
			r.replace(state, key, others[matched[i]])
		case len(candidates) > 0:
			r.diags.Append(unidentified(at.AtMapKey(key), candidates))
		default:
			r.memory.unseen(conversation, *state[key])
			delete(state, key)
		}
	}
	return nil
}
