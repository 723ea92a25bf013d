package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The framework does not see the entries of the map, see [sealingServer]. The functions in this file check a
// configuration in the same way as the framework, with the same validators and summaries. The texts name the key,
// because Terraform does not show it.

// validate checks the entries of a configuration.
func (e entries) validate(ctx context.Context) (diags diag.Diagnostics) {
	for key, entry := range e.known() {
		for _, name := range entryAttributeNames {
			value := entry.value(name)
			if value.IsNull() && !entrySchema[name].IsRequired() {
				continue // most are null, and building a path takes longer than a check
			}
			diags = append(diags, validateAttribute(ctx, at(key).AtName(name), entrySchema[name], value)...)
		}
	}
	return groupErrors(diags)
}

// validateAttribute checks the value of an attribute in a configuration, as the framework
// does.
func validateAttribute(ctx context.Context, at path.Path, attribute schema.Attribute, value attr.Value) (diags diag.Diagnostics) {
	switch {
	case value.IsNull() && attribute.IsRequired():
		diags.AddAttributeError(at, "Missing Configuration for Required Attribute", located(at, "This attribute is required. If its value comes from one(…), nothing matched."))
		return diags
	case value.IsNull():
		return nil
	case !attribute.IsRequired() && !attribute.IsOptional():
		diags.AddAttributeError(at, "Invalid Configuration for Read-Only Attribute",
			located(at, "The CRM sets this attribute. Remove it from the configuration."))
		return diags
	}
	expression := at.Expression()
	switch attribute := attribute.(type) {
	case schema.StringAttribute:
		text, _ := value.(types.String)
		for _, v := range attribute.Validators {
			var resp validator.StringResponse
			v.ValidateString(ctx, validator.StringRequest{Path: at, PathExpression: expression, ConfigValue: text}, &resp)
			diags.Append(resp.Diagnostics...)
		}
	case schema.SetAttribute:
		set, _ := value.(types.Set)
		for _, v := range attribute.Validators {
			var resp validator.SetResponse
			v.ValidateSet(ctx, validator.SetRequest{Path: at, PathExpression: expression, ConfigValue: set}, &resp)
			diags.Append(resp.Diagnostics...)
		}
	case schema.MapNestedAttribute:
		nested, _ := value.(types.Map)
		for _, v := range attribute.Validators {
			var resp validator.MapResponse
			v.ValidateMap(ctx, validator.MapRequest{Path: at, PathExpression: expression, ConfigValue: nested}, &resp)
			diags.Append(resp.Diagnostics...)
		}
		for _, key := range slices.Sorted(maps.Keys(nested.Elements())) {
			object, _ := nested.Elements()[key].(types.Object)
			diags.Append(validateObject(ctx, at.AtMapKey(key), attribute.NestedObject, object)...)
		}
	}
	return diags
}

func validateObject(ctx context.Context, at path.Path, nested schema.NestedAttributeObject, object types.Object) (diags diag.Diagnostics) {
	for _, v := range nested.Validators {
		var resp validator.ObjectResponse
		v.ValidateObject(ctx, validator.ObjectRequest{Path: at, PathExpression: at.Expression(), ConfigValue: object}, &resp)
		diags.Append(resp.Diagnostics...)
	}
	values := object.Attributes()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		diags.Append(validateAttribute(ctx, at.AtName(name), nested.Attributes[name], values[name])...)
	}
	return diags
}

// A mistake in the expression of a map, or in a column of a spreadsheet, can affect thousands of entries. One error
// for all of them says as much as one for each.

// groupErrors combines the errors of entries into one if more than a few entries have the same error in the same
// attribute. The errors come in the order of the keys.
func groupErrors(found diag.Diagnostics) (grouped diag.Diagnostics) {
	groups := map[[2]string]*errorGroup{}
	for i, d := range found {
		key, attribute := entryPlace(d)
		reason := [2]string{d.Summary(), attribute}
		group := groups[reason]
		if group == nil {
			group = &errorGroup{attribute: attribute, first: i}
			groups[reason] = group
		}
		if last := len(group.keys) - 1; last < 0 || group.keys[last] != key { // an entry may have it twice
			group.keys = append(group.keys, key)
		}
	}
	for i, d := range found {
		_, attribute := entryPlace(d)
		group := groups[[2]string{d.Summary(), attribute}]
		switch {
		case len(group.keys) <= mostListed:
			grouped = append(grouped, d)
		case i == group.first:
			grouped = append(grouped, group.one(d))
		}
	}
	return grouped
}

// An errorGroup contains the errors of entries that have the same reason.
type errorGroup struct {
	attribute string
	keys      []string
	first     int // among all
}

// one returns one error or warning for the whole group, based on this one.
func (g *errorGroup) one(first diag.Diagnostic) diag.Diagnostic {
	place := ""
	if g.attribute != "" {
		place = " in " + g.attribute
	}
	text := func(kind string) string {
		return fmt.Sprintf("%d entries have this %s%s: %s. The first is:\n\n%s", len(g.keys), kind, place, quoted(g.keys), first.Detail())
	}
	if first.Severity() == diag.SeverityWarning {
		return diag.NewAttributeWarningDiagnostic(path.Root("conversations"), first.Summary(), text("warning"))
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("conversations"), first.Summary(), text("error"))
}

// entryPlace returns the key of the entry that an error is about, and the attribute without
// any keys, such as messages.content.
func entryPlace(d diag.Diagnostic) (key, attribute string) {
	located, hasPath := d.(diag.DiagnosticWithPath)
	if !hasPath {
		return "", ""
	}
	var names []string
	for i, step := range located.Path().Steps() {
		switch step := step.(type) {
		case path.PathStepElementKeyString:
			if i == 1 {
				key = string(step)
			}
		case path.PathStepAttributeName:
			if i > 0 {
				names = append(names, string(step))
			}
		}
	}
	return key, strings.Join(names, ".")
}

// checkReferences checks all entries.
func (e entries) checkReferences(space string) (diags diag.Diagnostics) {
	for key, entry := range e.known() {
		diags = append(diags, entry.checkReferences(at(key), space)...)
	}
	return groupErrors(diags)
}
