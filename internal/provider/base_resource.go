package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// baseResource gives a resource its provider.
type baseResource struct {
	layout

	provider *providerData
}

// Configure takes the provider's data, which is nil while Terraform validates.
func (r *baseResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := configuredWith(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.provider = data
}

// configuredWith returns the provider's data, nil while Terraform validates.
func configuredWith(data any) (provider *providerData, diags diag.Diagnostics) {
	if data == nil {
		return nil, nil
	}
	provider, ok := data.(*providerData)
	if !ok {
		diags.AddError("Unexpected Provider Data",
			fmt.Sprintf("The provider's data has the unexpected type %T. This is a bug in the provider. Please "+
				"report it.", data))
	}
	return provider, diags
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
