package provider_test

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A resource with an open create and deletion_policy = "abandon" leaves the configuration, and
// another one declares the same phone and number. In one process, the refresh has left what it found
// to the first resource. The second one adopts it: it creates no other.
func TestStage_leftToAnotherInOneProcess(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.core.parallelism = 1 // the first one goes first
		s.leavesOpen(s.single(declared{"phone_id": phone, number: "+15550000000", "deletion_policy": "abandon"}), mockserver.DropAfter)
		s.untaint(address)
		config := s.bulk(numbered(1).entries(), nil)
		s.core.refreshesFirst = true
		run := s.core.walk()
		run.apply(run.plan(config))
		if live := len(s.live()); live != 1 || len(run.errors()) > 0 {
			s.t.Errorf("%d are live, want 1: %v %s", live, run.errors(), run.warnings())
		}
		s.nothingLeft(config)
	})
}
