package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

var (
	_ resource.ResourceWithConfigure   = (*conversationResource)(nil)
	_ resource.ResourceWithIdentity    = (*conversationResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*conversationResource)(nil)
	_ resource.ResourceWithImportState = (*conversationResource)(nil)
)

func newConversationResource() resource.Resource {
	return &conversationResource{baseResource{layout: layout{isSingle: true}}}
}

// conversationResource is pipeliner_text_message_conversation.
type conversationResource struct{ baseResource }

// conversationResourceModel is a conversation in configuration, plan or state of its resource.
type conversationResourceModel struct {
	ownedModel
	resourceOptions
}

// recalled returns the only entry of a state, after the memory has recalled what it lacks.
func (m *conversationResourceModel) recalled(memory *memory) (entries, diag.Diagnostics) {
	if isKnown(m.ID) {
		memory.recallNumber(&m.ownedModel)
	} else {
		memory.recall("", m.ownedModel)
	}
	return entries{"": &m.ownedModel}, nil
}

func (r *conversationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversation"
	// A conversation that may not exist gets its id when a look finds it.
	resp.ResourceBehavior.MutableIdentity = true
}

func (r *conversationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A text message conversation of the CRM. The provider combines conversations that Terraform applies at the same time into batch requests.",
		Attributes:          withOptions(ownedAttributes()),
	}
}

func (r *conversationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var config, plan, state conversationResourceModel
	var prior *ownedModel
	owned, memory, diags := r.planningState(ctx, req, &state)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.warnOfProtection(path.Root("is_delete_protected"), owned, state.DeletionPolicy)...)
		resp.Diagnostics.Append(r.planDestroy(ctx, state.DeletionPolicy, memory, resp.Private, owned.ids()...)...)
		return
	}
	if owned.exists("") {
		prior = owned[""]
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(config.checkReferences(path.Empty(), r.provider.ownSpace())...)
	if resp.Diagnostics.HasError() {
		return
	}
	var replace bool
	plan.ownedModel, replace = memory.numbers.planOwned(config.ownedModel, prior)
	resp.Diagnostics.Append(r.checkMessages(memory, entries{"": &plan.ownedModel})...)
	if replace {
		resp.RequiresReplace = path.Paths{path.Root("recipient_phone_number")}
		resp.Diagnostics.Append(r.warnOfRemoved(path.Root("recipient_phone_number"), owned, state.DeletionPolicy, plan.DeletionPolicy)...)
	}
	if sendsMessage(plan.Messages, prior) {
		resp.Diagnostics.Append(warnOfOutgoing(path.Root("messages"), ""))
	}
	resp.Diagnostics.Append(r.warnOfDoubts(memory.numbers, entries{"": &plan.ownedModel}, owned.byID())...)
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(r.warnOfSameNumber(plan.conversationModel, memory.numbers)...)
	}
	if plan.AdoptExisting.ValueBool() && prior == nil {
		var blind []string
		if config.isBlind() { // in the plan, an omitted number is unknown too
			blind = []string{""}
		}
		resp.Diagnostics.Append(r.planExisting(ctx, entries{"": &plan.ownedModel}, nil, blind, memory)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *conversationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	work, diags := r.begin(r.newMemory(), plan.resourceOptions, entries{"": &plan.ownedModel}, nil)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(work.applySingle(ctx)...)
	if work.state[""] == nil {
		return
	}
	plan.ownedModel = *work.state[""]
	resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if isKnown(plan.ID) {
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
	}
}

func (r *conversationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state conversationResourceModel
	owned, memory, diags := r.stateOf(ctx, req.State, req.Private, &state)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	isRefused := !isKnown(state.ID) && len(memory.open) == 0 // the CRM has refused the repetition of the attempt
	resp.Diagnostics.Append(r.refresh(ctx, memory, owned, state.DeletionPolicy)...)
	// The framework requires an identity even if the conversation is gone.
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.ID)...)
	switch {
	case resp.Diagnostics.HasError():
		return
	case owned[""] == nil || isRefused:
		resp.State.RemoveResource(ctx)
		return
	case !isKnown(state.ID):
		state.Revision = owned.revision(memory.open)
	}
	resp.Diagnostics.Append(memory.save(ctx, resp.Private, owned)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *conversationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	owned, memory, diags := r.stateOf(ctx, req.State, req.Private, &state)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(r.checkUnread(ctx, memory, owned, true)...); resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(memory.save(ctx, resp.Private, owned)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	var prior entries
	if owned.exists("") {
		prior = owned
	} else if !memory.open.isAbout(plan.conversationModel, memory.numbers) {
		if resp.Diagnostics.Append(r.remove(ctx, memory, state.resourceOptions, owned)...); resp.Diagnostics.HasError() {
			return
		}
		memory.open = openCreates{}
	}
	clear(memory.adopted) // the plan has told of it
	work, diags := r.begin(memory, plan.resourceOptions, entries{"": &plan.ownedModel}, prior)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(work.applySingle(ctx)...)
	if work.state[""] == nil { // the create failed
		work.keep("", state.ownedModel)
		plan = state
	}
	plan.ownedModel = *work.state[""]
	resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
}

func (r *conversationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state conversationResourceModel
	owned, memory, diags := r.stateOf(ctx, req.State, req.Private, &state)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if !abandons(state.DeletionPolicy) {
		resp.Diagnostics.Append(r.checkUnread(ctx, memory, owned, false)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.remove(ctx, memory, state.resourceOptions, owned)...)
	}
	if resp.Diagnostics.HasError() { // Terraform does not hand over the memory of a tainted resource
		resp.Diagnostics.Append(memory.save(ctx, resp.Private, owned)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (r *conversationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.provider.engine()
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	given, diags := idToImport(ctx, req, api.Client().SpaceID())
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	id, err := parseImported(strings.TrimSpace(given), conversationEntity, "a conversation", api.Client().SpaceID())
	if err != nil {
		text := fmt.Sprintf("Import a conversation by its UUID, or by a URI that ends in it. %v.", err)
		if strings.ContainsAny(given, "=,{") {
			text += " Lists, keys and phone_id=<uuid> are only for the map of " + bulkTypeName + "."
		}
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Invalid Import Id", text)
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, resourceIdentity(api.Client().SpaceID(), id))...)
}

// applySingle creates or updates the conversation of a single resource, and then its messages. If a create fails, the
// state has no entry. If the outcome is unknown, the entry has no id, and the memory contains the attempt.
func (w *conversationWork) applySingle(ctx context.Context) diag.Diagnostics {
	w.write(ctx)
	w.writeMessages(ctx)
	if open := w.openCreates(); len(open) > 0 {
		w.keepAsTried(open)
		w.state[""].Revision = w.state.revision(open)
	}
	return w.done("Update")
}

// remove deletes the conversation of a state, or a conversation that a create with an unknown outcome may have made.
func (r *conversationResource) remove(ctx context.Context, memory *memory, options resourceOptions, owned entries) diag.Diagnostics {
	w, diags := r.begin(memory, options, nil, owned)
	if diags.HasError() {
		return diags
	}
	w.remove(ctx)
	if w.api != nil {
		memory.space.seen(w.api)
	}
	return append(diags, w.done("Delete")...)
}
