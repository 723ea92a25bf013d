package provider

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ provider.ProviderWithFunctions = (*pipelinerProvider)(nil)
	_ function.Function              = validationLevelFunction{}
	_ function.Function              = validationLevelNamesFunction{}
)

func (p *pipelinerProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		func() function.Function { return validationLevelFunction{} },
		func() function.Function { return validationLevelNamesFunction{} },
		func() function.Function { return conversationsFunction{p.unsealed} },
		func() function.Function { return conversationsFromCSVFunction{p.unsealed} },
	}
}

const functionsNeed = "\n\nProvider functions need Terraform 1.8 or newer, or OpenTofu 1.7 or newer. OpenTofu " +
	"doesn't call them in the `provider` block itself."

// validationLevelFunction makes a validation level from names.
type validationLevelFunction struct{}

func (validationLevelFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "validation_level"
}

func (validationLevelFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Make a validation level from names",
		MarkdownDescription: "Returns a `validation_level`: the sum of the named bits. You can repeat a name. " +
			"Without names, it returns `0`: validate each " +
			"field.\n\n" + validationLevelNamesDescription() + functionsNeed,
		VariadicParameter: function.StringParameter{
			Name:                "names",
			MarkdownDescription: "Names, in any order.",
		},
		Return: function.Int64Return{},
	}
}

func (validationLevelFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var names []string
	if resp.Error = req.Arguments.Get(ctx, &names); resp.Error != nil {
		return
	}
	var sum int64
	for i, name := range names {
		bit, ok := validationLevelNamed(name)
		if !ok {
			resp.Error = function.NewArgumentFuncError(int64(i),
				fmt.Sprintf("%q is not the name of a validation level; the names are: %s",
					name, strings.Join(validationLevelNames(knownValidationLevel()), ", ")))
			return
		}
		sum |= bit
	}
	resp.Error = resp.Result.Set(ctx, sum)
}

// validationLevelNamed returns the bit with that name.
func validationLevelNamed(name string) (bit int64, ok bool) {
	for _, level := range validationLevels {
		if level.name == name && name != "" {
			return level.bit, true
		}
	}
	return 0, false
}

// validationLevelNamesFunction returns the names in a validation level.
type validationLevelNamesFunction struct{}

func (validationLevelNamesFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "validation_level_names"
}

func (validationLevelNamesFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Names in a validation level",
		MarkdownDescription: "Returns the names of the bits in a `validation_level`, the lowest bit first. For " +
			"`0`, it returns an empty list. It is the inverse of the function " +
			"`validation_level`.\n\n" + validationLevelNamesDescription() + functionsNeed,
		Parameters: []function.Parameter{
			// A number and not an integer: for a fraction, the framework would report a
			// bug of the provider.
			function.NumberParameter{Name: "level", MarkdownDescription: "Validation level."},
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

func (validationLevelNamesFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var given *big.Float
	if resp.Error = req.Arguments.Get(ctx, &given); resp.Error != nil {
		return
	}
	level, accuracy := given.Int64()
	if valid := (isValidationLevel{}); accuracy != big.Exact || !valid.accepts(level) {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%s, got: %s", valid.Description(ctx), given.Text('g', 10)))
		return
	}
	resp.Error = resp.Result.Set(ctx, validationLevelNames(level))
}
