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
