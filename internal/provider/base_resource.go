package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// baseResource gives a resource its provider.
type baseResource struct{ provider *providerData }

// Configure takes the provider's data. There is none while Terraform validates.
func (r *baseResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return
	}
	data, ok := req.ProviderData.(*providerData)
	if !ok {
		resp.Diagnostics.AddError("Unexpected Provider Data",
			fmt.Sprintf("The provider handed %T to a resource. This is a bug in the provider; please report it.", req.ProviderData))
		return
	}
	r.provider = data
}
