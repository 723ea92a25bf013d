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
	if req.Plan.Raw.IsNull() {
		var state conversationResourceModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if state.IsDeleteProtected.ValueBool() && !abandons(state.DeletionPolicy) {
			resp.Diagnostics.Append(warnOfProtection(path.Root("is_delete_protected"), state.ID.ValueString()))
		}
		return
	}
	var config, plan conversationResourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var prior *ownedModel
	var state conversationResourceModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		prior = &state.ownedModel
	}
	if resp.Diagnostics.HasError() {
		return
	}
	known, diags := r.loadNumbers(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	var replace bool
	plan.ownedModel, replace = known.planOwned(config.ownedModel, prior)
	if replace {
		resp.RequiresReplace = path.Paths{path.Root("recipient_phone_number")}
		resp.Diagnostics.Append(warnOfPolicy(state.DeletionPolicy, plan.DeletionPolicy, prior.ID.ValueString())...)
		if prior.IsDeleteProtected.ValueBool() && !abandons(state.DeletionPolicy) {
			resp.Diagnostics.Append(warnOfProtection(path.Root("recipient_phone_number"), prior.ID.ValueString()))
		}
	}
	resp.Diagnostics.Append(known.warnOfCountry(plan.conversationModel, prior.conversation())...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *conversationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	known := r.provider.numbers(keptNumbers{})
	var diags diag.Diagnostics
	memory := newMessageMemory()
	plan.ownedModel, diags = r.create(ctx, known, plan, memory)
	resp.Diagnostics.Append(diags...)
	if !plan.ID.IsUnknown() {
		resp.Diagnostics.Append(known.save(ctx, resp.Private)...)
		resp.Diagnostics.Append(memory.save(ctx, resp.Private, &plan.ownedModel)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
	}
}

func (r *conversationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state conversationResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api, diags := r.provider.Client()
	resp.Diagnostics.Append(diags...)
	known, diags := r.loadNumbers(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Also of what turns out to be gone: the framework demands it.
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.ID)...)
	conversation, err := api.Conversations.Read(ctx, reference(state.ID))
	if client.ProblemOf(err) == client.NotFound {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(failure{action: "Read", subject: state.conversationModel, err: err, causes: &r.provider.causes}.diagnostics()...)
		return
	}
	state.conversationModel = known.conversationFromAPI(conversation, state.conversationModel)
	memory, diags := loadMessageMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	messages := messageRefresh{api: api, memory: memory}
	if err := messages.ofOne(ctx, &state.ownedModel); err != nil {
		resp.Diagnostics.Append(failure{action: "Read", subject: state.conversationModel, err: fmt.Errorf("its messages: %w", err), causes: &r.provider.causes}.diagnostics()...)
		return
	}
	resp.Diagnostics.Append(messages.diags...)
	resp.Diagnostics.Append(memory.save(ctx, resp.Private, &state.ownedModel)...)
	asOf := conversation.AsOf
	if listed := api.Messages.ListedAsOf(); listed > client.NoFloor {
		asOf = min(asOf, listed) // its messages may be as they were then
	}
	resp.Diagnostics.Append(savePrivate(ctx, resp.Private, keyAsOf, asOf)...)
	resp.Diagnostics.Append(known.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *conversationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	asOf, diags := loadAsOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	known, diags := r.loadNumbers(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	memory, diags := loadMessageMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// What failed stays in the state as it was; the next refresh shows what the
	// CRM holds.
	plan.ownedModel, diags = r.update(ctx, known, plan, state.ownedModel, asOf, memory)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(known.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(memory.save(ctx, resp.Private, &plan.ownedModel)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
}

func (r *conversationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state conversationResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || abandons(state.DeletionPolicy) {
		return
	}
	api, diags := r.provider.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := api.Conversations.Delete(ctx, reference(state.ID), r.provider.validationLevel(state.ValidationLevel)); err != nil {
		resp.Diagnostics.Append(failure{action: "Delete", subject: state.conversationModel, err: err, causes: &r.provider.causes}.diagnostics()...)
	}
}

func (r *conversationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.provider.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	given, diags := idToImport(ctx, req, api.SpaceID())
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
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(api.SpaceID(), id))...)
	}
}

// create creates the conversation with its messages, and attaches those that are
// there. When it could not be created, the id of the state stays unknown.
func (r *conversationResource) create(ctx context.Context, n numbers, plan conversationResourceModel, memory *messageMemory) (ownedModel, diag.Diagnostics) {
	api, diags := r.provider.Client()
	if diags.HasError() {
		return plan.ownedModel, diags
	}
	input, level := plan.toAPI(n, nil), r.provider.validationLevel(plan.ValidationLevel)
	input.Messages = inlineMessages(plan.Messages)
	made := api.Conversations.CreateOrUpdate(ctx, input, level)
	state := plan.ownedModel
	var more diag.Diagnostics
	state.conversationModel, more = plan.written(n, failure{action: "Create", subject: plan.conversationModel, err: made.Err, causes: &r.provider.causes}, input, made.Value, nil)
	diags.Append(more...)
	if diags.HasError() {
		return plan.ownedModel, diags
	}
	known, wanted, more := createdMessages(path.Empty(), reference(state.ID), plan.Messages, made.Value.Messages, memory)
	diags.Append(more...)
	work := newMessageWork(path.Empty(), reference(state.ID), wanted, known, client.NoFloor, memory)
	work.runEach(ctx, api, level)
	diags.Append(work.warnings()...)
	state.Messages = work.toMap(plan.Messages)
	return state, diags
}

// update changes the conversation, which is known as of a revision of the space,
// and then its messages. What failed is in the state as it was.
func (r *conversationResource) update(ctx context.Context, n numbers, plan conversationResourceModel, prior ownedModel, asOf int64, memory *messageMemory) (ownedModel, diag.Diagnostics) {
	state := plan.ownedModel
	state.conversationModel = plan.applied(prior.conversationModel)
	input := plan.toAPI(n, &prior.conversationModel)
	input.KnownAsOf(asOf)
	work := newMessageWork(path.Empty(), reference(prior.ID), plan.Messages, prior.Messages, asOf, memory)
	if !input.HasChanges() && !work.isNeeded() {
		state.Messages = work.toMap(plan.Messages)
		return state, work.diagnostics()
	}
	api, diags := r.provider.Client()
	if diags.HasError() {
		return prior, diags
	}
	level := r.provider.validationLevel(plan.ValidationLevel)
	if input.HasChanges() {
		made := api.Conversations.CreateOrUpdate(ctx, input, level)
		var more diag.Diagnostics
		state.conversationModel, more = plan.written(n, failure{action: "Update", subject: plan.conversationModel, err: made.Err, causes: &r.provider.causes}, input, made.Value, &prior.conversationModel)
		if diags.Append(more...); diags.HasError() {
			return prior, diags
		}
	}
	work.runEach(ctx, api, level)
	diags.Append(work.diagnostics()...)
	state.Messages = work.toMap(plan.Messages)
	return state, diags
}

// written returns the state behind a write of the conversation, or why it failed.
func (m conversationModel) written(n numbers, f failure, input client.ConversationInput, made client.Conversation, prior *conversationModel) (conversationModel, diag.Diagnostics) {
	var unread *client.UnreadError
	switch {
	case errors.As(f.err, &unread):
		// It is there: an error would make Terraform destroy it.
		n.remember(input, unread.ID, "")
		return m.applied(unreadConversation(unread.ID, prior)), f.unread(unread.ID)
	case f.err != nil:
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
	m := conversationModel{ID: referenceFromAPI(id)}
	for _, kind := range client.RelationKinds {
		*m.relations(kind) = types.SetNull(types.StringType)
	}
	return m
}
