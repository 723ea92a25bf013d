package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The CRM has refused an entry of a map, so that create has made nothing. If a colleague then creates a conversation
// with the number of that entry, the provider doesn't delete it, whatever happens to the map.
func TestStage_refusedEntryHasMadeNothing(t *testing.T) {
	t.Parallel()
	one := func(s *stage, attributes map[string]any) map[string]block {
		return s.bulk(numbered(1).entries(), attributes)
	}
	for name, test := range map[string]struct {
		attributes map[string]any
		fault      mockserver.Kind // of the create of the other entry
		act        func(s *stage)
	}{
		"destroyed": {keeping, "", func(s *stage) { s.apply(nil) }},
		"tainted and replaced": {keeping, "", func(s *stage) {
			s.taint(bulkAddress) // Terraform drops the memory
			s.apply(one(s, keeping))
		}},
		"tainted by a lost create and replaced": {nil, mockserver.DropBefore, func(s *stage) { s.apply(one(s, nil)) }},
		"replaced with -replace": {keeping, "", func(s *stage) {
			planning := s.core.walk()
			plan := planning.plan(one(s, keeping))
			plan.changes[0].action = replace
			planning.ask(plan.changes[0], nil, plan.changes[0].private)
			s.core.walk().apply(plan)
		}},
	} {
		settings := map[string]any{"batch_size": 1, "recovery_timeout": "2s", "max_retries": 0, "max_concurrent_requests": 1}
		runOnStage(t, name, mockserver.Behavior{}, settings, func(s *stage) {
			s.Inject(
				mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000000", Kind: test.fault, Times: 1},
				mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply},
			)
			s.apply(s.bulk(numbered(2).entries(), test.attributes))
			s.ClearFaults()
			theirs := s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]})
			test.act(s)
			if s.isDeleted(theirs) {
				s.t.Errorf("the colleague's conversation %s is deleted", theirs)
			}
		})
	}
}

// An open create is refused when it is repeated, so it is no longer open. A destroy does not delete what someone else
// creates then.
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

// If an undo could not delete conversations, they share one error, however many there are. It does not hide
// conversations that may have been created.
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
		for _, want := range []string{"may or may not have been created", "and 20 more: The provider created these, but couldn't delete them when"} {
			if !says(want).MatchString(strings.Join(errors, "\n")) {
				s.t.Errorf("the errors don't say %q", want)
			}
		}
		if len(errors) > 3 {
			s.t.Errorf("there are %d errors: %q", len(errors), errors)
		}
	})
}

// The create of an entry is lost and carried out. The next apply adds a value that the CRM refuses. Whether or not
// that apply has found the conversation, the one after it does: neither the conversation nor its message is created
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
