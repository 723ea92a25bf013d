package provider_test

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Newer versions of terraform test keep one process of the provider for all plans and applies. The refresh finds the
// result of an open create and leaves it to the apply, which adopts it.
func TestStage_openInOneProcess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leavesOpen func(s *stage) map[string]block
	}{
		"entry": {func(s *stage) map[string]block {
			s.leavesEntryOpen(mockserver.DropAfter)
			return s.bulk(numbered(2).entries(), nil)
		}},
		"abandoned map": {func(s *stage) map[string]block {
			config := s.bulk(numbered(2).entries(), map[string]any{"deletion_policy": "abandon"})
			s.leavesOpen(config, mockserver.DropAfter)
			s.untaint(bulkAddress)
			return config
		}},
		"abandoned single": {func(s *stage) map[string]block {
			config := s.single(declared{"phone_id": phone, number: "+15550000000", "deletion_policy": "abandon"})
			s.leavesOpen(config, mockserver.DropAfter)
			s.untaint(address)
			return config
		}},
		"abandoned map, replaced": {func(s *stage) map[string]block {
			config := s.bulk(numbered(2).entries(), map[string]any{"deletion_policy": "abandon"})
			s.leavesOpen(config, mockserver.DropAfter)
			return config
		}},
		"abandoned single, replaced": {func(s *stage) map[string]block {
			config := s.single(declared{"phone_id": phone, number: "+15550000000", "deletion_policy": "abandon"})
			s.leavesOpen(config, mockserver.DropAfter)
			return config
		}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			config := test.leavesOpen(s)
			before := len(s.live())
			run := s.core.walk()
			run.apply(run.plan(config))
			if live := len(s.live()); live != before || len(run.errors()) > 0 {
				s.t.Errorf("%d are live, want %d: %v %s", live, before, run.errors(), run.warnings())
			}
			s.nothingLeft(config)
		})
	}
}

// In such a process, a refresh finds the result of one open create, and fails to look for that of another one. It
// takes neither, and the next refresh or destroy finds both.
func TestStage_failedLookInOneProcess(t *testing.T) {
	t.Parallel()
	for name, isDestroyed := range map[string]bool{"refreshed": false, "destroyed": true} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			entries := numbered(2).entries()
			entries["c000"]["messages"] = messagesOf(s.entryType(), messageTexts{"a": declared{"content": "Hi", "direction": "incoming"}})
			config := s.bulk(entries, nil)
			s.leavesOpen(config, mockserver.DropAfter)
			s.untaint(bulkAddress)
			run := s.core.walk()
			look := func() { run.plan(config) }
			if isDestroyed {
				look = func() { run.planOne(bulkAddress, s.core.state, nil) }
			}
			s.Inject(mockserver.Fault{Method: "GET", Path: "TextMessages/", Kind: mockserver.StatusReply, Status: 502, Times: 1}) // the content
			if look(); len(run.errors()) != 1 {
				s.t.Fatalf("the errors of the look are %v", run.errors())
			}
			clear(run.said)
			plan := run.plan(config)
			if plan == nil {
				s.t.Fatalf("the next plan fails: %v", run.errors())
			}
			run.apply(plan)
			if live := len(s.live()); live != 2 || len(run.errors()) > 0 {
				s.t.Errorf("%d are live, want 2: %v %s", live, run.errors(), run.warnings())
			}
			s.nothingLeft(config)
		})
	}
}

// Such a process adopts the result of a create with a lost reply. The next refresh knows that the resource has it,
// and a destroy deletes it.
func TestStage_lostInOneProcess(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(s *stage) (string, map[string]block){
		"single": func(s *stage) (string, map[string]block) {
			return address, s.single(declared{"phone_id": phone, number: "+15550000001"})
		},
		"map": func(s *stage) (string, map[string]block) { return bulkAddress, s.bulk(numbered(2).entries(), nil) },
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			at, config := declare(s)
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
			s.core.refreshesFirst = true
			run := s.core.walk()
			run.apply(run.plan(config))
			plan := run.plan(config)
			if plan == nil {
				s.t.Fatalf("the plan fails: %v", run.errors())
			}
			run.apply(plan)
			run.refresh()
			gone := tftypes.NewValue(s.core.schemas[config[at].typeName].ValueType(), nil)
			state := s.core.state[at]
			run.carryOut(&change{address: at, typeName: config[at].typeName, action: destroy, config: gone, planned: gone, private: state.private}, &state)
			if len(s.live()) > 0 || len(run.errors()) > 0 {
				s.t.Errorf("%d are left: %v, %s", len(s.live()), run.errors(), run.warnings())
			}
		})
	}
}

// The refresh of such a process adopts what an open create has made, and Terraform destroys the
// resource, as after a failed test. The conversation is deleted.
func TestStage_adoptedAndDestroyedInOneProcess(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			config := declare(s)
			s.leavesOpen(config, mockserver.DropAfter)
			run := s.core.walk()
			refreshed := run.refresh()
			run.apply(&corePlan{refreshed: refreshed, changes: []*change{run.planOne(at, refreshed, nil)}})
			if len(s.live()) > 0 || len(run.errors()) > 0 {
				s.t.Errorf("%d are left: %v, %s", len(s.live()), run.errors(), run.warnings())
			}
		})
	}
}

// Terraform refreshes a resource with an open entry, others write something, and Terraform plans its
// destroy. The apply deletes what the refresh has found.
func TestStage_openAndDestroyedAfterRefresh(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesEntryOpen(mockserver.DropAfter)
		planning := s.core.walk()
		plan := &corePlan{refreshed: planning.refresh()}
		time.Sleep(time.Minute)
		s.add(map[string]any{"phone_id": phone, number: "+15550109999"})
		plan.changes = []*change{planning.planOne(bulkAddress, plan.refreshed, nil)}
		applying := s.core.walk()
		applying.apply(plan)
		if errors := append(planning.errors(), applying.errors()...); len(s.live()) != 1 || len(errors) > 0 {
			s.t.Errorf("%d are live, want 1: %v, %s", len(s.live()), errors, planning.warnings()+applying.warnings())
		}
	})
}
