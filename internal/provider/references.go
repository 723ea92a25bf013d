package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// checkReferences returns an error for each id in a configuration that is a URI of another space. An import has the
// same check.
func (m *ownedModel) checkReferences(at path.Path, space string) (diags diag.Diagnostics) {
	for _, field := range configurableFields {
		if value := field.get(&m.conversationModel); field.entity != "" && !value.IsNull() {
			diags.Append(checkReference(at.AtName(field.name), value, space)...)
		}
	}
	for key, message := range messagesFrom(m.Messages) {
		if message != nil {
			diags.Append(checkReference(at.AtName("messages").AtMapKey(key).AtName("id"), message.ID, space)...)
		}
	}
	return diags
}

// checkReferences checks the values of a filter.
func (m lookupModel) checkReferences(space string) (diags diag.Diagnostics) {
	values := m.Filter.Elements()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if isIDField(name) && isID(textOf(values[name])) {
			diags.Append(checkReference(path.Root("filter").AtMapKey(name), values[name], space)...)
		}
	}
	return diags
}

// checkReference checks an id or a set of ids. It returns no errors while the space is unknown.
func checkReference(at path.Path, value attr.Value, space string) (diags diag.Diagnostics) {
	uris := []attr.Value{value}
	if set, isSet := value.(types.Set); isSet {
		uris = set.Elements()
	}
	for _, uri := range uris {
		if err := ofOtherSpace(textOf(uri), space); err != nil && space != "" {
			diags.AddAttributeError(at, "Id of Another Space", named(at, fmt.Sprintf("%v. Use the id of a record of this space.", err)))
		}
	}
	return diags
}

// ofOtherSpace returns an error if a URI names another space than that of the provider.
func ofOtherSpace(uri, space string) error {
	if named := client.SpaceIn(uri); named != "" && !strings.EqualFold(named, space) {
		return fmt.Errorf("%q names the space %q, but the provider is configured for the space %q", uri, named, space)
	}
	return nil
}
