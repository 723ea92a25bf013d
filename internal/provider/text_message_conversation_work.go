package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// begin prepares the work of a plan: that of a map with one entry. prior is empty for a new
// conversation.
func (r *conversationResource) begin(plan conversationResourceModel, planned, prior entries, memory *memory) (*conversationWork, diag.Diagnostics) {
	w := &conversationWork{layout: r.layout, provider: r.provider, memory: memory, level: r.provider.validationLevel(plan.ValidationLevel), abandon: abandons(plan.DeletionPolicy), isNew: len(prior) == 0}
	if plan.AdoptExisting.ValueBool() {
		w.own = map[client.ID]*ownedModel{}
	}
	w.prepare(planned, prior)
	if !w.isNeeded() {
		return w, nil
	}
	var diags diag.Diagnostics
	w.api, diags = r.engineFor(memory)
	return w, diags
}

// applySingle creates or updates the conversation of a single resource, and then its messages. If a
// create fails, the state has no entry. If its outcome is unknown, the entry has no id, and the memory
// knows what to look for.
func (w *conversationWork) applySingle(ctx context.Context) diag.Diagnostics {
	w.write(ctx)
	w.writeMessages(ctx)
	if open := w.openCreates(); len(open) > 0 {
		w.keepAsTried(open)
		w.state[""].Revision = w.state.revision(open)
	}
	return w.done("Update")
}

// read returns what the CRM holds of the state, nil if it is gone.
func (r *conversationResource) read(ctx context.Context, api *engine.Engine, state conversationResourceModel, memory *memory) (*ownedModel, diag.Diagnostics) {
	if !isKnown(state.ID) {
		return r.readOpen(ctx, api, state, memory)
	}
	owned := &state.ownedModel
	if diags := memory.claim(api, path.Root("id"), reference(state.ID)); diags.HasError() {
		return owned, diags
	}
	conversation, err := api.Conversations.Read(ctx, reference(state.ID))
	switch {
	case client.ProblemOf(err) == client.NotFound:
		return nil, nil
	case err != nil:
		return owned, r.unreadable(state.conversationModel, err)
	}
	return owned, r.take(ctx, api, owned, conversation, memory)
}

// readOpen does the same for a conversation of which it is unknown whether it exists.
func (r *conversationResource) readOpen(ctx context.Context, api *engine.Engine, state conversationResourceModel, memory *memory) (*ownedModel, diag.Diagnostics) {
	owned := &state.ownedModel
	if r.provider.owners.isGone(memory.owner) {
		return owned, nil
	}
	memory.recall("", state.ownedModel)
	if len(memory.open) == 0 && memory.space.ID != "" {
		return nil, nil // the attempt was repeated, and the CRM refused it
	}
	adopted, left, failed := entries{"": owned}.lookInRefresh(ctx, api, memory, state.DeletionPolicy)
	found, isFound := adopted[""]
	switch {
	case len(failed) > 0:
		return owned, r.unreadable(state.conversationModel, failed[""].Err)
	case !isFound:
		owned.Revision = entries{"": owned}.revision(memory.open)
		return owned, warnOfOpen(state.DeletionPolicy, left[""])
	}
	return owned, append(warnOfAdoption(path.Empty(), adopted, true), r.take(ctx, api, owned, found.Value, memory)...)
}

// take makes the state that of the conversation, and reads its messages.
func (r *conversationResource) take(ctx context.Context, api *engine.Engine, owned *ownedModel, conversation client.Conversation, memory *memory) diag.Diagnostics {
	owned.conversationModel = memory.numbers.conversationFromAPI(conversation, owned.conversationModel)
	messages := messageRefresh{api: api, memory: memory.messages, layout: r.layout}
	if err := messages.of(ctx, entries{"": owned}); err != nil {
		return r.unreadable(owned.conversationModel, fmt.Errorf("reading its messages failed: %w", err))
	}
	memory.asOf = messages.asOf(conversation.AsOf)
	return messages.diags
}

// unreadable returns the error of a conversation that could not be read.
func (r *conversationResource) unreadable(m conversationModel, err error) diag.Diagnostics {
	return failure{action: "Read", subject: m, err: err, remembered: true, causes: &r.provider.causes}.diagnostics()
}

// remove deletes the conversation of a state, or the one that an open create may have
// made.
func (r *conversationResource) remove(ctx context.Context, state conversationResourceModel, memory *memory) diag.Diagnostics {
	if !isKnown(state.ID) {
		memory.recall("", state.ownedModel)
	}
	w, diags := r.begin(state, nil, entries{"": &state.ownedModel}, memory)
	if diags.HasError() {
		return diags
	}
	w.remove(ctx)
	if w.api != nil {
		memory.space.seen(w.api)
	}
	return append(diags, w.done("Delete")...)
}

// unreadConversation returns what is known of a conversation that was written but not
// read back. The next refresh reads the rest.
func unreadConversation(id client.ID, prior *conversationModel) conversationModel {
	if prior != nil {
		return *prior
	}
	m := emptyConversation()
	m.ID = referenceFromAPI(id)
	return m
}

// differences warns of fields that the CRM holds in another value than was sent. at is
// the path of the conversation.
func (m conversationModel) differences(n numbers, at path.Path, sent client.ConversationInput, actual conversationModel) (diags diag.Diagnostics) {
	left := m.changedFields(n, &actual)
	for _, field := range sent.Fields() {
		if slices.Contains(left, field) {
			at := at.AtName(field)
			diags.AddAttributeWarning(at, "Value Not Kept by the CRM",
				located(at, fmt.Sprintf("The CRM accepted %s of the conversation %s, but shows a different "+
					"value. The next plan compares again.",
					field, actual.ID.ValueString())))
		}
	}
	return diags
}
