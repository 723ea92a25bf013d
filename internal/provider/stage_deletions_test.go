package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A plan that removes entries of a map says so. Terraform itself does not, because it counts the resource. Entries
// that are replaced or already deleted have their own warning, or none.
func TestStage_warnsOfDeletion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings map[string]any
		after    numbers // of 12
		deleted  bool    // the first one, by others
		want     []string
		not      []string
	}{
		"all":       {nil, numbers{}, false, []string{"Text Message Conversations Will Be Deleted", "The map no longer contains 12 conversations of the state: ", `"c000", "c001"`, `"c009", and 2 more. The`, "deletes them with their messages"}, []string{"c010", "Replaced"}},
		"abandoned": {map[string]any{"deletion_policy": "abandon"}, numbers{}, false, []string{"Text Message Conversations Will Be Forgotten", "12 conversations of the state: ", `"c000"`, "They stay in the CRM", "forgets them"}, []string{"Deleted", "deletes"}},
		"but one":   {nil, numbered(12).without("c003"), false, []string{"Will Be Deleted", `The map no longer contains 1 conversation of the state: "c003". The apply deletes it with its messages`}, []string{"c004"}},
		"replaced":  {nil, numbered(12).with("c003", "+1 555 999 0001"), false, []string{"Will Be Replaced", `"c003"`}, []string{"Will Be Deleted"}},
		"both":      {nil, numbered(12).with("c003", "+1 555 999 0001").without("c005"), false, []string{"Will Be Replaced", `: "c003".`, "Will Be Deleted", `contains 1 conversation of the state: "c005"`}, nil},
		"gone":      {nil, numbered(12).without("c000"), true, nil, []string{"Will Be"}},
		"nothing":   {nil, numbered(12), false, nil, []string{"Will Be"}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
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
	}
}

// If the CRM does not restore a record, it is created anew as the error says: the entry or the message is removed,
// applied, and added again. Under another key alone, it stays the same record.
func TestStage_notRestored(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		says := func(key string) map[string]block {
			texts := messageTexts{}
			if key != "" {
				texts[key] = "one"
			}
			return s.saying(texts, nil)
		}
		s.applies(s.bulk(numbered(2).entries(), nil), bulkAddress, create)
		must(s.t, s.SoftDelete(conversations, s.entryID("c000")))
		s.Inject(mockserver.Fault{Path: "batch-restore", Kind: mockserver.StatusReply, Status: 403})
		const advice = "remove the entry, apply, and add it again"
		s.refused(s.bulk(numbered(2).entries(), nil), "does not restore it", advice)
		s.refused(s.bulk(numbered(2).without("c000").with("other", numbered(1)["c000"]).entries(), nil), "does not restore it", advice)
		s.applies(s.bulk(numbered(2).without("c000").entries(), nil), bulkAddress, update)
		s.applies(s.bulk(numbered(2).entries(), nil), bulkAddress, update)
		s.checks(s.heldNumbers(numbered(2)))
		s.wantMade(3)

		_, errors := s.apply(says("a"))
		must(s.t, s.SoftDelete(textMessages, s.messageID("a")))
		if errors != "" {
			s.t.Fatal(errors)
		}
		const adviceOnMessages = "remove the message from the configuration, apply, and add it again"
		s.refused(says("a"), "does not restore it", adviceOnMessages)
		s.refused(says("b"), "does not restore it", adviceOnMessages)
		s.applies(says(""), address, update)
		s.applies(says("a"), address, update)
		s.checks(s.holdsMessages("one"))
	})
}
