package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

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
