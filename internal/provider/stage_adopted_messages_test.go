package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A refresh adopts the result of a lost create, because it has the message that was sent. If a lagging replica
// answers the next list, the message is not gone: the apply looks for it, and doesn't send it again.
func TestStage_messagesOfAdoptedFromOlderCopy(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"single", "map"} {
		runOnStage(t, form, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0}, func(s *stage) {
			config, at := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"}), address
			if form == "map" {
				config, at = s.bulk(map[string]declared{"k": {"phone_id": phone, number: "+15550000001", "messages": messagesOf(s.entryType(), messageTexts{"a": "A"})}}, nil), bulkAddress
			}
			s.leavesOpen(config, mockserver.DropAfter)
			s.untaint(at)
			lists := 0
			s.lie = func(r *http.Request, answer map[string]any) int {
				records, _ := answer["data"].([]any)
				if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/"+textMessages) && len(records) > 0 {
					if lists++; lists > 1 {
						answer["data"], answer["total"] = []any{}, json.Number("0")
						answer["page_info"] = map[string]any{"has_next_page": false, "has_previous_page": false, "start_cursor": nil, "end_cursor": nil}
					}
				}
				return 0
			}
			s.meanwhile = func() { s.lie = nil }
			if _, errors := s.apply(config); errors != "" || lists < 2 {
				s.t.Errorf("the apply fails after %d lists: %s", lists, errors)
			}
			if !strings.Contains(s.warnings, "Text Message Adopted") {
				s.t.Errorf("the apply warns %s", s.warnings)
			}
			s.nothingLeft(config)
			s.wantNumbers("+15550000001")
			s.wantSent(1)
		})
	}
}
