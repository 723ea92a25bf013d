package provider_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	pipeliner "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// call calls a function as Terraform does, with arguments of this type.
func call(t *testing.T, name string, argument, result tftypes.Type, values ...any) (tftypes.Value, *tfprotov6.FunctionError) {
	t.Helper()
	server, err := factories["pipeliner"]()
	if err != nil {
		t.Fatal(err)
	}
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for _, value := range values {
		encoded, err := tfprotov6.NewDynamicValue(argument, tftypes.NewValue(argument, value))
		if err != nil {
			t.Fatal(err)
		}
		request.Arguments = append(request.Arguments, &encoded)
	}
	response, err := server.CallFunction(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if response.Error != nil {
		return tftypes.Value{}, response.Error
	}
	value, err := response.Result.Unmarshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return value, nil
}

// refusal returns an error at the argument in this position.
func refusal(argument int64, text string) *tfprotov6.FunctionError {
	return &tfprotov6.FunctionError{Text: text, FunctionArgument: &argument}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p, ok := pipeliner.New("test")().(provider.ProviderWithFunctions)
	if !ok || len(p.Functions(ctx)) == 0 {
		t.Fatal("the provider has no functions")
	}
	for _, construct := range p.Functions(ctx) {
		var metadata function.MetadataResponse
		var definition function.DefinitionResponse
		construct().Metadata(ctx, function.MetadataRequest{}, &metadata)
		construct().Definition(ctx, function.DefinitionRequest{}, &definition)
		var validated function.DefinitionValidateResponse
		definition.Definition.ValidateImplementation(ctx, function.DefinitionValidateRequest{FuncName: metadata.Name}, &validated)
		if validated.Diagnostics.HasError() {
			t.Errorf("%s: %v", metadata.Name, validated.Diagnostics)
		}
		// The descriptions of the functions come from the one table.
		if !strings.HasPrefix(metadata.Name, "validation_level") {
			continue
		}
		for _, line := range []string{"- `changed_fields` (`2`): validate only changed fields", "- `deleted_relationship` (`16`): "} {
			if !strings.Contains(definition.Definition.MarkdownDescription, "\n"+line) {
				t.Errorf("%s: the description does not say %q", metadata.Name, line)
			}
		}
	}
}

func TestValidationLevel(t *testing.T) {
	t.Parallel()
	const known = `Invalid Parameter Value Match: value must be one of: ["changed_fields" "system_fields" "override_readonly" "deleted_relationship"], got: `
	for name, test := range map[string]struct {
		names []any
		want  int64
		err   *tfprotov6.FunctionError
	}{
		"none":      {names: nil, want: 0},
		"one":       {names: []any{"system_fields"}, want: 4},
		"two":       {names: []any{"override_readonly", "changed_fields"}, want: 10},
		"all":       {names: []any{"changed_fields", "system_fields", "override_readonly", "deleted_relationship"}, want: 30},
		"twice":     {names: []any{"changed_fields", "changed_fields"}, want: 2},
		"unknown":   {names: []any{"changed_fields", "override"}, err: refusal(1, known+`"override"`)},
		"empty":     {names: []any{""}, err: refusal(0, known+`""`)},
		"two wrong": {names: []any{"a", "b"}, err: refusal(0, known+`"a"`+"\n"+known+`"b"`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := call(t, "validation_level", tftypes.String, tftypes.Number, test.names...)
			if diff := cmp.Diff(test.err, err); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if want := tftypes.NewValue(tftypes.Number, test.want); err == nil && !got.Equal(want) {
				t.Errorf("level is %s, want %s", got, want)
			}
		})
	}
}

// withFunctions requires a version that calls provider functions. OpenTofu, with its own
// version numbers, has done so from an earlier version on.
var withFunctions = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)}

// Terraform calls the functions, and a validation_level accepts what they return.
func TestAccValidationLevel(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	configuration := w.config(conversationBlock(`validation_level = provider::pipeliner::validation_level("override_readonly", "changed_fields")`) + `
output "level" {
  value = pipeliner_text_message_conversation.test.validation_level
}
output "none" {
  value = provider::pipeliner::validation_level()
}
output "several" {
  value = provider::pipeliner::validation_level("system_fields", "deleted_relationship")
}
`)
	runFrom(t, withFunctions, resource.TestStep{
		Config: configuration,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("level", knownvalue.Int64Exact(10)),
			statecheck.ExpectKnownOutputValue("none", knownvalue.Int64Exact(0)),
			statecheck.ExpectKnownOutputValue("several", knownvalue.Int64Exact(20)),
		},
	})
}

// They also work in the provider block: Terraform calls functions before it configures
// the provider.
func TestAccValidationLevel_inProvider(t *testing.T) {
	skipOpenTofu(t, "it takes that for a reference of the provider to itself")
	w := newWorld(t, mockserver.Behavior{})
	runFrom(t, withFunctions, resource.TestStep{
		Config: w.config(conversationBlock(""), `validation_level = provider::pipeliner::validation_level("system_fields")`),
		Check: func(*terraform.State) error {
			for _, request := range w.Requests() {
				if request.Method == http.MethodPost && request.Query.Get("validation-level") == "4" {
					return nil
				}
			}
			return errors.New("no request has the validation level 4")
		},
	})
}

// Functions need neither a space nor the settings to reach one.
func TestAccValidationLevel_refused(t *testing.T) {
	const call = `provider::pipeliner::validation_level("changed_fields", "readonly")`
	runFrom(t, withFunctions, resource.TestStep{
		Config:      fmt.Sprintf("output \"it\" {\n  value = %s\n}", call),
		ExpectError: says("Invalid function argument", call, `"readonly"`),
	})
}
