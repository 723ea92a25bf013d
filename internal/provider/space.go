package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A seenSpace is the space of a state, with the newest revision that the state has
// seen there. "Not found" is believed only of that space, as new as that.
type seenSpace struct {
	ID       string `json:"id,omitempty"`
	Revision int64  `json:"revision,omitempty"`

	// Reached is the revision that it must have by what was created and could not be read
	// back. It may never show.
	Reached int64 `json:"reached,omitempty"`
}

// check tells the client what the state has seen of its space, or that it is the
// client of another space.
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

// seen takes note of the space, as new as the client has seen it.
func (s *seenSpace) seen(api *engine.Engine) {
	s.ID, s.Revision = api.Client().SpaceID(), max(s.Revision, api.Newest())
	if s.Reached = max(s.Reached, api.Reached()); s.Reached <= s.Revision {
		s.Reached = 0
	}
}

// checkSpace checks a plan against the space of the state, where the provider is
// known well enough while planning.
func (r *baseResource) checkSpace(m *memory) diag.Diagnostics {
	if r.provider == nil || len(r.provider.settings.unknown()) > 0 {
		return nil
	}
	api, diags := r.provider.engine()
	if diags.HasError() {
		return nil // which is told where the client is needed
	}
	return m.space.check(api)
}
