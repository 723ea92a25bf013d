package provider_test

import (
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
