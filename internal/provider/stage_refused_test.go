package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A refused create has made nothing: a destroy deletes nothing that resembles it.
func TestStage_destroyOfARefusedEntry(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_size": 1}, func(s *stage) {
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply})
		config := s.bulk(numbered(2).entries(), map[string]any{"rollback_method": 1})
		_, _ = s.apply(config)
		s.ClearFaults()
		theirs := s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]}) // a colleague makes it by hand
		_, _ = s.apply(nil)
		if s.isDeleted(theirs) {
			s.t.Errorf("the destroy has deleted the colleague's conversation %s", theirs)
		}
	})
}

// The same with rollback_method = 0, and another create is lost: the resource is tainted.
func TestStage_replacementOfARefusedEntry(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_size": 1, "recovery_timeout": "2s", "max_retries": 0, "max_concurrent_requests": 1}, func(s *stage) {
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000000", Kind: mockserver.DropBefore, Times: 1},
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply},
		)
		config := s.bulk(numbered(2).entries(), nil)
		_, _ = s.apply(config)
		s.ClearFaults()
		theirs := s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]}) // a colleague makes it by hand
		config = s.bulk(numbered(1).entries(), nil)
		_, _ = s.apply(config)
		if s.isDeleted(theirs) {
			s.t.Errorf("the replacement has deleted the colleague's conversation %s", theirs)
		}
	})
}

// An open create is refused when it is repeated, so it is no longer open. A destroy
// deletes nothing that someone else creates then.
func TestStage_destroyOfARefusedRepetition(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+15550100002"})
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
		s.refused(config, "may or may not have been created")
		s.ClearFaults()
		s.untaint(address)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply})
		_, _ = s.apply(config)
		s.ClearFaults()
		theirs := s.add(map[string]any{"phone_id": phone, number: "+15550100002"})
		_, _ = s.apply(nil)
		if s.isDeleted(theirs) {
			s.t.Errorf("the destroy has deleted the colleague's conversation %s", theirs)
		}
	})
}

// Conversations that could not be deleted again share one error, however many there are.
// It does not hide those that may have been created.
func TestStage_leftoversAreOneError(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"batch_size": 10, "recovery_timeout": "2s", "max_retries": 0, "max_concurrent_requests": 1}
	onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Skip: 3, Times: 1},
			mockserver.Fault{Method: "POST", Path: "batch-delete", Kind: mockserver.StatusReply, Status: 503},
		)
		planning, applying := s.core.walk(), s.core.walk()
		applying.apply(planning.plan(s.bulk(numbered(40).entries(), nil)))
		errors := applying.errors()
		for _, want := range []string{"may or may not have been created", "and 20 more: The provider created these, but couldn't delete them again"} {
			if !says(want).MatchString(strings.Join(errors, "\n")) {
				s.t.Errorf("the errors don't say %q", want)
			}
		}
		if len(errors) > 3 {
			s.t.Errorf("there are %d errors: %q", len(errors), errors)
		}
	})
}

// The create of an entry is lost and carried out. The next apply adds what the CRM refuses. Whether
// it has found the conversation or not, the next one does: neither it nor its message is created
// again.
func TestStage_refusedAfterALostCreate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wrong declared
		late  bool
	}{
		"contact":       {declared{"recipient_contact_id": nobody}, false},
		"link":          {declared{"account_relations": []string{nobody}}, false},
		"contact, late": {declared{"recipient_contact_id": nobody}, true},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			declare := func(more declared) map[string]block {
				entry := declared{"phone_id": phone, number: "+15550100009", "messages": messagesOf(s.core.schemas[singleType].ValueType(), messageTexts{"m": "Hi"})}
				maps.Copy(entry, more)
				return s.bulk(map[string]declared{"x": {"phone_id": phone, number: "+15550100002"}, "a": entry}, nil)
			}
			s.applies(s.bulk(map[string]declared{"x": {"phone_id": phone, number: "+15550100002"}}, nil), bulkAddress, create)
			kind := mockserver.DropAfter
			if test.late {
				kind = mockserver.DropBefore
			}
			s.leavesOpen(declare(nil), kind)
			s.refused(declare(test.wrong), "The CRM refuses what the configuration says", "The next apply first looks for it")
			if test.late {
				s.addMessage(s.add(map[string]any{"phone_id": phone, number: "+15550100009"}), "Hi", 1)
			}
			right := declare(declared{"recipient_contact_id": bob})
			if _, errors := s.apply(right); errors != "" {
				s.t.Errorf("the apply says %q", errors)
			}
			s.nothingLeft(right)
			if made, sent := len(s.Records(conversations)), len(s.Records(textMessages)); made != 2 || sent != 1 {
				s.t.Errorf("the CRM has %d conversations and %d messages; want 2 and 1: %s", made, sent, s.warnings)
			}
		})
	}
}
