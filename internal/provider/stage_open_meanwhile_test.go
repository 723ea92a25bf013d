package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create is answered with 504 and carried out 10 s later, and the look is refused. The next apply starts at once,
// and does not create the conversation a second time.
func TestStage_conversationCommitsLate(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.CommitLater, CommitAfter: 10 * time.Second, Latency: time.Second, Status: 504, Times: 1, Do: func() {
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 403})
			}},
		)
		s.apply(s.bulk(numbered(2).entries(), nil))
		s.ClearFaults()
		s.apply(s.bulk(numbered(2).entries(), nil))
		time.Sleep(time.Minute)
		s.wantLive(2)
	})
}

// An update of a map leaves the create of an entry open. The replacement of the map leaves no duplicates.
func TestStage_openOfUpdateAndReplaced(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"delete", "abandon"} {
		for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
			runOnStage(t, policy+string(kind), mockserver.Behavior{}, impatient, func(s *stage) {
				config := func(n int) map[string]block {
					return s.bulk(numbered(n).entries(), map[string]any{"deletion_policy": policy})
				}
				s.applies(config(1), bulkAddress, create)
				s.leavesOpen(config(2), kind) // c001
				s.taint(bulkAddress)
				_, errors := s.apply(config(2))
				want := 2
				if policy == "abandon" {
					want = 3 // c000 of the first apply stays
				}
				s.wantLive(want, errors, s.warnings)
			})
		}
	}
}

// The create of an entry never arrived, and its outcome is unknown. Later, the CRM has a
// conversation of the same phone and number: a customer has written, or a colleague has
// written one message, as the entry declares one.
func TestStage_othersWriteBeforeNextApply(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"map", "untainted single"} {
		for _, writes := range []string{"before the plan", "before the apply"} {
			for author, direction := range map[string]int{"customer": 2, "colleague": 1} {
				runOnStage(t, form+", "+author+" "+writes, mockserver.Behavior{}, impatient, func(s *stage) {
					entries := numbered(2).entries()
					if author == "colleague" {
						entries["c001"]["messages"] = messagesOf(s.entryType(), messageTexts{"a": "Hello"})
					}
					config := s.bulk(entries, nil)
					if form == "map" {
						s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
						s.leavesOpen(config, mockserver.DropBefore)
					} else {
						config = s.with(entries["c001"])
						s.leavesOpen(config, mockserver.DropBefore)
						s.untaint(address)
					}
					time.Sleep(time.Hour)
					var theirs string
					write := func() {
						theirs = s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]})
						s.addMessage(theirs, "Please call me", direction)
						time.Sleep(time.Hour)
					}
					if writes == "before the plan" {
						write()
					} else {
						s.meanwhile = write
					}
					s.apply(config)
					for address, instance := range s.core.state {
						if strings.Contains(instance.value.String(), `"id":tftypes.String<"`+theirs) {
							s.t.Errorf("%s has the conversation %s of others", address, theirs)
						}
					}
					s.apply(nil)
					if s.isDeleted(theirs) {
						s.t.Errorf("the conversation of others is deleted")
					}
				})
			}
		}
	}
}

// One entry of a new map is created late, and again. Another entry is refused, so everything is undone. The late twin
// stays in the CRM, and the warning says correctly what remains there.
func TestStage_twinOfUndone(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "batch_size": 1, "max_concurrent_requests": 1}, func(s *stage) {
		entries := numbered(2).entries()
		entries["c001"]["recipient_account_id"] = "30000000-0000-4000-8000-0000000000ff" // does not exist
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.CommitLater, CommitAfter: 2500 * time.Millisecond, Latency: 100 * time.Millisecond, Status: 504, Times: 1},
			mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.Latency, Latency: time.Second, Times: 1})
		s.apply(s.bulk(entries, nil))
		if left := s.live(); len(left) != 1 || !strings.Contains(s.warnings, left[0]["id"].(string)) {
			s.t.Errorf("%d are left, and the warnings are: %s", len(left), s.warnings)
		}
		if strings.Contains(s.warnings, "00000000-0000-0000-0000-000000000000") {
			s.t.Errorf("a warning names the nil UUID")
		}
	})
}

// A refresh can't look for an open create. Its error must not say that the next apply creates a second conversation,
// because that apply looks first.
func TestStage_refreshCantLook(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.with(declared{number: "+15550100002"})
		s.leavesOpen(config, mockserver.DropAfter)
		s.untaint(address)
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502, Times: 1})
		_, errors := s.apply(config)
		if strings.Contains(errors, "Otherwise, the next apply creates a second one") {
			s.t.Errorf("it says: %s", errors)
		}
		s.ResetRequests()
		_, errors = s.apply(config)
		if made := len(s.Records(conversations)); made != 1 || errors != "" {
			s.t.Errorf("%d were made: %s", made, errors)
		}
		s.checks(s.requests("GET ", "GET /entities/"+textMessages)) // what the look shows need not be read again
	})
}

// A refresh of a map that can't look for open creates does not read the other entries.
func TestStage_refreshOfManyCantLook(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		config := s.bulk(numbered(3).entries(), nil)
		s.leavesOpen(config, mockserver.DropAfter)
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502, Times: 1})
		s.ResetRequests()
		s.refused(config, "Unable to Read Text Message Conversations", "may or may not have created these conversations, and the provider couldn't look")
		s.checks(s.requests("GET "))
		s.applies(config, bulkAddress, update)
		s.wantMade(3)
	})
}
