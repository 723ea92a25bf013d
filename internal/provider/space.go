package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A seenSpace is the space of a state, with the newest revision that the state has seen
// there. The provider believes "not found" only of this space, and only if the space is
// at least as new.
type seenSpace struct {
	ID       string `json:"id,omitempty"`
	Revision int64  `json:"revision,omitempty"`

	// Reached is the revision that the space must have because of creates that could not
	// be read back. It may never show.
	Reached int64 `json:"reached,omitempty"`
}

// check tells the engine what the state has seen of its space. If the engine has another
// space, that is an error.
func (s seenSpace) check(api *engine.Engine) (diags diag.Diagnostics) {
	if s.ID != "" && s.ID != api.Client().SpaceID() {
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

// engineFor returns the engine, after the check of the space of a state.
func (r *baseResource) engineFor(memory *memory) (*engine.Engine, diag.Diagnostics) {
	api, diags := r.provider.engine()
	if !diags.HasError() {
		diags = append(diags, memory.space.check(api)...)
	}
	return api, diags
}

// checkSpace checks during a plan that the provider has the space of the state, unless
// provider settings are unknown.
func (r *baseResource) checkSpace(m *memory) diag.Diagnostics {
	api, _ := r.planningEngine() // its errors are reported where the engine is needed
	if api == nil {
		return nil
	}
	return m.space.check(api)
}

// ofOtherSpace returns an error if a URI names another space than that of the provider.
func ofOtherSpace(uri, space string) error {
	if named := client.SpaceIn(uri); named != "" && named != space {
		return fmt.Errorf("%q names the space %q, but the provider is configured for the space %q", uri, named, space)
	}
	return nil
}
