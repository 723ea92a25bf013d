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
	conversationModel

	ValidationLevel types.Int64  `tfsdk:"validation_level"`
	DeletionPolicy  types.String `tfsdk:"deletion_policy"`
}

func (r *conversationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversation"
}

func (r *conversationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := conversationAttributes()
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
		if state.IsDeleteProtected.ValueBool() && state.DeletionPolicy.ValueString() != deletionPolicyAbandon {
			resp.Diagnostics.Append(warnOfProtection(path.Root("is_delete_protected"), state.ID.ValueString()))
		}
		return
	}
	var config, plan conversationResourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var prior *conversationModel
	if !req.State.Raw.IsNull() {
		var state conversationResourceModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		prior = &state.conversationModel
	}
	if resp.Diagnostics.HasError() {
		return
	}
	var replace bool
	plan.conversationModel, replace = planConversation(config.conversationModel, prior)
	if replace {
		resp.RequiresReplace = path.Paths{path.Root("recipient_phone_number")}
		if prior.IsDeleteProtected.ValueBool() && plan.DeletionPolicy.ValueString() != deletionPolicyAbandon {
			resp.Diagnostics.Append(warnOfProtection(path.Root("recipient_phone_number"), prior.ID.ValueString()))
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *conversationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan conversationResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var diags diag.Diagnostics
	plan.conversationModel, diags = r.write(ctx, plan, nil, client.NoFloor)
	resp.Diagnostics.Append(diags...)
	if !plan.ID.IsUnknown() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
	}
}

func (r *conversationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state conversationResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api, diags := r.provider.Client()
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
		resp.Diagnostics.Append(failure{action: "Read", subject: state.conversationModel, err: err}.diagnostics()...)
		return
	}
	state.conversationModel = conversationFromAPI(conversation, state.conversationModel)
	resp.Diagnostics.Append(savePrivate(ctx, resp.Private, keyAsOf, conversation.AsOf)...)
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
	written, diags := r.write(ctx, plan, &state.conversationModel, asOf)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return // the state stays, and the next refresh shows what the CRM holds
	}
	plan.conversationModel = written
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.ID)...)
}

func (r *conversationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state conversationResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.DeletionPolicy.ValueString() == deletionPolicyAbandon {
		return
	}
	api, diags := r.provider.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := api.Conversations.Delete(ctx, reference(state.ID), r.provider.validationLevel(state.ValidationLevel)); err != nil {
		resp.Diagnostics.Append(failure{action: "Delete", subject: state.conversationModel, err: err}.diagnostics()...)
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

// write creates (prior is nil) or updates the conversation, which is known as of
// a revision of the space, and returns its state. When it could not be created,
// the id of the state stays unknown.
func (r *conversationResource) write(ctx context.Context, plan conversationResourceModel, prior *conversationModel, asOf int64) (conversationModel, diag.Diagnostics) {
	input := plan.toAPI(prior)
	input.KnownAsOf(asOf)
	if prior != nil && !input.HasChanges() {
		return plan.applied(*prior), nil
	}
	api, diags := r.provider.Client()
	if diags.HasError() {
		return plan.conversationModel, diags
	}
	written, err := api.Conversations.CreateOrUpdate(ctx, input, r.provider.validationLevel(plan.ValidationLevel))
	action := "Create"
	if prior != nil {
		action = "Update"
	}
	failed := failure{action: action, subject: plan.conversationModel, err: err}
	var unread *client.UnreadError
	switch {
	case errors.As(err, &unread):
		// It is there: an error would make Terraform destroy it.
		diags.Append(failed.unread(unread.ID)...)
		return plan.applied(unreadConversation(unread.ID, prior)), diags
	case err != nil:
		diags.Append(failed.diagnostics()...)
		return plan.conversationModel, diags
	}
	actual := conversationFromAPI(written, plan.conversationModel)
	diags.Append(plan.differences(path.Empty(), input, actual)...)
	return plan.applied(actual), diags
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
