package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// changes applies an update that sends these fields, makes only the revision and the time
// unknown, and keeps the conversation.
func (s *stage) changes(attributes declared, sent []string, held map[string]any) {
	s.t.Helper()
	id := s.id()
	s.ResetRequests()
	planned := parts(s.applies(s.with(attributes), address, update).planned)
	if planned["revision"].IsKnown() || planned["modified"].IsKnown() {
		s.t.Errorf("the plan is %s; want an unknown revision", planned)
	}
	s.checks(s.sentFields(append(sent, "id", "revision")...))
	s.checks(s.holds(held))
	if got := stringOf(s.attribute(address, "id")); got != id {
		s.t.Errorf("the conversation is %s now, and was %s", got, id)
	}
}

// The provider sends only the difference.
func TestStage_update(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.with(declared{}), address, create)
		if private := string(s.core.state[address].private); strings.Contains(private, "revisions") {
			s.t.Errorf("the private state repeats what the state shows: %s", private)
		}
		account := []string{"recipient_account_id"}
		s.changes(declared{"recipient_account_id": acme}, account, map[string]any{"recipient_account_id": acme})
		s.changes(declared{"recipient_account_id": ""}, account, map[string]any{"recipient_account_id": nil})
		s.changes(declared{"recipient_account_id": "", "account_relations": []string{acme}},
			[]string{"account_relations"}, map[string]any{"account_relations": []string{acme}})
		s.changes(declared{"recipient_account_id": "", "account_relations": []string{globex}, "contact_relations": []string{bob}},
			[]string{"account_relations", "contact_relations"}, map[string]any{"account_relations": []string{globex}, "contact_relations": []string{bob}})
		s.changes(declared{"recipient_account_id": "", "account_relations": []string{}},
			[]string{"account_relations"}, map[string]any{"account_relations": []string{}, "contact_relations": []string{bob}})
	})
}

// Settings of the resource itself change nothing in the CRM.
func TestStage_resourceSettings(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.with(declared{}), address, create)
		s.ResetRequests()
		change := s.applies(s.with(declared{"validation_level": 4}), address, update)
		if revision := parts(change.planned)["revision"]; !revision.IsKnown() || revision.IsNull() {
			s.t.Errorf("the revision is planned as %s", text(revision))
		}
		s.checks(s.requests("GET ", "GET ")) // the refresh, which lists first, of this plan and of the next
		s.applies(s.with(declared{"validation_level": 4, "recipient_account_id": acme}), address, update)
		for _, request := range s.Requests() {
			if level := request.Query.Get("validation-level"); request.Method == http.MethodPost && level != "4" {
				s.t.Errorf("validation-level %q was sent; want 4", level)
			}
		}
		s.checks(s.sentFields("id", "revision", "recipient_account_id"))
	})
}

// The first number is an update, and the CRM finds the recipient. Another spelling is no
// difference, another number needs a new conversation, and an omitted number is the
// CRM's.
func TestStage_number(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.with(declared{}), address, create)
		s.changes(declared{number: adasNumber}, []string{number}, map[string]any{"recipient_contact_id": ada})
		id := s.id()
		s.applies(s.with(declared{number: "+1 (555) 010-0001"}), address, noop)
		s.applies(s.with(declared{number: "+1 555 010 0002"}), address, replace)
		s.checks(s.holds(map[string]any{number: "+1 555 010 0002", "recipient_contact_id": nil}))
		if s.id() == id {
			s.t.Errorf("it is still the conversation %s", id)
		}
		s.applies(s.with(declared{}), address, noop)
		s.checks(s.holds(map[string]any{number: "+1 555 010 0002"}))
	})
}

// The CRM chooses an omitted recipient. "" means none: from the start, later, and when a
// first number makes the CRM look for one.
func TestStage_recipients(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.with(declared{number: adasNumber}), address, create)
		if contact := s.attribute(address, "recipient_contact_id"); stringOf(contact) != ada || !s.attribute(address, "recipient_account_id").IsNull() {
			s.t.Errorf("the contact is %s", text(contact))
		}
		none := map[string]any{"recipient_contact_id": nil}
		s.applies(s.with(declared{number: adasNumber, "recipient_contact_id": ""}), address, update)
		s.checks(s.holds(none))
		s.destroys()
		s.applies(s.with(declared{number: "+15550100001", "recipient_contact_id": ""}), address, create)
		s.checks(s.holds(none))
		s.destroys()
		s.applies(s.with(declared{"recipient_contact_id": ""}), address, create)
		s.applies(s.with(declared{number: adasNumber, "recipient_contact_id": ""}), address, update)
		s.checks(s.holds(map[string]any{number: adasNumber, "recipient_contact_id": nil}))
	})
}

// The apply corrects declared fields that other users change, and does not touch other fields. A changed number does
// not replace the conversation. A conversation that is gone is created again.
func TestStage_driftOfSingle(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		config := s.with(declared{"recipient_account_id": acme})
		s.applies(config, address, create)
		id := s.id()
		edit := func(field string, value any) {
			s.t.Helper()
			must(s.t, s.space.Edit(conversations, id, map[string]any{field: value}))
		}
		edit("recipient_account_id", globex)
		s.changes(declared{"recipient_account_id": acme}, []string{"recipient_account_id"}, map[string]any{"recipient_account_id": acme})
		edit("recipient_contact_id", bob)
		s.applies(config, address, noop)
		s.checks(s.holds(map[string]any{"recipient_contact_id": bob}))
		if contact := stringOf(s.attribute(address, "recipient_contact_id")); contact != bob {
			s.t.Errorf("the state has the contact %q", contact)
		}
		edit("phone_id", phone) // a new revision alone is no change
		s.applies(config, address, noop)
		edit(number, adasNumber)
		s.applies(config, address, noop)
		if got := s.id(); got != id {
			s.t.Errorf("the conversation is %s now, and was %s", got, id)
		}
		must(s.t, s.Purge(conversations, id))
		s.applies(config, address, create)
	})
}

// A faulty item in the batch does not make the rest fail, and its correction is sent alone.
func TestStage_badNeighbour(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_window": "1s"}, func(s *stage) {
		of := func(last string) map[string]block {
			blocks := map[string]block{}
			for i, to := range []string{"+1 555 010 0010", "+1 555 010 0011", last} {
				blocks[fmt.Sprintf("%s[%d]", address, i)] = s.single(declared{"phone_id": phone, number: to})[address]
			}
			return blocks
		}
		s.refused(of("nonsense"), address+"[2]", "The CRM refuses")
		s.checks(s.sentIn("batch-modify", 3, 1))
		if made := len(s.live()); made != 2 {
			s.t.Errorf("%d conversations were made; want 2", made)
		}
		s.ResetRequests()
		s.applies(of("+1 555 010 0012"), address+"[2]", create)
		s.checks(s.sentIn("batch-modify", 1, 1)) // the missing one only
		if made := len(s.live()); made != 3 {
			s.t.Errorf("%d conversations were made; want 3", made)
		}
	})
}
