package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// baseResource gives a resource its provider.
type baseResource struct {
	layout

	provider *providerData
}

// Configure takes the provider's data, which is nil while Terraform validates.
func (r *baseResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.provider, _ = req.ProviderData.(*providerData)
}

// resourceOptions are the attributes of both resources that say what the provider does.
type resourceOptions struct {
	ValidationLevel wholeNumber  `tfsdk:"validation_level"`
	DeletionPolicy  types.String `tfsdk:"deletion_policy"`
	AdoptExisting   types.Bool   `tfsdk:"adopt_existing"`
}

// withOptions adds the attributes of the [resourceOptions].
func withOptions(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	attributes["validation_level"] = validationLevelAttribute()
	attributes["deletion_policy"] = deletionPolicyAttribute()
	attributes["adopt_existing"] = adoptExistingAttribute()
	return attributes
}

// inState notes the conversations in the state of the resource. If another resource
// adopts one of them, that is an error.
func (r *baseResource) inState(ids ...client.ID) (diags diag.Diagnostics) {
	if clashes := r.provider.existing.inState(ids...); len(clashes) > 0 {
		diags.Append((&existingError{managed: true, owned: true, ids: clashes}).diagnostic(r.root()))
	}
	return diags
}
