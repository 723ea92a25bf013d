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
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A seenSpace is the space of a state, with the newest revision that the state has seen there. The provider accepts
// "not found" only from this space, and only if its revision is at least as new. No two spaces differ only in the
// case of their ids.
type seenSpace struct {
	ID       string `json:"id,omitempty"`
	Revision int64  `json:"revision,omitempty"`

	// Reached is the revision that the space must have because of creates that could not be read back. The space may
	// never show it.
	Reached int64 `json:"reached,omitempty"`
}

// check tells the engine what the state has seen of its space. It returns an error if the engine uses another space.
func (s seenSpace) check(api *engine.Engine) (diags diag.Diagnostics) {
	if s.ID != "" && !strings.EqualFold(s.ID, api.Client().SpaceID()) {
		diags.AddError("Another Space", fmt.Sprintf("The state belongs to the space %q, but the provider is "+
			"configured for the space %q. The provider can't find the records of the state there, and changed "+
			"nothing. Check the setting space_id (PIPELINER_SPACE_ID) and, if there are several provider blocks, "+
			"the argument provider of the resource. If the space itself has a new id, run terraform state rm "+
			"with the address of this resource, and import it again.", s.ID, api.Client().SpaceID()))
		return diags
	}
	api.Expect(s.Revision)
	api.Reach(s.Reached)
	return nil
}

// seen notes the space, and the newest revision that the engine has seen there.
func (s *seenSpace) seen(api *engine.Engine) {
	s.ID, s.Revision = api.Client().SpaceID(), max(s.Revision, api.Newest())
	if s.Reached = max(s.Reached, api.Reached()); s.Reached <= s.Revision {
		s.Reached = 0
	}
}

// engineFor returns the engine, after it has checked the space of a state.
func (r *baseResource) engineFor(memory *memory) (*engine.Engine, diag.Diagnostics) {
	api, diags := r.provider.engine()
	if !diags.HasError() {
		diags = append(diags, memory.space.check(api)...)
	}
	return api, diags
}

// ownSpace returns the id of the provider's space, "" while provider settings are unknown.
func (p *providerData) ownSpace() string {
	api, _ := p.planningEngine() // its errors are reported where the engine is needed
	if api == nil {
		return ""
	}
	return api.Client().SpaceID()
}

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

// checkReferences checks all entries.
func (e entries) checkReferences(space string) (diags diag.Diagnostics) {
	for key, entry := range e.known() {
		diags = append(diags, entry.checkReferences(at(key), space)...)
	}
	return groupErrors(diags)
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
