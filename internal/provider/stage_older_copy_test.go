package provider_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"
)

// The plan has named a conversation that the apply adopts. A copy of the space that does not have it
// answers the apply, because it lags behind or is a restored backup. That does not mean that the conversation is gone: no second one is
// created.
func TestStage_adoptionInOlderCopy(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"single", "map", "map that grows"} {
		for _, copied := range []string{"lags for a moment", "restored backup"} {
			t.Run(form+", "+copied, func(t *testing.T) {
				t.Parallel()
				onLyingStage(t, map[string]any{"recovery_timeout": "2s"}, func(s *stage, l *liar) {
					config := s.single(declared{"phone_id": phone, number: "+15550000001", "adopt_existing": true})
					want := []string{"+15550000001"}
					settings := map[string]any{"rollback_method": 1, "adopt_existing": true}
					if form != "single" {
						config = s.bulk(numbered(2).entries(), settings)
						want = []string{"+15550000000", "+15550000001"}
					}
					if form == "map that grows" {
						s.applies(s.bulk(numbered(1).entries(), settings), bulkAddress, create)
					}
					s.Backup()
					made := s.handmade("+15550000001")
					s.meanwhile = func() {
						if copied == "restored backup" {
							must(t, s.RestoreBackup())
							return
						}
						until := time.Now().Add(time.Second)
						l.lie = func(r *http.Request, answer map[string]any) int {
							if r.Method == http.MethodGet && time.Now().Before(until) {
								hide(answer, made)
							}
							return 0
						}
					}
					_, errors := s.apply(config)
					switch copied {
					case "restored backup":
						if !says("shows less than the state has already seen").MatchString(errors) {
							t.Errorf("the errors are %q", errors)
						}
					default:
						if errors != "" {
							t.Errorf("the apply fails: %s", errors)
						}
						s.wantNumbers(want...)
					}
				})
			})
		}
	}
}

// hide leaves a conversation and its messages out of a list.
func hide(answer map[string]any, id string) {
	records, _ := answer["data"].([]any)
	left := slices.DeleteFunc(slices.Clone(records), func(record any) bool {
		r, _ := record.(map[string]any)
		return r["id"] == id || r["text_message_conversation_id"] == id
	})
	if total, isNumber := answer["total"].(json.Number); isNumber {
		n, _ := total.Int64()
		answer["total"] = n - int64(len(records)-len(left))
		answer["data"] = left
	}
}
