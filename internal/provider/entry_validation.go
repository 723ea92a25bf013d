package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The framework does not see the entries of the map, see [sealingServer]. So the
// functions here check a configuration as the framework does, with the same validators and
// summaries. The texts name the key, which Terraform does not show.

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
