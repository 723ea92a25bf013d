package provider_test

import (
	"maps"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create is carried out, but its reply is lost, and an old copy answers the search. A service that allows one
// conversation for each phone and number refuses the repetition. That says nothing about the first request: the
// create stays open, and the next apply adopts its result.
func TestStage_refusedRepetition(t *testing.T) {
	t.Parallel()
	for form, declare := range map[string]func(s *stage) (map[string]block, string){
		"single": func(s *stage) (map[string]block, string) {
			return s.single(declared{"phone_id": phone, number: "+15550000000"}), address
		},
		"map": func(s *stage) (map[string]block, string) {
			return s.bulk(numbered(1).entries(), map[string]any{"rollback_method": 1}), bulkAddress
		},
		"map, all or nothing": func(s *stage) (map[string]block, string) { return s.bulk(numbered(1).entries(), nil), bulkAddress },
	} {
		runOnStage(t, form, mockserver.Behavior{Duplicates: mockserver.Refused}, map[string]any{"recovery_timeout": "2s", "max_retries": 1}, func(s *stage) {
			config, at := declare(s)
			s.SetLag(time.Minute)
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
			_, errors := s.apply(config) // a map warns
			if said := errors + s.warnings; !says("may or may not have been created", "adopt_existing = true if", "There is a conversation of this phone and number already").MatchString(said) {
				s.t.Errorf("the apply says %s", said)
			}
			s.untaint(at)
			s.SetLag(0)
			if _, errors := s.apply(config); errors != "" {
				s.t.Errorf("the next apply fails: %s", errors)
			}
			s.nothingLeft(config)
			s.wantNumbers("+15550000000")
		})
	}
}

// If the CRM had the conversation before, the advice in the error solves the problem. adopt_existing alone does
// nothing while the create is open.
func TestStage_refusedRepetitionOfExisting(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage, adopt bool) map[string]block{
		address: func(s *stage, adopt bool) map[string]block {
			return s.single(declared{"phone_id": phone, number: "+15550000000", "adopt_existing": adopt})
		},
		bulkAddress: func(s *stage, adopt bool) map[string]block {
			return s.bulk(numbered(1).entries(), map[string]any{"rollback_method": 1, "adopt_existing": adopt})
		},
	} {
		runOnStage(t, at, mockserver.Behavior{Duplicates: mockserver.Refused}, map[string]any{"recovery_timeout": "2s", "max_retries": 1}, func(s *stage) {
			existing := s.handmade("+15550000000")
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
			_, errors := s.apply(declare(s, false))
			if said := errors + s.warnings; !says("If the next apply is refused too, correct the configuration, or set adopt_existing = true if the CRM had").MatchString(said) {
				s.t.Errorf("the apply says %s", said)
			}
			s.untaint(at)
			s.refused(declare(s, false), "refuses what the configuration says, and created nothing")
			if _, errors := s.apply(declare(s, true)); errors != "" || s.isDeleted(existing) {
				s.t.Errorf("the apply that adopts fails: %s", errors)
			}
			s.nothingLeft(declare(s, true))
			s.wantNumbers("+15550000000")
		})
	}
}

// A service that allows one conversation for each phone and number refuses a create. The error says how to adopt the
// existing conversation.
func TestStage_refusedTwin(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage, adopt bool) map[string]block{
		address: func(s *stage, adopt bool) map[string]block {
			return s.single(declared{"phone_id": phone, number: "+15550000000", "adopt_existing": adopt})
		},
		bulkAddress: func(s *stage, adopt bool) map[string]block {
			return s.bulk(numbered(1).entries(), map[string]any{"adopt_existing": adopt})
		},
	} {
		runOnStage(t, at, mockserver.Behavior{Duplicates: mockserver.Refused}, nil, func(s *stage) {
			s.handmade("+15550000000")
			s.refused(declare(s, false), "created nothing", "If the CRM already has a conversation of this phone and number, adopt it with adopt_existing = true",
				"A deleted one is not adopted: restore it in the CRM first", "There is a conversation of this phone and number already")
			s.applies(declare(s, true), at, create)
		})
	}
}

// The same for an entry among others, whether the CRM refuses the whole request without naming the entry, or only the
// entry.
func TestStage_refusedTwinAmongOthers(t *testing.T) {
	t.Parallel()
	const advice = "If the CRM already has conversations of these phones and numbers, adopt them with adopt_existing = true. Deleted ones are not adopted"
	onStage(t, mockserver.Behavior{Duplicates: mockserver.Refused}, nil, func(s *stage) {
		s.handmade("+15550000001")
		three := numbered(3).entries()
		s.refused(s.bulk(three, nil), "doesn't say which of these entries is at fault", "Look first at the entries that warnings of the plan name", advice)
		config := s.bulk(three, keeping)
		if _, errors := s.apply(config); errors != "" || !says("Some Text Message Conversations Not Created", `  - "c001": `, advice).MatchString(s.warnings) {
			s.t.Errorf("the apply says %s%s", errors, s.warnings)
		}
		s.wantLive(3)
		both := map[string]any{"adopt_existing": true}
		maps.Copy(both, keeping)
		s.applies(s.bulk(three, both), bulkAddress, update)
		s.wantLive(3)
	})
}
