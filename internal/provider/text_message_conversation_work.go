package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// create creates the conversation with its messages, and attaches existing messages. If
// it fails, the id in the returned state stays unknown. If the outcome is unknown, the
// state has no id, and the memory knows what to look for.
func (r *conversationResource) create(ctx context.Context, plan conversationResourceModel, memory *memory) (ownedModel, diag.Diagnostics) {
	api, diags := r.engineFor(memory)
	if diags.HasError() {
		return plan.ownedModel, diags
	}
	change, level := plan.change(memory.numbers, nil), r.provider.validationLevel(plan.ValidationLevel)
	change.Input.Messages, change.Owner = inlineMessages(plan.Messages), memory.name()
	memory.open.earlier(memory.numbers, &r.provider.left).repeatedBy(plan.conversationModel).repeatIn(&change)
	if plan.AdoptExisting.ValueBool() && plan.mayExist() && change.Earlier == nil { // else the engine looks for that
		found, more := r.findExisting(ctx, api, memory.numbers, plan.conversationModel, whileApplying)
		if diags.Append(more...); diags.HasError() {
			return plan.ownedModel, diags
		}
		if found != nil {
			state, more := r.adoptExisting(ctx, api, plan, *found, memory)
			return state, append(diags, more...)
		}
	}
	made := api.Conversations.CreateOrUpdate(ctx, change, level)
	memory.space.seen(api)
	if tried, isOpen := attemptAt(made.Err, change); isOpen {
		memory.open[""] = tried
		state := plan.notCreated(client.ID{})
		state.Revision = entries{"": &state}.revision(memory.open)
		f := failure{action: "Create", subject: plan.conversationModel, err: made.Err, remembered: true, taints: change.Earlier == nil, causes: &r.provider.causes}
		return state, append(diags, f.diagnostics()...)
	}
	state := plan.ownedModel
	var more diag.Diagnostics
	state.conversationModel, more = plan.written(memory.numbers, failure{action: "Create", subject: plan.conversationModel, err: made.Err, causes: &r.provider.causes}, change.Input, made.Value, nil)
	diags.Append(more...)
	if diags.HasError() {
		return plan.ownedModel, diags
	}
	memory.unread.add(change, made, false)
	diags.Append(warnOfAdoption(path.Empty(), createResults{"": made}, false)...)
	if plan.AdoptExisting.ValueBool() {
		diags.Append(warnOfNotAdopted(path.Empty(), createResults{"": made})...)
	}
	messages, wanted, more := createdMessages(path.Empty(), reference(state.ID), plan.Messages, change.Earlier, made, memory.messages)
	diags.Append(more...)
	work := newMessageWork(path.Empty(), reference(state.ID), wanted, messages, engine.NoFloor, memory.messages)
	work.runEach(ctx, api, level)
	diags.Append(work.warnings()...)
	state.Messages = work.toMap()
	return state, diags
}

// adoptExisting turns an existing conversation into the planned one. If it fails, it leaves
// nothing in the state: Terraform would take it for a failed create, and destroy it.
func (r *conversationResource) adoptExisting(ctx context.Context, api *engine.Engine, plan conversationResourceModel, existing client.Conversation, memory *memory) (ownedModel, diag.Diagnostics) {
	prior := memory.numbers.conversationFromAPI(existing, plan.conversationModel)
	change, level := plan.changeAsOf(memory.numbers, prior, existing.AsOf), r.provider.validationLevel(plan.ValidationLevel)
	state := ownedModel{conversationModel: plan.applied(prior)}
	var diags diag.Diagnostics
	if change.IsNeeded() {
		made := api.Conversations.CreateOrUpdate(ctx, change, level)
		f := failure{action: "Update", subject: prior, err: made.Err, causes: &r.provider.causes}
		state.conversationModel, diags = plan.written(memory.numbers, f, change.Input, made.Value, &prior)
		if diags.HasError() {
			r.provider.existing.release(existing.ID)
			return plan.ownedModel, diags
		}
	}
	memory.space.seen(api)
	diags.Append(warnOfExistingOne(existing.ID, whileApplying, plan.Messages))
	work := newMessageWork(path.Empty(), existing.ID, plan.Messages, types.MapNull(messageType), engine.NoFloor, memory.messages)
	work.runEach(ctx, api, level)
	diags.Append(work.warnings()...)
	state.Messages = work.toMap()
	return state, diags
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
	messages := messageRefresh{api: api, memory: memory.messages}
	if err := messages.ofOne(ctx, owned); err != nil {
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
	id := reference(state.ID)
	if id.IsZero() {
		memory.recall("", state.ownedModel)
	}
	if abandons(state.DeletionPolicy) {
		r.provider.existing.abandon(id)
		r.provider.left.add(memory.numbers, memory.open)
		return warnOfLeft(path.Empty(), memory.open)
	}
	api, diags := r.engineFor(memory)
	if diags.HasError() {
		return diags
	}
	var found []string
	if memory.adopted[id] {
		found = append(found, id.String())
	}
	var err error
	if id.IsZero() {
		if keys := memory.open.keys(); len(keys) > 0 {
			made := memory.lookFor(ctx, api, keys, true)[0]
			id, err = made.Value.ID, made.Err
		}
		if !id.IsZero() {
			found = append(found, id.String())
		}
		if !memory.early.mayDelete("", id) && len(found) > 0 {
			return append(diags, warnOfUnsure(path.Empty(), found...)...)
		}
	}
	if isKnown(state.ID) {
		api.Conversations.Claim(memory.owner, id) // a refresh of this run may have adopted it for this resource
	}
	if isKnown(state.ID) && api.Conversations.HasAdopted(id) || !r.provider.existing.beginDelete(id) {
		return append(diags, warnOfKeptForAdopter(id.String())...)
	}
	if err == nil && !id.IsZero() {
		err = api.Conversations.Delete(ctx, id, r.provider.validationLevel(state.ValidationLevel))
	}
	if err != nil {
		r.provider.existing.failDelete(id)
		api.Conversations.Leave(id) // to the next destroy, if a look has found it
		memory.space.seen(api)
		return append(diags, failure{action: "Delete", subject: state.conversationModel, err: err, causes: &r.provider.causes}.diagnostics()...)
	}
	return append(diags, warnOfDeletion(path.Empty(), found...)...)
}

// update changes the conversation, and then its messages. What failed stays in the state
// as it was.
func (r *conversationResource) update(ctx context.Context, plan conversationResourceModel, prior ownedModel, memory *memory) (ownedModel, diag.Diagnostics) {
	state := plan.ownedModel
	state.conversationModel = plan.applied(prior.conversationModel)
	memory.messages.forgetUndeclared(reference(prior.ID), plan.Messages)
	change := plan.changeAsOf(memory.numbers, prior.conversationModel, memory.asOf)
	work := newMessageWork(path.Empty(), reference(prior.ID), plan.Messages, prior.Messages, memory.asOf, memory.messages)
	if !change.IsNeeded() && !work.isNeeded() {
		state.Messages = work.toMap()
		return state, work.diagnostics()
	}
	api, diags := r.engineFor(memory)
	if diags.HasError() {
		return prior, diags
	}
	level := r.provider.validationLevel(plan.ValidationLevel)
	if change.IsNeeded() {
		made := api.Conversations.CreateOrUpdate(ctx, change, level)
		var more diag.Diagnostics
		state.conversationModel, more = plan.written(memory.numbers, failure{action: "Update", subject: plan.conversationModel, err: made.Err, causes: &r.provider.causes}, change.Input, made.Value, &prior.conversationModel)
		if diags.Append(more...); diags.HasError() {
			return prior, diags
		}
	}
	work.runEach(ctx, api, level)
	memory.space.seen(api)
	diags.Append(work.diagnostics()...)
	state.Messages = work.toMap()
	return state, diags
}

// written returns the state after a write of the conversation, or an error.
func (m conversationModel) written(n numbers, f failure, input client.ConversationInput, made client.Conversation, prior *conversationModel) (conversationModel, diag.Diagnostics) {
	var unread *engine.UnreadError
	switch {
	case errors.As(f.err, &unread):
		// The conversation exists: an error would make Terraform destroy it.
		n.remember(input, unread.ID, "")
		return m.applied(unreadConversation(unread.ID, prior)), f.unread()
	case f.err != nil:
		n.rememberOpen(input, f.err)
		return m, f.diagnostics()
	}
	var diags diag.Diagnostics
	if n.remember(input, made.ID, made.RecipientPhoneNumber) {
		diags.Append(warnOfRespelling(nil))
	}
	actual := n.conversationFromAPI(made, m)
	return m.applied(actual), append(diags, m.differences(n, f.at, input, actual)...)
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
				located(at, fmt.Sprintf("The CRM accepted %s of the conversation %s, but stores a different "+
					"value. The next plan shows it.",
					field, actual.ID.ValueString())))
		}
	}
	return diags
}
