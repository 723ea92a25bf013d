package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A plan that removes entries of a map says so, which Terraform does not: it counts the
// resource. What is replaced or already deleted has its own words, or none.
func TestStage_warnsOfDeletion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings map[string]any
		after    numbers // of 12
		deleted  bool    // the first one, by others
		want     []string
		not      []string
	}{
		"all":       {nil, numbers{}, false, []string{"Text Message Conversations Will Be Deleted", "12 in total", `"c000", "c001"`, `"c009", and 2 more.`, "deletes them with their messages"}, []string{"c010", "Replaced"}},
		"abandoned": {map[string]any{"deletion_policy": "abandon"}, numbers{}, false, []string{"Text Message Conversations Will Be Forgotten", "12 in total", `"c000"`, "stay in the CRM"}, []string{"Deleted", "deletes"}},
		"but one":   {nil, numbered(12).without("c003"), false, []string{"Will Be Deleted", "1 in total", `"c003"`}, []string{"c004"}},
		"replaced":  {nil, numbered(12).with("c003", "+1 555 999 0001"), false, []string{"Will Be Replaced", `"c003"`}, []string{"Will Be Deleted"}},
		"both":      {nil, numbered(12).with("c003", "+1 555 999 0001").without("c005"), false, []string{"Will Be Replaced", `: "c003".`, "Will Be Deleted", `1 in total, which have the keys "c005"`}, nil},
		"gone":      {nil, numbered(12).without("c000"), true, nil, []string{"Will Be"}},
		"nothing":   {nil, numbered(12), false, nil, []string{"Will Be"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				s.applies(s.bulk(numbered(12).entries(), test.settings), bulkAddress, create)
				if test.deleted {
					must(s.t, s.SoftDelete(conversations, s.entryID("c000")))
				}
				planning := s.core.walk()
				planning.plan(s.bulk(test.after.entries(), test.settings))
				got := planning.warningsAt(bulkAddress)
				if !says(test.want...).MatchString(got) || slices.ContainsFunc(test.not, func(text string) bool { return strings.Contains(got, text) }) {
					s.t.Errorf("the plan warns %q; want %q and not %q", got, test.want, test.not)
				}
				destroying := s.core.walk()
				destroying.plan(nil)
				if got := destroying.warningsAt(bulkAddress); got != "" {
					s.t.Errorf("the plan of the destroy warns %q", got)
				}
			})
		})
	}
}
