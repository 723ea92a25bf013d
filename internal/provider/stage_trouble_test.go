package provider_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// lostReplies are the ways in which the reply to a batch gets lost.
var lostReplies = map[string]mockserver.Fault{
	"connection dropped before": {Kind: mockserver.DropBefore},
	"connection dropped after":  {Kind: mockserver.DropAfter},
	"502 before":                {Kind: mockserver.StatusReply, Status: 502},
	"502 after":                 {Kind: mockserver.StatusAfter, Status: 502},
	"504 after":                 {Kind: mockserver.StatusAfter, Status: 504},
	"503 without Retry-After":   {Kind: mockserver.StatusAfter, Status: 503},
	"truncated":                 {Kind: mockserver.Truncate},
	"html":                      {Kind: mockserver.ReplaceReply, Reply: "<html>Welcome to the hotel</html>", ContentType: "text/html"},
	"empty":                     {Kind: mockserver.ReplaceReply},
	"one result too few":        {Kind: mockserver.ShortArray},
	"one result too many":       {Kind: mockserver.LongArray},
	"429 before":                {Kind: mockserver.StatusReply, Status: 429, RetryAfter: "0"},
	"503 before":                {Kind: mockserver.StatusReply, Status: 503, RetryAfter: "0"},
}

// everythingDeclared returns the attributes of [everything] for the stage.
func everythingDeclared() declared {
	return declared{
		"phone_id": phone, number: "+1 (555) 010-0000", "recipient_account_id": acme, "recipient_contact_id": bob,
		"account_relations": []string{acme, globex}, "contact_relations": []string{ada}, "project_relations": []string{project},
		"lead_relations": []string{lead}, "opportunity_relations": []string{opportunity}, "quote_relations": []string{quote},
		"validation_level": 2, "deletion_policy": "delete",
	}
}

// The whole life of a conversation, for each way in which an undocumented fact of the API
// may turn out.
func TestStage_eitherWay(t *testing.T) {
	t.Parallel()
	for _, choice := range mockserver.Switches {
		for _, value := range choice.Values {
			t.Run(choice.Name+"="+value, func(t *testing.T) {
				t.Parallel()
				var behavior mockserver.Behavior
				*choice.Field(&behavior) = value
				onStage(t, behavior, nil, eitherWay)
			})
		}
	}
}

func eitherWay(s *stage) {
	d := everythingDeclared()
	s.applies(s.single(d), address, create)
	s.checks(s.holds(everythingHeld))
	first := func() map[string]any { return s.Records(conversations)[0] }
	id := fmt.Sprint(first()["id"])

	// Someone else uses the CRM at the same time.
	_, other := s.Create(conversations, map[string]any{"phone_id": otherPhone})
	must(s.t, errors.Join(other, s.Edit(conversations, id, map[string]any{"recipient_account_id": globex})))
	d["account_relations"] = []string{}
	planned := s.applies(s.single(d), address, update)
	for _, name := range []string{"revision", "modified"} {
		if value := parts(planned.planned)[name]; value.IsKnown() {
			s.t.Errorf("%s is planned as %s; want it unknown", name, text(value))
		}
	}
	if first()["recipient_account_id"] != acme || len(s.Links(id, "account_relations")) != 0 || len(s.Links(id, "quote_relations")) != 1 {
		s.t.Errorf("the server holds %v", first())
	}
	s.destroys()
	if live := s.live(); len(live) != 1 || live[0]["phone_id"] != otherPhone {
		s.t.Errorf("after the destroy the server holds %v; want what someone else made", live)
	}
}

// However a reply gets lost, the conversation is created once, changed, and deleted.
func TestStage_lostReply(t *testing.T) {
	t.Parallel()
	for name, fault := range lostReplies {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			d := everythingDeclared()
			s.lose("batch-modify", fault)
			s.applies(s.single(d), address, create)
			s.checks(s.holds(everythingHeld))
			if id := stringOf(s.attribute(address, "id")); id != s.id() {
				s.t.Errorf("the id in the state is %q; want %q", id, s.id())
			}
			s.lose("batch-modify", fault)
			d["recipient_account_id"], d["account_relations"] = globex, []string{globex}
			s.applies(s.single(d), address, update)
			s.checks(s.holds(map[string]any{"recipient_account_id": globex, "account_relations": []string{globex}}))
			s.lose("batch-delete", fault)
			s.destroys()
			if all := s.Records(conversations); len(all) != 1 || len(s.live()) != 0 {
				s.t.Errorf("%d conversations were made, %d are left; want one and none", len(all), len(s.live()))
			}
		})
	}
}

// Of many conversations, none is created twice and none is missing.
func TestStage_lostReplyOfBulk(t *testing.T) {
	t.Parallel()
	for name, fault := range lostReplies {
		runOnStage(t, name, mockserver.Behavior{}, map[string]any{"batch_size": 2}, func(s *stage) {
			wanted := numbered(6).with("twin", "+15550000000")
			fault.Skip = 1
			s.lose("batch-modify", fault)
			s.applies(s.bulk(wanted.entries(), nil), bulkAddress, create)
			s.checks(s.heldNumbers(wanted))
			s.wantMade(len(wanted))
		})
	}
}

// For a minute, the service asks to wait. The provider sends nothing before that, and the wait is no retry.
func TestStage_throttledForAMinute(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, map[string]any{"max_retries": 0}, func(s *stage) {
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: 429, RetryAfter: mockserver.Remaining, For: time.Minute})
			begin := time.Now()
			_, errors := s.apply(declare(s))
			if waited := time.Since(begin); errors != "" || waited < time.Minute || s.operations()["batch-modify"] != 2 {
				s.t.Errorf("after %s and %v, the errors are %q", waited, s.operations(), errors)
			}
			s.nothingLeft(declare(s))
			s.wantMade(1)
		})
	}
}

// entries returns the conversations as entries of a map.
func (n numbers) entries() map[string]declared {
	entries := map[string]declared{}
	for key, to := range n {
		entries[key] = declared{"phone_id": phone, number: to}
	}
	return entries
}

// What an update of a map creates stays if something else fails: the resource is not tainted.
func TestStage_updateKeepsWhatSucceeds(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_size": 1}, func(s *stage) {
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		s.refused(s.bulk(numbered(3).with("c002", "nonsense").entries(), nil), "Unable to Create Text Message Conversation", `"c002"`)
		s.wantLive(2)
		s.wantMade(2) // nothing was undone
	})
}

// All or nothing, across requests: a batch holds two of the ten conversations.
func TestStage_allOrNothing(t *testing.T) {
	t.Parallel()
	const summary = "Unable to Create Text Message Conversation"
	tests := map[string]struct {
		bad   []string // keys that the CRM refuses
		fault mockserver.Fault
		says  []string
	}{
		"first request": {bad: []string{"c000"}, says: []string{summary, `"c000"`, "The CRM refuses"}},
		"third of five": {bad: []string{"c004"}, says: []string{summary, `"c004"`, "The CRM refuses"}},
		"one of each":   {bad: []string{"c000", "c002", "c004", "c006", "c008"}, says: []string{summary, ": The CRM refuses"}},
		"everything":    {bad: slices.Sorted(maps.Keys(numbered(10))), says: []string{summary, ": The CRM refuses"}},
		"a forbidden request": {
			fault: mockserver.Fault{Path: "batch-modify", Skip: 2, Times: 1, Kind: mockserver.StatusReply, Status: 403},
			says:  []string{summary, "The CRM does not permit this"},
		},
	}
	for name, test := range tests {
		for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
			runOnStage(t, name+", shown as "+reply, mockserver.Behavior{RollbackReply: reply}, map[string]any{"batch_size": 2}, func(s *stage) {
				wrong := numbered(10)
				for _, key := range test.bad {
					wrong[key] = "nonsense" + wrong[key]
				}
				if test.fault.Kind != "" {
					s.Inject(test.fault)
				}
				s.refused(s.bulk(wrong.entries(), nil), test.says...)
				if left := len(s.live()); left != 0 || len(s.core.state) != 0 {
					s.t.Errorf("%d conversations left of an all-or-nothing create that failed, and in the state %v", left, s.core.state)
				}
				s.ClearFaults()
				s.applies(s.bulk(numbered(10).entries(), nil), bulkAddress, create)
				s.checks(s.heldNumbers(numbered(10)))
			})
		}
	}
}

// If the CRM does not name the faulty entry, the error says how to find it. If each entry has its own reply, the
// error does not say that.
func TestStage_unnamedRefusal(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
		runOnStage(t, reply, mockserver.Behavior{RollbackReply: reply}, nil, func(s *stage) {
			wrong := numbered(150).with("c050", "nonsense")
			_, errors := s.apply(s.bulk(wrong.entries(), nil))
			isUnnamed := says("doesn't say which of these entries is at fault", "set rollback_method = 1 and apply again").MatchString(errors)
			if isUnnamed != (reply == mockserver.ErrorReply) || !isUnnamed && !strings.Contains(errors, `conversations["c050"].recipient_phone_number: The CRM refuses`) {
				s.t.Errorf("the errors are %q", errors)
			}
			s.wantLive(0)
			s.apply(s.bulk(wrong.entries(), map[string]any{"rollback_method": 1}))
			if made, failed := len(s.live()), parts(s.attribute(bulkAddress, "failed")); made != 149 || len(failed) != 1 || failed["c050"].IsNull() {
				s.t.Errorf("%d conversations, and these failed: %v", made, failed)
			}
		})
	}
}

// The CRM refuses a request because of one entry, and does not say which one. "failed" does not blame
// the others.
func TestStage_failedOfTheOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wrong map[string]any // in the entry b
		want  map[string]string
	}{
		"which one is clear": {map[string]any{"recipient_account_id": nobody}, map[string]string{
			"a": "rolled back, because another one in the same request failed", "b": "HTTP 422, error 120 ERROR_RELATIONS_DOESNT_EXIST", "c": "rolled back, because another one in the same request failed",
		}},
		"it is not": {map[string]any{number: "12"}, map[string]string{
			"a": "the CRM refused the whole request because of one of its entries: HTTP 422", "b": "the CRM refused the whole request because of one of its entries: HTTP 422",
			"c": "the CRM refused the whole request because of one of its entries: HTTP 422",
		}},
	} {
		runOnStage(t, name, mockserver.Behavior{RollbackReply: mockserver.ErrorReply}, nil, func(s *stage) {
			entry := func(to string) declared { return declared{"phone_id": phone, number: to} }
			entries := map[string]declared{"a": entry("+15550100001")}
			s.applies(s.bulk(entries, nil), bulkAddress, create)
			entries["a"]["recipient_account_id"] = acme
			entries["b"], entries["c"] = entry("+15550100002"), entry("+15550100003")
			maps.Copy(entries["b"], test.wrong)
			if _, errors := s.apply(s.bulk(entries, nil)); errors == "" {
				t.Fatal("there is no error")
			}
			failed := parts(s.attribute(bulkAddress, "failed"))
			for key, want := range test.want {
				if got := stringOf(parts(failed[key])["message"]); !says(want).MatchString(got) {
					t.Errorf("%s failed because %q; want %q", key, got, want)
				}
			}
		})
	}
}

// If the CRM names a record, the error names the entries that refer to it.
func TestStage_refusedBecauseOfARecord(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{RollbackReply: mockserver.ErrorReply}, nil, func(s *stage) {
		entries := numbered(150).entries()
		entries["c050"]["account_relations"] = []string{acme, nobody}
		_, errors := s.apply(s.bulk(entries, nil))
		if !says(`conversations["c050"].account_relations: The CRM refuses the request because of a record that the cause names. Of the 100 entries in the request, only this one refers to it. The request changed nothing`).MatchString(errors) {
			s.t.Errorf("the errors are %q", errors)
		}
	})
}

// With rollback_method = 1, what succeeds stays, and the resource is never tainted.
func TestStage_keepWhatSucceeds(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
		runOnStage(t, reply, mockserver.Behavior{RollbackReply: reply}, map[string]any{"batch_size": 2}, keepWhatSucceeds)
	}
}

func keepWhatSucceeds(s *stage) {
	method := map[string]any{"rollback_method": 1}
	wrong := numbered(10).with("c003", "nonsense").with("c008", "rubbish")
	id := func(key string) string {
		return stringOf(parts(parts(s.attribute(bulkAddress, "conversations"))[key])["id"])
	}
	failed := func(want int) {
		s.t.Helper()
		if got := parts(s.attribute(bulkAddress, "failed")); len(got) != want {
			s.t.Errorf("failed holds %v; want %d", got, want)
		}
	}
	if _, errors := s.apply(s.bulk(wrong.entries(), method)); errors != "" || s.core.state[bulkAddress].tainted {
		s.t.Errorf("the apply fails: %s", errors)
	}
	failed(2)
	kept := id("c004")
	if made := len(s.live()); made != 8 || kept == "" || id("c003") != "" {
		s.t.Errorf("%d conversations; want eight, and ids of these only", made)
	}
	s.ResetRequests()
	s.refused(s.bulk(wrong.with("c003", "+1 555 010 0003").entries(), method), "Unable to Create Text Message Conversation", `"c008"`, "created nothing")
	if items, _ := s.sent("batch-modify"); len(items) != 2 || len(s.live()) != 9 {
		s.t.Errorf("%d items sent, %d conversations; want the two missing ones sent and one of them made", len(items), len(s.live()))
	}
	s.ResetRequests()
	right := numbered(10).with("c003", "+1 555 010 0003")
	s.applies(s.bulk(right.entries(), method), bulkAddress, update)
	failed(0)
	s.checks(s.heldNumbers(right))
	if made := len(s.Records(conversations)); made != 10 || id("c004") != kept {
		s.t.Errorf("%d conversations were made; want ten, and the same c004", made)
	}
}
