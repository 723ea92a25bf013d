package provider_test

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// impatient are settings with which a create stays open as soon as a look fails.
var impatient = map[string]any{"recovery_timeout": "2s", "max_retries": 0}

// leavesOpen applies with lost replies to creates, and looks that fail from the
// skip-th list on, so that their outcome stays unknown.
func (s *stage) leavesOpen(config map[string]block, kind mockserver.Kind, skip int) {
	s.t.Helper()
	s.Inject(
		mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: kind},
		mockserver.Fault{Method: "GET", Path: conversations, Skip: skip, Kind: mockserver.StatusReply, Status: 502},
	)
	s.refused(config, "may or may not have been created")
	s.ClearFaults()
}

// untaint is terraform untaint.
func (s *stage) untaint(at string) {
	instance := s.core.state[at]
	instance.tainted = false
	s.core.state[at] = instance
}

// What may have been created, is not wanted any more, and could not be deleted, is
// there for the next apply to delete, though nothing else is to be done.
func TestStage_openAndRemoved(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		one, two := s.bulk(numbered(1).entries(), nil), s.bulk(numbered(2).entries(), nil)
		s.applies(one, bulkAddress, create)
		s.leavesOpen(two, mockserver.DropAfter, 2)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-delete", Kind: mockserver.StatusReply, Status: 502})
		if _, errors := s.apply(one); errors != "" {
			s.t.Fatalf("the apply fails: %s", errors)
		}
		s.ClearFaults()
		s.applies(one, bulkAddress, update)
		s.checks(s.heldNumbers(numbered(1)))
	})
}

// A policy that leaves conversations in the CRM makes no second one of what may have
// been created: what replaces the tainted resource takes it over.
func TestStage_openAndAbandoned(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]mockserver.Kind{"carried out": mockserver.DropAfter, "not carried out": mockserver.DropBefore} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
				d := everythingDeclared()
				d["deletion_policy"] = "abandon"
				s.leavesOpen(s.single(d), kind, 1)
				s.applies(s.single(d), address, replace)
				s.checks(s.holds(everythingHeld))

				two := s.bulk(numbered(2).entries(), map[string]any{"deletion_policy": "abandon"})
				many := map[string]block{address: s.single(d)[address], bulkAddress: two[bulkAddress]}
				s.leavesOpen(many, kind, 2)
				s.applies(many, bulkAddress, replace)
				if made := len(s.Records(conversations)); made != 3 {
					s.t.Errorf("%d conversations were made; want 3", made)
				}
				s.destroys()
				if left := len(s.live()); left != 3 {
					s.t.Errorf("%d conversations are left; want 3", left)
				}
			})
		})
	}
}

// An open create that is untainted with another number is another one: what may have
// been made by the first attempt is deleted.
func TestStage_openAndAnotherNumber(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		d := everythingDeclared()
		s.leavesOpen(s.single(d), mockserver.DropAfter, 1)
		s.untaint(address)
		d[number] = "+1 (555) 010-0009"
		planning, applying := s.core.walk(), s.core.walk()
		applying.apply(&corePlan{refreshed: s.core.state, changes: []*change{planning.planOne(address, s.core.state, s.single(d))}}) // -refresh=false
		if errors := applying.errors(); len(errors) > 0 {
			s.t.Fatalf("the apply fails: %s", errors)
		}
		s.checks(s.holds(map[string]any{number: d[number]}))
	})
}
