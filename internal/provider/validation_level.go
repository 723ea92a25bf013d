package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// A validationLevel is one bit of the API's validation level.
type validationLevel struct {
	bit           int64
	name, meaning string
}

// validationLevels are the bits of the API's validation level. The validation, the function validation_level, and the
// documentation use this table.
var validationLevels = []validationLevel{
	{2, "changed_fields", "validate only changed fields"},
	{4, "system_fields", "validate only system fields"},
	{8, "override_readonly", "allow overriding read-only fields"},
	{16, "deleted_relationship", "allow setting a record on a deleted relationship"},
}

func validationLevelAttribute() schema.Int64Attribute {
	return schema.Int64Attribute{
		CustomType:          wholeNumberType{},
		Optional:            true,
		Validators:          []validator.Int64{isValidationLevel{}},
		MarkdownDescription: validationLevelDescription() + " If you omit it, the provider's `validation_level` applies.",
	}
}

func validationLevelDescription() string {
	meanings := []string{"`0` (validate each field)"}
	for _, level := range validationLevels {
		meanings = append(meanings, fmt.Sprintf("`%d` (%s)", level.bit, level.meaning))
	}
	return "How the CRM validates what is written, as the sum of: " + strings.Join(meanings, ", ") + ". " +
		"The function `provider::pipeliner::validation_level` makes the sum from names."
}

// isValidationLevel accepts sums of the known bits.
type isValidationLevel struct{}

func (isValidationLevel) Description(context.Context) string {
	bits := mapped(validationLevels, func(level validationLevel) string { return strconv.FormatInt(level.bit, 10) })
	last := len(bits) - 1
	return fmt.Sprintf("value must be 0, or a sum of %s and %s, each at most once", strings.Join(bits[:last], ", "), bits[last])
}

func (v isValidationLevel) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v isValidationLevel) ValidateInt64(ctx context.Context, req validator.Int64Request, resp *validator.Int64Response) {
	given := req.ConfigValue.ValueInt64() // 0 if it is null or unknown
	others := given
	for _, level := range validationLevels {
		others &^= level.bit
	}
	if others != 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Validation Level", named(req.Path, fmt.Sprintf("%s, got: %d.", v.Description(ctx), given)))
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
	var list strings.Builder
	var names []string
	for _, level := range validationLevels {
		fmt.Fprintf(&list, "\n- `%s` (`%d`): %s", level.name, level.bit, level.meaning)
		names = append(names, level.name)
	}
	resp.Definition = function.Definition{
		Summary: "Make a validation level from names",
		MarkdownDescription: "Returns a `validation_level`: the sum of the named bits. You can repeat a name. " +
			"Without names, it returns `0`: validate each field.\n\nThe names are:\n" + list.String() + functionsNeed,
		VariadicParameter: function.StringParameter{
			Name:                "names",
			MarkdownDescription: "Names, in any order.",
			Validators:          []function.StringParameterValidator{stringvalidator.OneOf(names...)},
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
	for _, name := range names {
		for _, level := range validationLevels {
			if level.name == name {
				sum |= level.bit
			}
		}
	}
	resp.Error = resp.Result.Set(ctx, sum)
}
