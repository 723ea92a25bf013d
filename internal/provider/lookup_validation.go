package provider

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)
	orderName = regexp.MustCompile(`^-?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)
)

// isField accepts the known fields, or any name of a field if known is nil.
func isField(known []string) validator.String {
	if known == nil {
		return isMatch(fieldName, "value must be the name of a field, such as name")
	}
	return stringvalidator.OneOf(known...)
}

// isOrder accepts the same fields as isField, with or without a "-" in front.
func isOrder(known []string) validator.String {
	if known == nil {
		return isMatch(orderName, "value must be the name of a field, such as name, or -name for descending order")
	}
	both := slices.Clone(known)
	for _, name := range known {
		both = append(both, "-"+name)
	}
	return stringvalidator.OneOf(both...)
}

// check returns an error for each filter whose value and operator don't match. An unknown
// value is not an error.
func (m lookupModel) check() (diags diag.Diagnostics) {
	if m.Filter.IsUnknown() || m.FilterOp.IsUnknown() {
		return nil
	}
	values, operators := m.Filter.Elements(), m.FilterOp.Elements()
	for _, field := range slices.Sorted(maps.Keys(operators)) {
		value, given := values[field]
		operator := textOf(operators[field])
		known := slices.IndexFunc(filterOperators, func(o filterOperator) bool { return o.name == operator })
		if known < 0 {
			continue // it is not known yet, or another validator reports that it doesn't exist
		}
		switch operands := filterOperators[known].values; {
		case operands == 0 && given:
			diags.AddAttributeError(path.Root("filter").AtMapKey(field), "Filter With an Unused Value",
				fmt.Sprintf("The operator %q of the field %q takes no value. Remove the field from filter, or "+
					"use another operator.", operator, field))
		case operands > 0 && !given:
			diags.AddAttributeError(path.Root("filter_op").AtMapKey(field), "Filter Without a Value",
				fmt.Sprintf("The operator %q of the field %q needs a value to compare with. Add the field to filter: filter = { %s = … }.", operator, field, field))
		case operands == 2 && isKnown(value) && !isPair(textOf(value)):
			diags.AddAttributeError(path.Root("filter").AtMapKey(field), "Filter Without Two Values",
				fmt.Sprintf("The operator %q of the field %q needs two values, separated by a comma, such as \"2024-01-01,2024-12-31\"; got: %q.", operator, field, textOf(value)))
		}
	}
	return diags
}

// checkIDs returns an error for each field of a conversation that is compared with
// something that is not an id.
func (m lookupModel) checkIDs(ctx context.Context) (diags diag.Diagnostics) {
	if m.Filter.IsUnknown() || m.FilterOp.IsUnknown() {
		return nil
	}
	values, operators := m.Filter.Elements(), m.FilterOp.Elements()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		field := fieldsByName[name]
		value, _ := values[name].(types.String)
		isCompared := slices.Contains([]string{"", "eq", "not-eq"}, textOf(operators[name]))
		if !isIDField(name) || field.entity == "" || !isCompared || operators[name] != nil && !isKnown(operators[name]) {
			continue
		}
		var resp validator.StringResponse
		isReference{entity: field.entity, allowNone: field.attribute.IsOptional()}.ValidateString(ctx, validator.StringRequest{Path: path.Root("filter").AtMapKey(name), ConfigValue: value}, &resp)
		diags.Append(resp.Diagnostics...)
	}
	return diags
}

func isPair(text string) bool {
	first, second, found := strings.Cut(text, ",")
	return found && first != "" && second != "" && !strings.Contains(second, ",")
}
