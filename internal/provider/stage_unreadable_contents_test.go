package provider_test

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A conversation that an earlier attempt has made is no longer needed. If the contents of its
// messages can't be read while it is removed, that says nothing of whose it is: the next
// apply looks again, and deletes it.
func TestStage_unreadableContents(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		then []string // the numbers of the next configuration
		want []string
	}{
		"the entry is removed": {nil, []string{"+15550000000"}},
		"its number changes":   {[]string{"+15550000005"}, []string{"+15550000000", "+15550000005"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
				config := func(numbers ...string) map[string]block {
					entries := numbered(1).entries()
					for _, n := range numbers {
						entries["k"] = declared{"phone_id": phone, number: n, "messages": messagesOf(s.entryType(), messageTexts{"a": "A"})}
					}
					return s.bulk(entries, map[string]any{"rollback_method": 1})
				}
				s.applies(config(), bulkAddress, create)
				s.leavesOpen(config("+15550000004"), mockserver.DropAfter)
				s.meanwhile = func() {
					s.Inject(mockserver.Fault{Method: "GET", Path: textMessages + "/", Kind: mockserver.StatusReply, Status: 502})
				}
				_, errors := s.apply(config(of.then...))
				said := errors + s.warnings
				s.ClearFaults()
				if _, errors := s.apply(config(of.then...)); errors != "" {
					t.Errorf("the next apply fails: %s", errors)
				}
				s.wantNumbers(of.want...)
				if t.Failed() {
					t.Logf("the apply in trouble said %s", said)
				}
			})
		})
	}
}
