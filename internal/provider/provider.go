// Package provider is the Terraform side: schemas, models, plans and diagnostics. It
// knows no URL, and of HTTP only the statuses of server errors, to explain them.
package provider

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

var (
	_ provider.ProviderWithListResources = (*pipelinerProvider)(nil)
	_ provider.ProviderWithActions       = (*pipelinerProvider)(nil)
	_ provider.ProviderWithFunctions     = (*pipelinerProvider)(nil)
)

// New returns the constructor of the provider with the schemas that people see.
// [NewServer] serves it.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &pipelinerProvider{version: version, unsealed: true} }
}

type pipelinerProvider struct {
	version   string
	transport http.RoundTripper // nil: the network
	unsealed  bool              // people see these schemas; otherwise maps are sealed, see [sealingServer]
}

func (p *pipelinerProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "pipeliner"
	resp.Version = p.version
}

func (p *pipelinerProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = settingsSchema()
}

func (p *pipelinerProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var settings settingsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &settings)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := newProviderData(settings, req.TerraformVersion, p.version)
	data.transport = p.transport
	resp.Diagnostics.Append(data.check()...)
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData, resp.ActionData = data, data, data, data
}

func (p *pipelinerProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newConversationResource, func() resource.Resource { return &bulkResource{unsealed: p.unsealed} }}
}

func (p *pipelinerProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newConversationLookup, newConversationsLookup, newRecordsLookup}
}

func (p *pipelinerProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newConversationList}
}

func (p *pipelinerProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newMessageAction}
}

func (p *pipelinerProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		func() function.Function { return validationLevelFunction{} },
		func() function.Function { return conversationsFunction{p.unsealed} },
		func() function.Function { return conversationsFromCSVFunction{p.unsealed} },
	}
}
