package engine

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A look finds what an earlier look has left, if that was for the same owner, or if its attempt
// has forgotten the owner's earlier name.
func TestLeftToAnOwner(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		owner      string
		isRecalled bool
		isFound    bool
	}{
		"the same":          {"ada", false, true},
		"another":           {"bob", false, false},
		"under a new name":  {"bob", true, true},
		"without a name":    {"", false, false},
		"no longer with it": {"", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				made := s.stranger(t, apitest.NumberOf(5))
				look := func(owner string, isRecalled bool) client.ID {
					attempt.Owner, attempt.Earlier.IsRecalled = owner, isRecalled
					found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
					apitest.Must(t, found.Err)
					return found.Value.ID
				}
				wantEqual(t, "found", made, look("ada", false))
				wantEqual(t, "found before it is left", client.ID{}, look(test.owner, test.isRecalled))
				s.engine.Conversations.Leave(made)
				want := client.ID{}
				if test.isFound {
					want = made
				}
				wantEqual(t, "found afterwards", want, look(test.owner, test.isRecalled))
			})
		})
	}
}

// An owner has confirmed the record of a create that then turns out to be someone else's: it stays
// claimed. Otherwise a later create could adopt it.
func TestReleaseLeavesOtherClaims(t *testing.T) {
	t.Parallel()
	c, id := newClaims(), idOf(apitest.ID1)
	c.adopt(id, "ada", false)
	c.confirm(id, "ada")
	c.release(id, adopted)
	wantEqual(t, "origin", known, c.of(id).origin)
	c.release(id, known)
	wantEqual(t, "origin", unclaimed, c.of(id).origin)
}

// A look passes what an earlier look has found for another owner, and says so: in the next run, a
// look must pass it, too.
func TestFoundForAnotherIsPassed(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		made := s.stranger(t, apitest.NumberOf(5))
		for _, owner := range []string{"ada", "bob"} {
			attempt.Owner = owner
			found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
			apitest.Must(t, found.Err)
			if isPassed := found.Earlier != nil && found.Earlier.Passed[made] > 0; isPassed != (owner == "bob") {
				t.Errorf("%s: found is %v, passed are %v", owner, found.Value.ID, found.Earlier)
			}
		}
	})
}
