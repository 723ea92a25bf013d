package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A conversationIdentity is the resource identity of a conversation, which is unique among all spaces.
type conversationIdentity struct {
	SpaceID types.String `tfsdk:"space_id"`
	ID      types.String `tfsdk:"id"`
}

func (r *conversationResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "UUID of the conversation in the CRM.",
		},
		"space_id": identityschema.StringAttribute{
			OptionalForImport: true,
			Description:       "Id of the space. If you set it in an import, it must be the provider's space.",
		},
	}}
}

// resourceIdentity returns the resource identity of a conversation. Its spelling is always the same, because
// Terraform compares it as text. A conversation that may not exist has no id.
func resourceIdentity(space string, id client.ID) conversationIdentity {
	return conversationIdentity{SpaceID: types.StringValue(space), ID: referenceFromAPI(id)}
}

// identify sets the resource identity if the conversation has another id, or the identity has none yet. The state may
// come from a version of Terraform or of this provider without resource identities, or the conversation may not exist
// yet. The id of an identity changes only if it turns out to be that of another conversation.
func (r *conversationResource) identify(ctx context.Context, identity *tfsdk.ResourceIdentity, id types.String) diag.Diagnostics {
	var before conversationIdentity
	if !identity.Raw.IsFullyNull() {
		if diags := identity.Get(ctx, &before); diags.HasError() || reference(before.ID) == reference(id) {
			return diags
		}
	}
	api, diags := r.provider.engine()
	if diags.HasError() {
		return diags
	}
	return append(diags, identity.Set(ctx, resourceIdentity(api.Client().SpaceID(), reference(id)))...)
}

// idToImport returns the id that an import names, directly or in a resource identity. The
// space of the identity must be the provider's.
func idToImport(ctx context.Context, req resource.ImportStateRequest, space string) (id string, diags diag.Diagnostics) {
	if req.ID != "" || req.Identity.Raw.IsNull() {
		return req.ID, nil
	}
	var identity conversationIdentity
	diags = req.Identity.Get(ctx, &identity)
	if given := identity.SpaceID; isKnown(given) && !strings.EqualFold(given.ValueString(), space) {
		diags.AddAttributeError(path.Root("space_id"), "Import From Another Space",
			fmt.Sprintf("The identity of the conversation %s names the space %q, but the provider is configured "+
				"for the space %q. Remove space_id from the identity, or import with a provider whose space_id "+
				"is %[2]q.",
				identity.ID.ValueString(), given.ValueString(), space))
	}
	return identity.ID.ValueString(), diags
}
