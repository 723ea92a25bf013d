package provider_test

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If a list shows a conversation without its phone, the provider does not trust it: the refresh gets the conversation
// by its id. Otherwise, a rename would delete both conversations.
func TestStage_refreshWithoutPhone(t *testing.T) {
	t.Parallel()
	for _, duplicates := range []string{mockserver.Allowed, mockserver.Refused} {
		runOnStage(t, duplicates, mockserver.Behavior{Duplicates: duplicates}, nil, func(s *stage) {
			config := func(a, b string) map[string]block {
				return s.bulk(map[string]declared{"a": {"phone_id": phone, number: a}, "b": {"phone_id": phone, number: b}}, map[string]any{"rollback_method": 1})
			}
			s.applies(config("+15550000001", "+15550000002"), bulkAddress, create)
			before := s.live()
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.NullField, Field: "phone_id", Times: 1})
			s.apply(config("+15550000002", "+15550000001"))
			s.ClearFaults()
			if _, errors := s.apply(config("+15550000002", "+15550000001")); errors != "" {
				s.t.Errorf("the next apply fails: %s", errors)
			}
			s.wantNumbers("+15550000001", "+15550000002")
			for _, record := range before {
				if s.isDeleted(record["id"].(string)) {
					s.t.Errorf("the conversation %v of %v is deleted", record["id"], record[number])
				}
			}
		})
	}
}
