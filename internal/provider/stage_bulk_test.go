package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Settings of the map, and of a provider that sends two conversations in a request, and
// one request after the other.
var (
	keeping  = map[string]any{"rollback_method": 1}
	twoByTwo = map[string]any{"batch_size": 2, "max_concurrent_requests": 1}
)

// entryOf returns what the state has of an entry.
func (s *stage) entryOf(key string) map[string]tftypes.Value {
	return parts(parts(s.attribute(bulkAddress, "conversations"))[key])
}

// A conversation under another key is only renamed, even if its spelling changes.
func TestStage_rename(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		renamed := func(n numbers, key, id string) {
			s.t.Helper()
			s.applies(s.bulk(n.entries(), nil), bulkAddress, update)
			if got := stringOf(s.entryOf(key)["id"]); got != id {
				s.t.Errorf("the conversation is %s now, and was %s", got, id)
			}
			s.wantMade(3)
		}
		before := numbers{"alice": "+1 555 010 0001", "bob": "+1 555 010 0002", "carol": "+1 555 010 0003"}
		s.applies(s.bulk(before.entries(), nil), bulkAddress, create)
		carol := stringOf(s.entryOf("carol")["id"])
		renamed(before.without("carol").with("carla", "+1 (555) 010-0003"), "carla", carol)
		renamed(numbers{"alice": "+1 555 010 0003", "bob": "+1 555 010 0002", "carla": "+1 555 010 0001"}, "alice", carol) // two swap keys
		renamed(numbers{"a": "+15550100001", "bob": "+1 555 010 0002", "alice": "+1 555 010 0003"}, "alice", carol)
		s.checks(s.heldNumbers(before)) // in their first spelling
	})
}

// The apply corrects declared fields that other users have changed, restores what they have deleted, and creates what
// is gone. It does not touch fields that are not declared.
func TestStage_drift(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		three := s.bulk(numbered(3).entries(), nil)
		s.applies(three, bulkAddress, create)
		var ids []string
		for _, record := range s.Records(conversations) {
			ids = append(ids, fmt.Sprint(record["id"]))
		}
		must(s.t, s.space.Edit(conversations, ids[0], map[string]any{"recipient_contact_id": bob}))
		must(s.t, s.space.Edit(conversations, ids[1], map[string]any{"phone_id": phone}))
		s.applies(three, bulkAddress, noop)
		if contact := s.entryOf("c000")["recipient_contact_id"]; !contact.IsNull() {
			s.t.Errorf("the contact is %s; want none, as nobody asked for it", text(contact))
		}
		must(s.t, s.space.Edit(conversations, ids[0], map[string]any{"phone_id": otherPhone}))
		must(s.t, s.SoftDelete(conversations, ids[1]))
		must(s.t, s.Purge(conversations, ids[2]))
		s.ResetRequests()
		s.applies(three, bulkAddress, update)
		s.checks(s.heldNumbers(numbered(3)))
		s.checks(s.sentIn("batch-modify", 2, 1))
		s.checks(s.sentIn("batch-restore", 1, 1))
	})
}

// An attribute that an entry omits is not tracked: the CRM's value is no difference. Once
// it is declared, it is written.
func TestStage_untracked(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		with := func(account any) map[string]block {
			return s.bulk(map[string]declared{"a": {"phone_id": phone, "recipient_account_id": account}}, nil)
		}
		s.applies(with(nil), bulkAddress, create)
		must(s.t, s.space.Edit(conversations, s.id(), map[string]any{"recipient_account_id": acme}))
		s.applies(with(nil), bulkAddress, noop)
		if account := s.entryOf("a")["recipient_account_id"]; !account.IsNull() {
			s.t.Errorf("the state has the account %s", text(account))
		}
		s.ResetRequests()
		s.applies(with(globex), bulkAddress, update)
		s.checks(s.sentFields("id", "recipient_account_id", "revision"))
		s.checks(s.holds(map[string]any{"recipient_account_id": globex}))
	})
}

// If deleting again fails too, the state has what still exists, and the error names it.
func TestStage_compensationFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, twoByTwo, func(s *stage) {
		s.Inject(
			mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403},
			mockserver.Fault{Path: "batch-modify", Skip: 1, Times: 1, Kind: mockserver.StatusReply, Status: 403},
		)
		four := s.bulk(numbered(4).entries(), nil)
		s.refused(four, "The provider created these, but couldn't delete them when", "They stay in the state, so that they aren't lost")
		s.wantLive(2)
		s.ClearFaults()
		s.applies(four, bulkAddress, replace)
		s.checks(s.heldNumbers(numbered(4)))
	})
}

// If nothing could be created, that is an error, and nothing is in the state.
func TestStage_nothingSucceeds(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.refused(s.bulk(numbers{"a": "nonsense", "b": "rubbish"}.entries(), keeping), "Unable to Create Text Message Conversation", "The CRM refuses")
		if len(s.core.state) != 0 {
			s.t.Errorf("in the state is %v", s.core.state)
		}
		s.applies(s.bulk(numbers{"a": "+15550100001"}.entries(), keeping), bulkAddress, create)
		s.checks(s.heldNumbers(numbers{"a": "+15550100001"}))
	})
}

// In an update, the state has what succeeded, and the next apply only repeats the rest.
func TestStage_updateFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		four := numbered(4)
		five := four.with("good", "+1 555 010 0001")
		of := func(n numbers) map[string]block { return s.bulk(n.entries(), keeping) }
		s.applies(of(four), bulkAddress, create)
		s.refused(of(five.with("bad", "nonsense").with("c000", "rubbish").without("c003")), "Unable to Create Text Message Conversation", `"bad"`)
		s.checks(s.heldNumbers(five.without("c003"))) // c000 could not be replaced, and still exists
		s.applies(of(five), bulkAddress, update)
		s.checks(s.heldNumbers(five))

		// When a failed entry is given up, it is no longer in failed.
		s.refused(of(five.with("bad", "nonsense")), "Unable to Create Text Message Conversation", `"bad"`)
		s.applies(s.bulk(five.entries(), map[string]any{"rollback_method": 1, "validation_level": 2}), bulkAddress, update)
		if failed := s.attribute(bulkAddress, "failed"); len(parts(failed)) != 0 {
			s.t.Errorf("failed holds %s", text(failed))
		}

		// The CRM refuses a removal.
		s.Inject(mockserver.Fault{Path: "batch-delete", Times: 1, Kind: mockserver.StatusReply, Status: 403})
		s.refused(of(four), "Unable to Delete Text Message Conversation", `conversations["good"]`, "couldn't delete")
		s.applies(of(four), bulkAddress, update)
		s.checks(s.heldNumbers(four))
	})
}

// The error says that a replaced conversation could not be deleted, and the next apply
// deletes it.
func TestStage_removalFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		two := numbers{"a": "+15550100001", "b": "+15550100002"}
		s.applies(s.bulk(two.entries(), nil), bulkAddress, create)
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403})
		changed := two.with("a", "+15550100003")
		s.refused(s.bulk(changed.entries(), nil), "Unable to Delete Text Message Conversation", `conversations["a"]: The provider couldn't delete the conversation`,
			"of this key. It is still in the CRM, and in the state under the key", `"a (replaced)"`, "Run the command again to try once more", "does not permit this")
		s.ClearFaults()
		s.applies(s.bulk(changed.entries(), nil), bulkAddress, update)
		s.checks(s.heldNumbers(changed))
	})
}

// The next apply looks for creates whose outcome is unknown, under any key. Nothing is created twice, and two similar
// conversations stay two.
func TestStage_openCreates(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"request_timeout": "1s"}
	maps.Copy(settings, impatient)
	maps.Copy(settings, twoByTwo)
	onStage(t, mockserver.Behavior{}, settings, openCreates)
}

func openCreates(s *stage) {
	five := numbered(4).with("twin", "+15550000000")
	of := func(n numbers) map[string]block { return s.bulk(n.entries(), keeping) }
	blind := func(skip int) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Skip: skip, Times: 1, Kind: mockserver.DropAfter, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
		}})
	}
	blind(1) // in a create
	if _, errors := s.apply(of(five)); errors != "" || s.core.state[bulkAddress].tainted {
		s.t.Errorf("the apply fails: %s", errors)
	}
	s.ClearFaults()
	s.applies(of(five), bulkAddress, noop) // the refresh finds them all
	s.checks(s.heldNumbers(five))
	s.wantMade(5)

	blind(0) // in an update
	const more = "+1 555 999 0001"
	seven := five.with("more", more).with("same", more)
	s.refused(of(seven), "Unable to Create Text Message Conversations", "These conversations may or may not have been created",
		"The next apply first looks for them in the CRM, and adopts those that exist")
	s.ClearFaults()
	s.meanwhile = func() { // the service is unavailable, which settles nothing
		s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 403})
	}
	s.refused(of(seven), "may or may not have been created", "the outcome of an earlier attempt is unknown")
	s.ClearFaults()
	renamed := five.with("other", "+1 (555) 999-0001").with("same", more)
	s.applies(of(renamed), bulkAddress, update)
	s.wantMade(7)
	s.checks(s.heldNumbers(seven))

	// Others delete it, and the configuration renames it.
	must(s.t, s.SoftDelete(conversations, fmt.Sprint(s.Records(conversations)[0]["id"])))
	s.applies(of(renamed.without("c000").with("c9", "+15550000000")), bulkAddress, update)
	s.wantMade(7)
}

// Numbers of conversations around the size of a batch.
func TestStage_sizes(t *testing.T) {
	t.Parallel()
	for size, test := range map[int]struct {
		batches int
		want    map[string]int
	}{
		0:   {0, map[string]int{}},
		1:   {1, map[string]int{"list": 2, "batch-modify": 1}},
		100: {1, map[string]int{"list": 2, "batch-modify": 1}},
		101: {2, map[string]int{"list": 3, "batch-modify": 2}},
	} {
		runOnStage(t, fmt.Sprint(size), mockserver.Behavior{}, nil, func(s *stage) {
			if _, errors := s.apply(s.bulk(numbered(size).entries(), nil)); errors != "" {
				s.t.Errorf("the apply fails: %s", errors)
			}
			s.checks(s.wantOperations(test.want))
			s.checks(s.heldNumbers(numbered(size)))
			s.nothingLeft(s.bulk(numbered(size).entries(), nil))
			if entries, failed := parts(s.attribute(bulkAddress, "conversations")), parts(s.attribute(bulkAddress, "failed")); len(entries) != size || len(failed) != 0 {
				s.t.Errorf("the state has %d conversations and %d that failed; want %d and none", len(entries), len(failed), size)
			}
			s.destroys()
			s.checks(s.sentIn("batch-delete", size, test.batches))
			s.checks(s.heldNumbers(numbers{}))
		})
	}
}

// Entries of a map with the same trouble share one warning. A single resource keeps its place.
func TestStage_sharedWarnings(t *testing.T) {
	t.Parallel()
	const listed = `"e00", "e01", "e02", "e03", "e04", "e05", "e06", "e07", "e08", "e09", and 2 more: `
	for name, test := range map[string]struct {
		kind                  mockserver.Kind
		summary, one, several string
	}{
		"written, but not read": {
			"", "Text Message Conversation Not Fully Known", `conversations["e00"]: The provider wrote the conversation`, listed + "The provider wrote these conversations and keeps them",
		},
		"no reply": {
			mockserver.DropAfter, "Text Message Conversation May Have Been Created", `conversations["e00"]: The conversation may or may not have been created`,
			listed + "These conversations may or may not have been created. The next apply first looks for them in the CRM",
		},
	} {
		for count, want := range map[int][]string{1: {test.summary, test.one, "Cause: "}, 12: {test.summary, test.several, "Cause of the first: "}} {
			runOnStage(t, fmt.Sprint(name, " ", count), mockserver.Behavior{}, map[string]any{"recovery_timeout": "0s", "max_retries": 0}, func(s *stage) {
				entries := map[string]declared{}
				for i := range count {
					entries[fmt.Sprintf("e%02d", i)] = declared{"phone_id": phone, number: fmt.Sprintf("+155501000%02d", i)}
				}
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: test.kind, Times: 1, Do: func() {
					s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
				}})
				_, errors := s.apply(s.bulk(entries, map[string]any{"rollback_method": 1}))
				if errors != "" || strings.Count(s.warnings, test.summary) != 1 || !says(want...).MatchString(s.warnings) {
					s.t.Errorf("errors %q, warnings %s; want %q", errors, s.warnings, want)
				}
			})
		}
	}
}
