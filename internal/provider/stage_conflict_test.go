package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// onStages plays once for each way in which the service may treat a stale revision.
func onStages(t *testing.T, settings map[string]any, play func(s *stage)) {
	t.Helper()
	for _, stale := range []string{mockserver.Ignored, mockserver.Refused} {
		t.Run("stale revision "+stale, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{StaleRevision: stale}, settings, play)
		})
	}
}

// ofAccount returns a configuration of one conversation of the account.
func (s *stage) ofAccount(account string) map[string]block {
	return s.single(declared{"phone_id": phone, "recipient_account_id": account})
}

// A stale plan overwrites nothing. A new one starts from what the CRM has by then.
func TestStage_conflict(t *testing.T) {
	t.Parallel()
	onStages(t, nil, func(s *stage) {
		s.applies(s.ofAccount(acme), address, create)
		s.meanwhile = s.someoneElse(s.id, map[string]any{"recipient_account_id": nil})
		s.refused(s.ofAccount(globex), conflictOfAccounts...)
		s.checks(s.holds(map[string]any{"recipient_account_id": nil}))
		s.applies(s.ofAccount(globex), address, update)
		s.checks(s.holds(map[string]any{"recipient_account_id": globex}))

		// Others change another field, and links of a kind that the configuration omits.
		s.meanwhile = s.someoneElse(s.id, map[string]any{"recipient_contact_id": bob, "lead_relations": []string{lead}})
		s.applies(s.ofAccount(acme), address, update)
		s.checks(s.holds(map[string]any{"recipient_account_id": acme, "recipient_contact_id": bob, "lead_relations": []string{lead}}))
	})
}

// conflictOfAccounts contains the texts of a conflict in the account: acme before, globex
// in the plan, none in the CRM.
var conflictOfAccounts = []string{
	"Conflicting Change of Text Message Conversation", "recipient_account_id", "Someone else has changed recipient_account_id",
	"as the plan knew it (revision", acme, "as planned: " + globex, "in the CRM now (revision", "none", "Run terraform plan again", `on_conflict = "overwrite"`,
}

func TestStage_conflictOverwritten(t *testing.T) {
	t.Parallel()
	onStages(t, map[string]any{"on_conflict": "overwrite"}, func(s *stage) {
		s.applies(s.ofAccount(acme), address, create)
		s.meanwhile = s.someoneElse(s.id, map[string]any{"recipient_account_id": nil, "recipient_contact_id": bob})
		s.applies(s.ofAccount(globex), address, update)
		s.checks(s.holds(map[string]any{"recipient_account_id": globex, "recipient_contact_id": bob}))
	})
}

// An entry in conflict is an error at its key. The others are written.
func TestStage_conflictOfBulk(t *testing.T) {
	t.Parallel()
	onStages(t, nil, func(s *stage) {
		to := func(contact string) map[string]block {
			entries := map[string]declared{}
			for _, key := range []string{"a", "b", "c"} {
				entries[key] = declared{"phone_id": phone, "recipient_contact_id": contact}
			}
			return s.bulk(entries, nil)
		}
		s.applies(to(""), bulkAddress, create)
		records := s.Records(conversations)
		edit := func(i int, field, value string) {
			must(s.t, s.Edit(conversations, fmt.Sprint(records[i]["id"]), map[string]any{field: value}))
		}
		s.meanwhile = func() {
			edit(1, "recipient_contact_id", ada)
			edit(2, "recipient_account_id", acme)
		}
		s.refused(to(bob), "Conflicting Change of Text Message Conversation",
			`conversations["b"].recipient_contact_id: Someone else has changed recipient_contact_id`, "as planned: "+bob, ada)
		s.checks(s.holdsContacts(bob, ada, bob))
		s.ResetRequests()
		s.applies(to(bob), bulkAddress, update)
		s.checks(s.holdsContacts(bob, bob, bob))
		s.checks(s.sentIn("batch-modify", 1, 1)) // the one that was in conflict
	})
}

// holdsContacts checks the contacts of all conversations, the oldest first.
func (w *world) holdsContacts(want ...any) func(*terraform.State) error {
	return func(*terraform.State) error {
		for i, record := range w.Records(conversations) {
			if record["recipient_contact_id"] != want[i] {
				return fmt.Errorf("contact %d is %v; want %v", i, record["recipient_contact_id"], want[i])
			}
		}
		return nil
	}
}

// Somebody edits the very field between the plan and the apply, and the reply to the update is
// lost, in each kind of space.
func TestStage_conflictAndLoss(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore, mockserver.StatusAfter} {
		for _, stale := range []string{mockserver.Ignored, mockserver.Refused} {
			onStage(t, mockserver.Behavior{StaleRevision: stale}, nil, func(s *stage) {
				s.applies(s.single(declared{"phone_id": phone, number: "+15550100002", "recipient_contact_id": ada}), address, create)
				id := s.id()
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: kind, Status: 500, Times: 1, Before: mockserver.Acts{{
					Edit: &mockserver.Target{Entity: conversations, ID: id, Values: map[string]any{"recipient_account_id": acme}},
				}}, After: mockserver.Acts{{
					Edit: &mockserver.Target{Entity: conversations, ID: id, Values: map[string]any{"recipient_account_id": globex}},
				}}})
				_, errors := s.apply(s.single(declared{"phone_id": phone, number: "+15550100002", "recipient_contact_id": bob}))
				want := any(globex)
				if kind == mockserver.DropBefore {
					want = acme
				}
				if held := s.the(); held["recipient_account_id"] != want || held["recipient_contact_id"] != bob {
					s.t.Errorf("%s, %s: the CRM holds %v: %s", kind, stale, held, errors)
				}
			})
		}
	}
}
