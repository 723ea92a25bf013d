package provider_test

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A conversation always has a phone. A refresh that shows none is a reply that is not what was
// agreed, as it is for a search: it says nothing of the conversation. What only changes its key stays, and nothing of
// the reply stays in the state.
func TestStage_refreshWithoutPhone(t *testing.T) {
	t.Parallel()
	for _, duplicates := range []string{mockserver.Allowed, mockserver.Refused} {
		t.Run(duplicates, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{Duplicates: duplicates}, nil, func(s *stage) {
				config := func(a, b string) map[string]block {
					return s.bulk(map[string]declared{"a": {"phone_id": phone, number: a}, "b": {"phone_id": phone, number: b}}, map[string]any{"rollback_method": 1})
				}
				s.applies(config("+15550000001", "+15550000002"), bulkAddress, create)
				before := s.live()
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.NullField, Field: "phone_id", Times: 1})
				plan, errors := s.apply(config("+15550000002", "+15550000001"))
				t.Logf("the plan: %v; %s; %s", plan != nil, errors, s.warnings)
				s.ClearFaults()
				if _, errors := s.apply(config("+15550000002", "+15550000001")); errors != "" {
					t.Errorf("the next apply fails: %s", errors)
				}
				s.wantNumbers("+15550000001", "+15550000002")
				for _, record := range before {
					if s.isDeleted(record["id"].(string)) {
						t.Errorf("the conversation %v of %v is deleted", record["id"], record[number])
					}
				}
			})
		})
	}
}
