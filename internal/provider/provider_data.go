package provider

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

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

// planningEngine returns the engine for a plan. It returns nil while provider settings
// are unknown: Terraform then plans again during the apply.
func (p *providerData) planningEngine() (*engine.Engine, diag.Diagnostics) {
	if len(p.settings.unknown()) > 0 {
		return nil, nil
	}
	return p.engine()
}

// ownSpace returns the id of the provider's space, "" while provider settings are unknown.
func (p *providerData) ownSpace() string {
	api, _ := p.planningEngine() // its errors are reported where the engine is needed
	if api == nil {
		return ""
	}
	return api.Client().SpaceID()
}

// numbers returns the comparison of numbers, with what a resource remembers.
func (p *providerData) numbers(remembered respellings) numbers {
	if p == nil {
		return numbers{respellings: remembered}
	}
	region := p.settings.DefaultRegion
	return numbers{PhoneNumbers: client.PhoneNumbers{Region: region.ValueString()}, respellings: remembered, isUnknown: region.IsUnknown()}
}
