package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	tfresource "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	pipeliner "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

func TestSchemas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := pipeliner.New("test")()
	var schema provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &schema)
	if diags := schema.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Errorf("provider: %v", diags)
	}
	constructors := p.Resources(ctx)
	if len(constructors) == 0 {
		t.Error("the provider has no resources")
	}
	for _, construct := range constructors {
		var metadata resource.MetadataResponse
		var schema resource.SchemaResponse
		construct().Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "pipeliner"}, &metadata)
		construct().Schema(ctx, resource.SchemaRequest{}, &schema)
		if diags := schema.Schema.ValidateImplementation(ctx); diags.HasError() {
			t.Errorf("%s: %v", metadata.TypeName, diags)
		}
		for name, attribute := range schema.Schema.Attributes {
			if attribute.GetMarkdownDescription() == "" {
				t.Errorf("%s: %s has no description", metadata.TypeName, name)
			}
		}
	}
}

// Settings that the provider block leaves out come from the environment.
func TestAccProvider_environment(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	t.Setenv("PIPELINER_SERVICE_URL", w.url+w.SpacePath()+"/") // the whole base URL
	t.Setenv("PIPELINER_SPACE_ID", "")
	t.Setenv("PIPELINER_USERNAME", "terraform")
	t.Setenv("PIPELINER_PASSWORD", password)
	tfresource.Test(t, tfresource.TestCase{ProtoV6ProviderFactories: factories, Steps: []tfresource.TestStep{
		{Config: `provider "pipeliner" { password = "wrong" }` + "\n" + conversationBlock(""), ExpectError: says("does not accept")},
		{Config: conversationBlock(""), Check: w.holds(map[string]any{"phone_id": phone})},
	}})
}

// Every example is applied, to the records of examples/seed.json. (That of the
// demo, with its CSV file, is applied by the demo.)
func TestAccExamples(t *testing.T) {
	root := filepath.Join("..", "..", "examples")
	var examples []string
	for _, pattern := range []string{"provider/*.tf", "resources/*/*.tf", "data-sources/*/*.tf", "functions/*/*.tf", "actions/*/*.tf"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("examples of %s: %v, %v", pattern, found, err)
		}
		examples = append(examples, found...)
	}
	for _, example := range examples {
		t.Run(strings.TrimPrefix(example, root), func(t *testing.T) {
			w := newExampleWorld(t)
			text, err := os.ReadFile(example)
			if err != nil {
				t.Fatal(err)
			}
			configuration := string(text)
			if !strings.Contains(configuration, "required_providers") {
				configuration = requiredProviders + configuration
			}
			versions := withFunctions
			switch filepath.Base(example) {
			case "import-by-identity.tf":
				versions = withIdentity
			case "action.tf":
				versions = withActions
			}
			before := len(w.live())
			tfresource.Test(t, tfresource.TestCase{ProtoV6ProviderFactories: factories, TerraformVersionChecks: versions, Steps: []tfresource.TestStep{{
				Config:           configuration,
				ConfigPlanChecks: tfresource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				Check: func(*terraform.State) error {
					if strings.Contains(configuration, `resource "`) && !strings.Contains(configuration, "import {") && len(w.live()) <= before {
						return errors.New("the example made no conversation")
					}
					return nil
				},
			}}})
		})
	}
}

// newExampleWorld returns a world of the records of examples/seed.json, which
// the environment leads to. The address of the provider is what users write.
func newExampleWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, mockserver.Behavior{})
	w.seedFile(filepath.Join("..", "..", "examples", "seed.json"))
	t.Setenv("TF_ACC_PROVIDER_NAMESPACE", "terraform-provider-pipeliner")
	t.Setenv("PIPELINER_SERVICE_URL", w.url)
	t.Setenv("PIPELINER_SPACE_ID", "my_space")
	t.Setenv("PIPELINER_USERNAME", "terraform")
	t.Setenv("PIPELINER_PASSWORD", password)
	return w
}

const requiredProviders = `
terraform {
  required_providers {
    pipeliner = {
      source = "terraform-provider-pipeliner/pipeliner"
    }
  }
}
`

// seedFile adds the records of a seed file.
func (w *world) seedFile(name string) {
	w.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		w.t.Fatal(err)
	}
	var seed map[string][]map[string]any
	if err := json.Unmarshal(text, &seed); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Seed(seed); err != nil {
		w.t.Fatal(err)
	}
}
