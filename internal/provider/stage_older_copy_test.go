package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The plan has named a conversation that a new entry adopts. A copy of the space without that conversation answers
// the apply: a lagging replica or a restored backup. The map knows from its refresh what the space must show, so it
// waits for that, or fails. It does not create a second conversation.
func TestStage_adoptionInOlderCopy(t *testing.T) {
	t.Parallel()
	for _, copied := range []string{"lags for a moment", "restored backup"} {
		runOnStage(t, copied, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s"}, func(s *stage) {
			settings := map[string]any{"rollback_method": 1, "adopt_existing": true}
			s.applies(s.bulk(numbered(1).entries(), settings), bulkAddress, create)
			s.Backup()
			made := []string{s.handmade("+15550000001"), s.idOfMessage("by hand")}
			s.meanwhile = func() {
				if copied == "restored backup" {
					must(s.t, s.RestoreBackup())
					return
				}
				until := time.Now().Add(time.Second)
				s.lie = func(r *http.Request, answer map[string]any) int {
					if r.Method == http.MethodGet && time.Now().Before(until) {
						hide(answer, made)
					}
					return 0
				}
			}
			_, errors := s.apply(s.bulk(numbered(2).entries(), settings))
			if copied == "restored backup" {
				if !says("shows less than the state has already seen").MatchString(errors) {
					s.t.Errorf("the errors are %q", errors)
				}
				return
			}
			if errors != "" {
				s.t.Errorf("the apply fails: %s", errors)
			}
			s.wantNumbers("+15550000000", "+15550000001")
		})
	}
}

// Terraform passes nothing from the plan of a new resource to its apply. So the apply looks for a conversation to
// adopt as if there had been no plan. If an older copy answers, it creates a second conversation. Once the copy has
// caught up, a warning names both.
func TestStage_notAdoptedInOlderCopy(t *testing.T) {
	t.Parallel()
	for at, config := range map[string]func(s *stage, adopt bool) map[string]block{
		address: func(s *stage, adopt bool) map[string]block {
			return s.single(declared{"phone_id": phone, number: "+1 555 000 0000", "adopt_existing": adopt})
		},
		bulkAddress: func(s *stage, adopt bool) map[string]block {
			return s.bulk(numbered(2).entries(), map[string]any{"adopt_existing": adopt})
		},
	} {
		for _, adopt := range []bool{true, false} {
			runOnStage(t, fmt.Sprint(at, " ", adopt), mockserver.Behavior{}, nil, func(s *stage) {
				var existing string
				s.meanwhile = func() {
					s.SetLag(time.Second)
					existing = s.handmade("+15550000000")
					must(s.t, s.SoftDelete(conversations, s.handmade("+15550000000")))
					s.handmade("+15550000009")
				}
				if _, errors := s.apply(config(s, adopt)); errors != "" {
					s.t.Errorf("the apply fails: %s", errors)
				}
				ids := map[string]string{address: s.idAt(address)}
				if at == bulkAddress {
					ids[at] = `"c000": ` + s.entryID("c000")
				}
				if says("Existing Text Message Conversation Not Adopted", "created: "+ids[at]+", and "+existing+". adopt").MatchString(s.warnings) != adopt {
					s.t.Errorf("the warnings are %s; want those of %s and %s: %t", s.warnings, ids[at], existing, adopt)
				}
			})
		}
	}
}

// hide leaves records out of a list.
func hide(answer map[string]any, ids []string) {
	records, _ := answer["data"].([]any)
	left := slices.DeleteFunc(slices.Clone(records), func(record any) bool {
		r, _ := record.(map[string]any)
		id, _ := r["id"].(string)
		return slices.Contains(ids, id)
	})
	if total, isNumber := answer["total"].(json.Number); isNumber {
		n, _ := total.Int64()
		answer["total"] = n - int64(len(records)-len(left))
		answer["data"] = left
	}
}
