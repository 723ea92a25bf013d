package provider_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	tfresource "github.com/hashicorp/terraform-plugin-testing/helper/resource"

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

// If the provider block omits a setting, the environment supplies it.
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

// newExampleWorld returns a world with the records of examples/seed.json. The environment
// leads to it. The address of the provider is the one that users write.
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
