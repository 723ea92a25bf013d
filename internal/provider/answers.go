package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// add notes the answer to a create that could not be read back. It skips adopted conversations, which are proven.
func (u unreadAnswers) add(create conversationChange, result engine.Result[client.Conversation], inUpdate bool) {
	id := idInState(result)
	if result.Err == nil || result.Adopted || id.IsZero() || !create.Input.ID.IsZero() {
		return
	}
	made := engine.Attempt{Since: result.Since}
	if create.Earlier != nil {
		made = *create.Earlier
		messages, _ := create.Input.Messages.Get()
		made.Messages = append(made.Messages, messages)
	}
	tried, _ := attemptAt(&engine.LostCreateError{Attempt: made}, create)
	tried.InUpdate = inUpdate
	u[id] = tried
}

// checkAnswers checks the answers that could not be read back. If the answer named another conversation, the entry
// loses that id, and the outcome of its create is unknown again. The same applies to messages.
func (m *memory) checkAnswers(ctx context.Context, api *engine.Engine, e entries) diag.Diagnostics {
	return append(m.checkConversations(ctx, api, e), m.checkMessages(ctx, api, e)...)
}

func (m *memory) checkConversations(ctx context.Context, api *engine.Engine, e entries) diag.Diagnostics {
	if len(m.unread) == 0 {
		return nil
	}
	keys, due := e.keysByID(), map[client.ID]conversationChange{}
	for id := range keys {
		if tried, isUnread := m.unread[id]; isUnread {
			due[id] = conversationChange{Input: tried.Sent, Earlier: tried.earlier()}
		}
	}
	wrong, err := api.Conversations.CheckAnswers(ctx, due)
	if err != nil {
		return failure{action: "Read", what: m.what(), err: err}.diagnostics()
	}
	var names []string
	for _, id := range wrong {
		key := keys[id]
		e[key].ID = types.StringNull()
		m.open[freeKey(m.open, key)] = m.unread[id]
		names = append(names, underKey(key, id.String()))
	}
	clear(m.unread)
	slices.Sort(names)
	return warnOf(names, m.root(), "Reply Names Another Text Message Conversation",
		"The CRM answered the create of a conversation with the id of another one, which the provider couldn't read at that time: %s. The create can't have made it: it existed "+
			"before, has another phone or number, or doesn't exist. So the provider removes it from the state and leaves it alone. The provider looks for what the create has made.")
}

func (m *memory) checkMessages(ctx context.Context, api *engine.Engine, e entries) (diags diag.Diagnostics) {
	if len(m.messages.Unread) == 0 {
		return nil
	}
	due := map[client.ID]messageChange{}
	for conversation, owned := range e.byID() {
		for _, message := range messagesFrom(owned.Messages) {
			if since, isUnread := m.messages.Unread[reference(message.ID)]; isUnread {
				create := messageChange{Input: message.toAPI(nil), Earlier: &engine.Attempt{Since: engine.Moment{Revision: since}}}
				create.Input.TextMessageConversationID = client.Value(conversation)
				due[reference(message.ID)] = create
			}
		}
	}
	wrong, err := api.Messages.CheckAnswers(ctx, due)
	if err != nil {
		return failure{action: "Read", what: m.what(), err: fmt.Errorf("reading its messages failed: %w", err)}.diagnostics()
	}
	var names []string
	for conversation, entry := range e.keysByID() {
		state := messagesFrom(e[entry].Messages)
		for _, key := range state.keys() {
			id := reference(state[key].ID)
			if !slices.Contains(wrong, id) {
				continue
			}
			state[key].ID = types.StringNull()
			m.messages.tried(conversation, m.messages.Unread[id])
			m.messages.lost(conversation, *state[key], m.messages.Unread[id])
			names = append(names, underKey(entry, underKey(key, id.String())))
			e[entry].Messages = state.toMap()
		}
	}
	clear(m.messages.Unread)
	slices.Sort(names)
	return warnOf(names, m.root(), "Reply Names Another Text Message",
		"The CRM answered the create of a message with the id of another one, which the provider couldn't read at that time: %s. The create can't have made it: it existed "+
			"before, is in another conversation, or doesn't exist. So the provider removes it from the state and leaves it alone. The provider looks for what the create has made.")
}

// checkUnread does the same as checkAnswers before an apply changes or deletes something, if there was no refresh
// since. If an update finds another conversation, it returns an error, because the plan was made for that one.
func (r *baseResource) checkUnread(ctx context.Context, memory *memory, e entries, isUpdate bool) diag.Diagnostics {
	if len(memory.unread)+len(memory.messages.Unread) == 0 {
		return nil
	}
	api, diags := r.engineFor(memory)
	if diags.HasError() {
		return diags
	}
	check := memory.checkConversations
	if isUpdate {
		check = memory.checkAnswers // a delete asks for no messages
	}
	wrong := check(ctx, api, e)
	if diags.Append(wrong...); isUpdate && len(wrong) > 0 && !wrong.HasError() {
		diags.AddError("Plan Made for Another Record", "This plan was made with -refresh=false, for the record that a warning of this resource names. "+
			"That record belongs to someone else, or doesn't exist. The provider changed nothing. Run terraform apply again.")
	}
	return diags
}
