package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// onStages plays once for each way in which the service may treat a stale revision.
func onStages(t *testing.T, settings map[string]any, play func(s *stage)) {
	t.Helper()
	for _, stale := range []string{mockserver.Ignored, mockserver.Refused} {
		runOnStage(t, "stale revision "+stale, mockserver.Behavior{StaleRevision: stale}, settings, play)
	}
}

// ofAccount returns a configuration of one conversation of the account.
func (s *stage) ofAccount(account string) map[string]block {
	return s.single(declared{"phone_id": phone, "recipient_account_id": account})
}

// A stale plan overwrites nothing. A new plan starts from what the CRM has by then.
func TestStage_conflict(t *testing.T) {
	t.Parallel()
	onStages(t, nil, func(s *stage) {
		s.applies(s.ofAccount(acme), address, create)
		s.meanwhile = s.someoneElse(s.id, map[string]any{"recipient_account_id": nil})
		s.refused(s.ofAccount(globex), conflictOfAccounts...)
		s.checks(s.holds(map[string]any{"recipient_account_id": nil}))
		s.applies(s.ofAccount(globex), address, update)
		s.checks(s.holds(map[string]any{"recipient_account_id": globex}))

		// Other users change another field, and links of a kind that the configuration omits.
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
		failed := parts(parts(s.attribute(bulkAddress, "failed"))["b"])
		if name, told := stringOf(failed["name"]), stringOf(failed["message"]); name != "CONFLICT" || !says("someone else has changed recipient_contact_id of the conversation "+fmt.Sprint(records[1]["id"])+", which now has revision").MatchString(told) {
			s.t.Errorf("failed has the name %q and the message %q", name, told)
		}
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

// Someone edits the same field between the plan and the apply, and the reply to the update is lost, in each kind of
// space.
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

// However many conversations are updated, and wherever they are in the space, one request reads their current values:
// the state knows its as-of.
func TestStage_comparison(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		of := func(contact string) map[string]block {
			entries := map[string]declared{}
			for i := range 150 {
				entries[fmt.Sprint(i)] = declared{"phone_id": phone, "recipient_contact_id": ""}
				if i%30 == 0 {
					entries[fmt.Sprint(i)]["recipient_contact_id"] = contact
				}
			}
			return s.bulk(entries, nil)
		}
		_, errors := s.apply(of(""))
		s.ResetRequests()
		_, more := s.apply(of(bob))
		if errors+more != "" {
			s.t.Errorf("the apply fails: %s%s", errors, more)
		}
		// Two pages for the plan, the comparison, the batch, and its read-back.
		s.checks(s.wantOperations(map[string]int{"list": 2 + 1 + 1, "batch-modify": 1}))
		if with := slices.DeleteFunc(s.live(), func(r map[string]any) bool { return r["recipient_contact_id"] != bob }); len(with) != 5 {
			s.t.Errorf("%d conversations have the contact; want 5", len(with))
		}
	})
}

// The same for single resources, which are compared batch by batch.
func TestStage_comparisonOfSingles(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_window": "1s"}, func(s *stage) {
		of := func(contact string) map[string]block {
			blocks := map[string]block{}
			for i := range 40 {
				d := declared{"phone_id": phone, "recipient_contact_id": ""}
				if i%5 == 0 {
					d["recipient_contact_id"] = contact
				}
				blocks[fmt.Sprintf("%s[%02d]", address, i)] = s.single(d)[address]
			}
			return blocks
		}
		_, errors := s.apply(of(""))
		s.ResetRequests()
		_, more := s.apply(of(bob))
		if errors+more != "" {
			s.t.Errorf("the apply fails: %s%s", errors, more)
		}
		// The plan takes a get and a page. One of the eight conversations may be known
		// from the get, without an as-of: it is read separately.
		if got := s.operations(); got["batch-modify"] != 1 || got["list"] > 4 || got["get"] > 2 {
			s.t.Errorf("requests: %v; want one batch, a comparison and a read-back", got)
		}
	})
}

// A change that someone else has made to the same message is not overwritten. After a
// failure, the state has the prior values.
func TestStage_messageConflict(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.saying(messageTexts{"a": "one", "b": "two"}, nil), address, create)
		ours := messageTexts{"a": "one, ours", "b": "two, ours"}
		s.meanwhile = func() {
			must(s.t, s.Edit(textMessages, s.idOfMessage("one"), map[string]any{"content": "one, theirs"}))
		}
		s.refused(s.saying(ours, nil), "Conflicting Change of Text Message", `messages["a"].content: Someone else has changed content of the message`,
			"a text of 3 characters", "as planned: a text of 9 characters", "a text of 11 characters")
		s.checks(s.holdsMessages("one, theirs", "two, ours"))
		s.applies(s.saying(ours, nil), address, update)
		s.checks(s.holdsMessages("one, ours", "two, ours"))

		s.lose(textMessages+"/batch-modify", mockserver.Fault{Kind: mockserver.StatusReply, Status: 403})
		s.refused(s.saying(messageTexts{"a": "one, ours", "b": "three"}, nil), "Unable to Update Text Message", "does not permit this")
		s.lose(textMessages+"/batch-modify", mockserver.Fault{Kind: mockserver.DropAfter}) // nothing is created twice
		s.applies(s.saying(messageTexts{"a": "one, ours", "b": "three", "c": "three"}, nil), address, update)
		s.checks(s.holdsMessages("one, ours", "three", "three"))
	})
}

// In the plan, a copy that lags behind shows the messages, and a newer one the conversations. The apply does not
// overwrite a change to a message that only the newer copy has.
func TestStage_messageConflictBehindACopy(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.saying(messageTexts{"a": "one"}, nil), address, create)
		id := s.idOfMessage("one")
		was, _ := s.Record(textMessages, id)
		must(s.t, s.Edit(textMessages, id, map[string]any{"content": "one, theirs"}))
		for range 60 { // more than an apply looks back
			must(s.t, s.Edit("Accounts", acme, map[string]any{"name": "Acme"}))
		}
		s.add(map[string]any{"phone_id": otherPhone})
		s.lie = func(_ *http.Request, answer map[string]any) int {
			records, _ := answer["data"].([]any)
			for _, record := range records {
				if record := record.(map[string]any); record["id"] == id {
					record["revision"] = was["revision"]
				}
			}
			return 0
		}
		s.meanwhile = func() { s.lie = nil }
		s.refused(s.saying(messageTexts{"a": "one, ours"}, nil), "Conflicting Change of Text Message")
		if held := s.liveMessages()["one, theirs"]; held == nil {
			s.t.Errorf("the messages are %v", s.liveMessages())
		}
	})
}

// entryA returns a configuration of a map with the entry a, which has a phone, a number and these attributes.
func (s *stage) entryA(more declared) map[string]block {
	d := declared{"phone_id": phone, number: "+15550000000"}
	maps.Copy(d, more)
	return s.bulk(map[string]declared{"a": d}, nil)
}

// An entry of a map declares an attribute for the first time, and someone has set it since the plan. The error shows
// both values, and a second apply overwrites the one in the CRM. If it was set before the plan, the plan wins, and so it
// does if someone has changed something else.
func TestStage_conflictOfNewAttribute(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after map[string]any // set by others before and after the plan
		refused       bool
	}{
		"after the plan":  {after: map[string]any{"recipient_account_id": globex}, refused: true},
		"before the plan": {before: map[string]any{"recipient_account_id": globex}},
		"another one":     {after: map[string]any{"recipient_contact_id": bob}},
		"the same value":  {after: map[string]any{"recipient_account_id": acme}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			s.applies(s.entryA(nil), bulkAddress, create)
			if test.before != nil {
				must(s.t, s.Edit(conversations, s.id(), test.before))
			}
			if test.after != nil {
				s.meanwhile = s.someoneElse(s.id, test.after)
			}
			wanted := s.entryA(declared{"recipient_account_id": acme})
			if _, errors := s.apply(wanted); test.refused != says("Conflicting Change of Text Message Conversation", `conversations["a"].recipient_account_id: `, "as planned: "+acme, "in the CRM now", globex, "apply again").MatchString(errors) || !test.refused && errors != "" {
				s.t.Errorf("the errors are %q", errors)
			}
			s.checks(s.holds(map[string]any{"recipient_account_id": map[bool]any{true: globex, false: acme}[test.refused]}))
			if test.refused {
				s.applies(wanted, bulkAddress, update)
			}
			s.checks(s.holds(map[string]any{"recipient_account_id": acme}))
		})
	}
}

// Without a refresh, the provider's own write has raised the revision of the conversation since the state was read. That
// is no conflict.
func TestStage_ownWriteIsNoConflict(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"a message", "an update"} {
		runOnStage(t, what, mockserver.Behavior{MessageRevision: mockserver.Bump}, nil, func(s *stage) {
			written := declared{"recipient_contact_id": bob}
			if what == "a message" {
				written = declared{"messages": messagesOf(s.entryType(), messageTexts{"x": "Hello"})}
			}
			s.applies(s.entryA(nil), bulkAddress, create)
			must(s.t, s.Edit(conversations, s.id(), map[string]any{"recipient_account_id": globex}))
			s.core.state = s.core.walk().refresh()
			if errors := s.appliesOnly(bulkAddress, s.entryA(written)).errors(); len(errors) > 0 {
				s.t.Errorf("the first apply fails: %v", errors)
			}
			written["recipient_account_id"] = acme
			if errors := s.appliesOnly(bulkAddress, s.entryA(written)).errors(); len(errors) > 0 {
				s.t.Errorf("the apply that declares the account fails: %v", errors)
			}
			s.checks(s.holds(map[string]any{"recipient_account_id": acme}))
		})
	}
}

// The provider restores a conversation, which raises its revision, and the CRM refuses the update. The error is the
// refusal, not a conflict with the restore.
func TestStage_ownRestoreIsNoConflict(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{DeletedRevision: mockserver.Bump, DeletedGet: mockserver.OK}, nil, func(s *stage) {
		s.applies(s.entryA(nil), bulkAddress, create)
		id := s.id()
		must(s.t, s.Edit(conversations, id, map[string]any{"recipient_account_id": globex}))
		must(s.t, s.SoftDelete(conversations, id))
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Envelope: true})
		s.refused(s.entryA(declared{"recipient_account_id": acme}), "The CRM refuses the change", "HTTP 422")
	})
}
