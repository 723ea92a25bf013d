package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A plan is saved, and the service is restored from a backup before the apply. Then the apply writes nothing,
// whatever its first step would be: the records may be different ones, and a write would make the space look as new
// as the state.
func TestStage_savedPlanInRestoredBackup(t *testing.T) {
	t.Parallel()
	changed, fewer := numbered(1).entries(), numbered(3).without("c001").entries()
	changed["c000"]["recipient_contact_id"] = ada
	adopting := map[string]any{"adopt_existing": true}
	isAway := func(s *stage) {
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502, Times: 1})
	}
	bulk := func(entries map[string]declared, attributes map[string]any) func(s *stage) map[string]block {
		return func(s *stage) map[string]block { return s.bulk(entries, attributes) }
	}
	inMap := func(texts messageTexts) func(s *stage) map[string]block {
		return func(s *stage) map[string]block {
			return s.bulk(map[string]declared{"c000": {"phone_id": phone, "messages": messagesOf(s.entryType(), texts)}}, nil)
		}
	}
	single := func(texts messageTexts) func(s *stage) map[string]block {
		return func(s *stage) map[string]block { return s.saying(texts, nil) }
	}
	two, three, nothing := bulk(numbered(2).entries(), nil), bulk(numbered(3).entries(), nil), func(*stage) map[string]block { return nil }
	for name, test := range map[string]struct {
		before, after     func(s *stage) map[string]block
		meanwhile, failed func(s *stage) // before the plan, and before the apply
	}{
		"changes and removes":                 {before: two, after: bulk(changed, nil)},
		"looks and removes":                   {before: two, after: bulk(fewer, nil), meanwhile: func(s *stage) { s.leavesOpen(three(s), mockserver.DropBefore) }},
		"adopts and removes":                  {before: two, after: bulk(fewer, adopting), meanwhile: func(s *stage) { s.handmade(numbered(3)["c002"]) }},
		"fails and removes":                   {before: two, after: bulk(fewer, nil), failed: isAway},
		"removes an entry":                    {before: two, after: bulk(numbered(1).entries(), nil)},
		"destroys a map":                      {before: two, after: nothing},
		"destroys a single":                   {before: single(nil), after: nothing},
		"restores":                            {before: single(nil), after: single(nil), meanwhile: (*stage).deleteByOthers},
		"removes a message":                   {before: single(messageTexts{"a": "One", "b": "Two"}), after: single(messageTexts{"a": "One"})},
		"edits and removes messages":          {before: single(messageTexts{"a": "One", "b": "Two"}), after: single(messageTexts{"a": "Another"})},
		"edits and removes messages of a map": {before: inMap(messageTexts{"a": "One", "b": "Two"}), after: inMap(messageTexts{"a": "Another"})},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			if _, errors := s.apply(test.before(s)); errors != "" {
				s.t.Fatal(errors)
			}
			if test.meanwhile != nil {
				test.meanwhile(s)
			}
			s.Backup()
			s.handmade("+15550109999") // the plan sees this
			plan, applying := s.plans(test.after(s)), s.core.walk()
			must(s.t, s.RestoreBackup())
			if test.failed != nil {
				test.failed(s)
			}
			s.ResetRequests()
			applying.apply(plan)
			if errors := strings.Join(applying.errors(), "\n"); !says("restored from a backup").MatchString(errors) {
				s.t.Errorf("the apply says %q, %q", errors, applying.warnings())
			}
			for _, request := range s.Requests() {
				if request.Method != http.MethodGet {
					s.t.Errorf("it sends %s %s", request.Method, request.Path)
				}
			}
		})
	}
}
