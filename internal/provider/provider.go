// Package provider is the Terraform side: schemas, models, plans and diagnostics. It
// knows no URL, and of HTTP only the statuses of server errors, to explain them.
package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
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

// providerData is what the provider passes to its resources, data sources and actions.
type providerData struct {
	settings  settingsModel
	userAgent string
	transport http.RoundTripper // nil: the network

	once  sync.Once
	api   *engine.Engine
	diags diag.Diagnostics

	creates  sync.Map     // identities of the single conversations that the plan creates
	causes   causes       // already explained
	left     attemptIndex // attempts that this apply has abandoned, because of their deletion_policy
	existing existing
	owners   owners
	messages messageOwners
}

func newProviderData(settings settingsModel, terraform, version string) *providerData {
	for name, variable := range environment {
		if value := settings.access()[name]; value.IsNull() && os.Getenv(variable) != "" {
			*value = types.StringValue(os.Getenv(variable))
		}
	}
	return &providerData{
		settings:  settings,
		userAgent: strings.TrimSpace(fmt.Sprintf("terraform-provider-pipeliner/%s Terraform/%s %s", version, terraform, os.Getenv("TF_APPEND_USER_AGENT"))),
	}
}

// check checks the settings while Terraform configures the provider, so that each error occurs once, at its
// attribute. An unknown setting is no error until a resource needs the engine.
func (p *providerData) check() (diags diag.Diagnostics) {
	for _, name := range p.settings.missing() {
		diags.AddAttributeError(path.Root(name), "Missing Provider Setting",
			fmt.Sprintf("The provider needs the setting %s to reach the CRM. Set it in the provider block, or in the environment variable %s.", name, environment[name]))
	}
	for _, name := range []string{"username", "password"} {
		if value := p.settings.access()[name].ValueString(); value != strings.TrimSpace(value) {
			diags.AddAttributeWarning(path.Root(name), "White Space in Provider Setting",
				fmt.Sprintf("There is white space, such as a line end, at the beginning or the end of %s. The provider "+
					"sends it as it is. If the CRM refuses the credentials, remove the white space.", settingNamed(name)))
		}
	}
	if diags.HasError() || len(p.settings.unknown()) > 0 {
		return diags
	}
	_, more := p.engine()
	return append(diags, more...)
}

// engine returns the engine of the space. The first call makes it.
func (p *providerData) engine() (*engine.Engine, diag.Diagnostics) {
	p.once.Do(func() {
		if unknown := p.settings.unknown(); len(unknown) > 0 {
			p.diags.AddError("Provider Setting Not Known Yet",
				fmt.Sprintf("The provider can't reach the CRM before it knows these settings of the provider block: "+
					"%s. They depend on something that Terraform has not applied yet. Apply that first with -target, "+
					"or use a value that is known earlier.", strings.Join(unknown, ", ")))
			return
		}
		api, err := p.newEngine()
		var wrong *client.ConfigError
		switch {
		case errors.As(err, &wrong):
			p.diags.AddAttributeError(path.Root(wrong.Setting), "Invalid Provider Setting",
				fmt.Sprintf("The provider can't use %s: %v.", settingNamed(wrong.Setting), wrong.Err))
		case err != nil:
			p.diags.AddError("Invalid Provider Settings", fmt.Sprintf("The provider can't use its settings: %v.", err))
		}
		p.api = api
	})
	return p.api, p.diags
}

// settingNamed returns the name of a setting, and of its variable if it has one.
func settingNamed(setting string) string {
	if variable := environment[setting]; variable != "" {
		return fmt.Sprintf("the setting %s (or the environment variable %s)", setting, variable)
	}
	return "the setting " + setting
}

// validationLevel returns the resource's own level, or else the provider's.
func (p *providerData) validationLevel(own wholeNumber) int64 {
	if isKnown(own) {
		return own.ValueInt64()
	}
	return p.settings.ValidationLevel.ValueInt64()
}

func (p *providerData) newEngine() (*engine.Engine, error) {
	config := p.settings.config(p.userAgent)
	config.Transport = p.transport
	api, err := client.New(config)
	if err != nil {
		return nil, err
	}
	return engine.New(api, p.settings.engine())
}
