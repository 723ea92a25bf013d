package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

var (
	_ resource.ResourceWithConfigure   = (*conversationResource)(nil)
	_ resource.ResourceWithIdentity    = (*conversationResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*conversationResource)(nil)
	_ resource.ResourceWithImportState = (*conversationResource)(nil)
)

func newConversationResource() resource.Resource { return &conversationResource{} }

// conversationResource is pipeliner_text_message_conversation.
type conversationResource struct{ baseResource }

// conversationResourceModel is a conversation with what belongs to the
// resource, not to the CRM.
type conversationResourceModel struct {
	ownedModel

	ValidationLevel types.Int64  `tfsdk:"validation_level"`
	DeletionPolicy  types.String `tfsdk:"deletion_policy"`
}

func (r *conversationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversation"
	// One that may not have been created gets its id when it is found.
	resp.ResourceBehavior.MutableIdentity = true
}

func (r *conversationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := ownedAttributes()
	attributes["validation_level"] = validationLevelAttribute()
	attributes["deletion_policy"] = deletionPolicyAttribute()
	resp.Schema = schema.Schema{
		MarkdownDescription: "A text message conversation of the CRM. Conversations that are applied at the same time travel together in batch requests.",
		Attributes:          attributes,
	}
}

func (r *conversationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var config, plan, state conversationResourceModel
	var prior *ownedModel
	known := r.newMemory()
	if !req.State.Raw.IsNull() {
		var diags diag.Diagnostics
		known, diags = r.load(ctx, req.Private)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(r.checkSpace(known)...)
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if isKnown(state.ID) {
			prior = &state.ownedModel
		}
	}
	if req.Plan.Raw.IsNull() {
		if state.IsDeleteProtected.ValueBool() && !abandons(state.DeletionPolicy) {
			resp.Diagnostics.Append(warnOfProtection(path.Root("is_delete_protected"), state.ID.ValueString()))
		}
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var replace bool
	plan.ownedModel, replace = known.numbers.planOwned(config.ownedModel, prior)
	if replace {
		resp.RequiresReplace = path.Paths{path.Root("recipient_phone_number")}
		resp.Diagnostics.Append(warnOfPolicy(state.DeletionPolicy, plan.DeletionPolicy, prior.ID.ValueString())...)
		if prior.IsDeleteProtected.ValueBool() && !abandons(state.DeletionPolicy) {
			resp.Diagnostics.Append(warnOfProtection(path.Root("recipient_phone_number"), prior.ID.ValueString()))
		}
	}
	if sendsMessage(plan.Messages) {
		resp.Diagnostics.Append(warnOfOutgoing(path.Root("messages"), ""))
	}
	resp.Diagnostics.Append(known.numbers.warnOfCountry(plan.conversationModel, prior.conversation())...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *conversationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var diags diag.Diagnostics
	known := r.newMemory()
	plan.ownedModel, diags = r.create(ctx, plan, known)
	resp.Diagnostics.Append(diags...)
	if plan.ID.IsUnknown() {
		return
	}
	resp.Diagnostics.Append(known.save(ctx, resp.Private, &plan.ownedModel)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if isKnown(plan.ID) {
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
	}
}

func (r *conversationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state conversationResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api, diags := r.provider.engine()
	resp.Diagnostics.Append(diags...)
	known, diags := r.load(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(known.space.check(api)...); resp.Diagnostics.HasError() {
		return
	}
	conversation, diags := r.read(ctx, api, state, known)
	resp.Diagnostics.Append(diags...)
	id := state.ID
	if conversation != nil {
		id = conversation.ID
	}
	if isKnown(id) || conversation != nil {
		// Also of what turns out to be gone: the framework demands it.
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, id)...)
	}
	switch {
	case resp.Diagnostics.HasError():
		return
	case conversation == nil:
		resp.State.RemoveResource(ctx)
		return
	}
	state.ownedModel = *conversation
	known.space.seen(api)
	resp.Diagnostics.Append(known.save(ctx, resp.Private, &state.ownedModel)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *conversationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := r.load(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !isKnown(state.ID) && !known.unsettled.isAbout(plan.conversationModel, known.numbers) {
		if resp.Diagnostics.Append(r.remove(ctx, state, known)...); resp.Diagnostics.HasError() {
			return
		}
		known.unsettled = unsettled{}
	}
	// What failed stays in the state as it was; the next refresh shows what the
	// CRM holds.
	if isKnown(state.ID) {
		plan.ownedModel, diags = r.update(ctx, plan, state.ownedModel, known)
	} else if plan.ownedModel, diags = r.create(ctx, plan, known); plan.ID.IsUnknown() {
		plan = state
	}
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(known.save(ctx, resp.Private, &plan.ownedModel)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
}

func (r *conversationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state conversationResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := r.load(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.remove(ctx, state, known)...)
}

func (r *conversationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.provider.engine()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	given, diags := idToImport(ctx, req, api.Client().SpaceID())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	id, entity, err := client.ParseReference(given)
	switch {
	case err != nil:
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Invalid Import Id",
			fmt.Sprintf("A conversation is imported by its UUID, or by a URI that ends in it, but %v.", err))
	case isOtherEntity(entity, conversationEntity):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Import Id of Another Entity",
			fmt.Sprintf("A conversation is imported by its UUID, or by a URI that ends in it, but %q names a record of %s.", given, entity))
	default:
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(api.Client().SpaceID(), id))...)
	}
}

// create creates the conversation with its messages, and attaches those that are
// there. When it could not be created, the id of the state stays unknown; when that is
// not known, the state has no id, and the memory knows what to look for.
func (r *conversationResource) create(ctx context.Context, plan conversationResourceModel, known *memory) (ownedModel, diag.Diagnostics) {
	api, diags := r.provider.engine()
	if diags.HasError() {
		return plan.ownedModel, diags
	}
	if diags.Append(known.space.check(api)...); diags.HasError() {
		return plan.ownedModel, diags
	}
	change, level := plan.change(known.numbers, nil), r.provider.validationLevel(plan.ValidationLevel)
	change.Input.Messages = inlineMessages(plan.Messages)
	change.Since = known.unsettled.index(known.numbers, &r.provider.left).take("", plan.conversationModel)
	made := api.Conversations.CreateOrUpdate(ctx, change, level)
	known.space.seen(api)
	if tried, isOpen := attemptAt(made.Err, change.Input); isOpen {
		known.unsettled[""] = tried
		state := ownedModel{conversationModel: plan.applied(unreadConversation(client.ID{}, nil)), Messages: failedMessages(plan.Messages)}
		state.Revision = known.unsettled.revision(state.Revision)
		f := failure{action: "Create", subject: plan.conversationModel, err: made.Err, remembered: true, taints: change.Since == nil, causes: &r.provider.causes}
		return state, append(diags, f.diagnostics()...)
	}
	state := plan.ownedModel
	var more diag.Diagnostics
	state.conversationModel, more = plan.written(known.numbers, failure{action: "Create", subject: plan.conversationModel, err: made.Err, causes: &r.provider.causes}, change.Input, made.Value, nil)
	diags.Append(more...)
	if diags.HasError() {
		return plan.ownedModel, diags
	}
	diags.Append(warnOfAdoption(path.Empty(), adoptions{"": made})...)
	messages, wanted, more := createdMessages(path.Empty(), reference(state.ID), plan.Messages, made.Value.Messages, known.messages)
	diags.Append(more...)
	work := newMessageWork(path.Empty(), reference(state.ID), wanted, messages, engine.NoFloor, known.messages)
	work.runEach(ctx, api, level)
	diags.Append(work.warnings()...)
	state.Messages = work.toMap(plan.Messages)
	return state, diags
}

// read returns what the CRM holds of the state, nil where that is gone.
func (r *conversationResource) read(ctx context.Context, api *engine.Engine, state conversationResourceModel, known *memory) (*ownedModel, diag.Diagnostics) {
	owned, f := state.ownedModel, failure{action: "Read", subject: state.conversationModel, causes: &r.provider.causes}
	var conversation client.Conversation
	var diags diag.Diagnostics
	if isKnown(state.ID) {
		if diags.Append(claim(api, path.Root("id"), reference(state.ID))...); diags.HasError() {
			return &owned, diags
		}
		conversation, f.err = api.Conversations.Read(ctx, reference(state.ID))
	} else {
		// Where nothing must be deleted, only the next apply takes over what it finds: a
		// tainted resource would leave it, and make another one.
		var found engine.Result[client.Conversation]
		if _, tried := known.unsettled[""]; tried && !abandons(state.DeletionPolicy) {
			found = known.unsettled.lookFor(ctx, api, []string{""}, false)[0]
		}
		if _, isOpen := isAmbiguous(found.Err); isOpen || found.Err == nil && found.Value.ID.IsZero() {
			known.unsettled.advance("", found.Since)
			owned.Revision = known.unsettled.revision(owned.Revision)
			return &owned, warnOfOpen(state.DeletionPolicy, found.Err)
		}
		conversation, f.err = found.Value, found.Err
		diags = warnOfAdoption(path.Empty(), adoptions{"": found})
		known.unsettled = unsettled{}
	}
	switch {
	case client.ProblemOf(f.err) == client.NotFound:
		return nil, nil
	case f.err != nil:
		return &owned, f.diagnostics()
	}
	owned.conversationModel = known.numbers.conversationFromAPI(conversation, owned.conversationModel)
	messages := messageRefresh{api: api, memory: known.messages}
	if err := messages.ofOne(ctx, &owned); err != nil {
		f.err = fmt.Errorf("its messages: %w", err)
		return &owned, f.diagnostics()
	}
	known.asOf = conversation.AsOf
	if listed := api.Messages.ListedAsOf(); listed > engine.NoFloor {
		known.asOf = min(known.asOf, listed) // its messages may be as they were then
	}
	return &owned, append(diags, messages.diags...)
}

// remove deletes the conversation of a state, or what may have been created.
func (r *conversationResource) remove(ctx context.Context, state conversationResourceModel, known *memory) diag.Diagnostics {
	id := reference(state.ID)
	if id.IsZero() {
		known.unsettled.recall("", state.conversationModel, known.numbers)
	}
	if abandons(state.DeletionPolicy) {
		r.provider.left.add(known.unsettled)
		return nil
	}
	api, diags := r.provider.engine()
	if diags.HasError() {
		return diags
	}
	if diags.Append(known.space.check(api)...); diags.HasError() {
		return diags
	}
	var err error
	if id.IsZero() {
		id, err = known.unsettled.find(ctx, api)
	}
	if err == nil && !id.IsZero() {
		err = api.Conversations.Delete(ctx, id, r.provider.validationLevel(state.ValidationLevel))
	}
	if err != nil {
		diags.Append(failure{action: "Delete", subject: state.conversationModel, err: err, causes: &r.provider.causes}.diagnostics()...)
	}
	return diags
}

// update changes the conversation, and then its messages. What failed is in the
// state as it was.
func (r *conversationResource) update(ctx context.Context, plan conversationResourceModel, prior ownedModel, known *memory) (ownedModel, diag.Diagnostics) {
	state := plan.ownedModel
	state.conversationModel = plan.applied(prior.conversationModel)
	change := plan.change(known.numbers, &prior.conversationModel)
	change.KnownAsOf(known.asOf)
	work := newMessageWork(path.Empty(), reference(prior.ID), plan.Messages, prior.Messages, known.asOf, known.messages)
	if !change.IsNeeded() && !work.isNeeded() {
		state.Messages = work.toMap(plan.Messages)
		return state, work.diagnostics()
	}
	api, diags := r.provider.engine()
	if diags.HasError() {
		return prior, diags
	}
	if diags.Append(known.space.check(api)...); diags.HasError() {
		return prior, diags
	}
	level := r.provider.validationLevel(plan.ValidationLevel)
	if change.IsNeeded() {
		made := api.Conversations.CreateOrUpdate(ctx, change, level)
		var more diag.Diagnostics
		state.conversationModel, more = plan.written(known.numbers, failure{action: "Update", subject: plan.conversationModel, err: made.Err, causes: &r.provider.causes}, change.Input, made.Value, &prior.conversationModel)
		if diags.Append(more...); diags.HasError() {
			return prior, diags
		}
	}
	work.runEach(ctx, api, level)
	known.space.seen(api)
	diags.Append(work.diagnostics()...)
	state.Messages = work.toMap(plan.Messages)
	return state, diags
}

// written returns the state behind a write of the conversation, or why it failed.
func (m conversationModel) written(n numbers, f failure, input client.ConversationInput, made client.Conversation, prior *conversationModel) (conversationModel, diag.Diagnostics) {
	var unread *engine.UnreadError
	switch {
	case errors.As(f.err, &unread):
		// It is there: an error would make Terraform destroy it.
		n.remember(input, unread.ID, "")
		return m.applied(unreadConversation(unread.ID, prior)), f.unread(unread.ID)
	case f.err != nil:
		n.rememberOpen(input, f.err)
		return m, f.diagnostics()
	}
	var diags diag.Diagnostics
	if n.remember(input, made.ID, made.RecipientPhoneNumber) {
		diags.Append(warnOfKept(nil))
	}
	actual := n.conversationFromAPI(made, m)
	return m.applied(actual), append(diags, m.differences(n, f.at, input, actual)...)
}

// unreadConversation is what is known of a conversation that was written and
// not read back; the next refresh knows the rest.
func unreadConversation(id client.ID, prior *conversationModel) conversationModel {
	if prior != nil {
		return *prior
	}
	m := emptyConversation()
	m.ID = referenceFromAPI(id)
	return m
}
