package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A resource with an open create and deletion_policy = "abandon" is removed from the configuration, and another
// resource declares the same phone and number. In one process, the refresh has left what it found to the first
// resource. The second resource adopts it, and creates no other.
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

// A resource with deletion_policy = "abandon" is destroyed. In the same process, the next one adopts
// its conversation.
func TestStage_abandonedAndAdoptedInOneProcess(t *testing.T) {
	t.Parallel()
	for form, declare := range map[string]func(s *stage, policies map[string]any) map[string]block{
		"single": func(s *stage, policies map[string]any) map[string]block {
			d := declared{"phone_id": phone, number: "+15550000000"}
			maps.Copy(d, policies)
			return s.single(d)
		},
		"map": func(s *stage, policies map[string]any) map[string]block {
			return s.bulk(numbered(1).entries(), policies)
		},
	} {
		runOnStage(t, form, mockserver.Behavior{}, nil, func(s *stage) {
			s.core.refreshesFirst = true
			run := s.core.walk()
			for _, config := range []map[string]block{declare(s, map[string]any{"deletion_policy": "abandon"}), nil, declare(s, map[string]any{"adopt_existing": true})} {
				plan := run.plan(config)
				if plan == nil {
					s.t.Fatalf("the plan fails: %v", run.errors())
				}
				run.apply(plan)
			}
			if live := len(s.live()); live != 1 || len(run.errors()) > 0 {
				s.t.Errorf("%d are live, want 1: %v", live, run.errors())
			}
		})
	}
}

// Terraform drops the memory of a tainted resource, and the CRM refuses to delete the result of its open create. The
// next apply in the same process finds that conversation again.
func TestStage_refusedDeleteOfTaintedInOneProcess(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			config := declare(s)
			s.leavesOpen(config, mockserver.DropAfter)
			run := s.core.walk()
			applies := func() {
				plan := &corePlan{refreshed: s.core.state, changes: []*change{run.planOne(at, s.core.state, config)}}
				run.apply(plan)
			}
			s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403, Times: 1})
			applies()
			s.ClearFaults()
			refused := len(run.errors())
			clear(run.said)
			applies()
			if live := len(s.live()); refused == 0 || live != 1 {
				s.t.Errorf("%d are live, want 1: %v %s", live, run.errors(), run.warnings())
			}
		})
	}
}

// A refresh finds the results of open creates, and then fails: in one of its looks, or in a later read. The next
// refresh in the same process finds all of them.
func TestStage_failedRefreshInOneProcess(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		for skip := range 4 { // requests before the one that fails
			runOnStage(t, fmt.Sprint(at, skip), mockserver.Behavior{}, impatient, func(s *stage) {
				config := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000000"})
				if at == bulkAddress {
					config = s.bulk(s.numberedSaying(2, messageTexts{"a": "A"}), nil)
				}
				s.leavesOpen(config, mockserver.DropAfter)
				s.untaint(at)
				made := len(s.live())
				run := s.core.walk()
				s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 502, Skip: skip})
				failing := run.plan(config)
				s.ClearFaults()
				clear(run.said)
				if plan := run.plan(config); failing == nil && plan != nil {
					run.apply(plan)
				}
				if live := len(s.live()); live != made || len(run.errors()) > 0 {
					s.t.Errorf("%d are live, want %d: %v", live, made, run.errors())
				}
			})
		}
	}
}

// The plan of an early destroy, or a refresh before it, finds the results of open creates, and fails. The next plan
// in the same process finds all of them, and the apply deletes them.
func TestStage_failedEarlyDestroyInOneProcess(t *testing.T) {
	t.Parallel()
	for _, isRefresh := range []bool{false, true} {
		for skip := range 4 { // requests before the one that fails
			runOnStage(t, fmt.Sprint(isRefresh, skip), mockserver.Behavior{}, impatient, func(s *stage) {
				entries := numbered(3).entries()
				entries["c001"]["messages"] = messagesOf(s.entryType(), messageTexts{"a": "A"})
				config := s.bulk(entries, nil)
				s.leavesOpen(config, mockserver.DropAfter)
				s.untaint(bulkAddress)
				run := s.core.walk()
				s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 502, Skip: skip, Times: 1})
				if isRefresh {
					run.plan(config)
				} else {
					run.planOne(bulkAddress, s.core.state, nil)
				}
				s.ClearFaults()
				clear(run.said)
				run.apply(&corePlan{refreshed: s.core.state, changes: []*change{run.planOne(bulkAddress, s.core.state, nil)}})
				if live := len(s.live()); live != 0 || len(run.errors()) > 0 {
					s.t.Errorf("%d are live, want none: %v %s", live, run.errors(), run.warnings())
				}
			})
		}
	}
}

// A refresh adopts the result of an open create, and the apply changes it. A later destroy, which Terraform plans
// before it reads the resource, does not report the adoption again.
func TestStage_adoptionIsToldOnce(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.leavesOpen(declare(s), mockserver.DropAfter)
			s.untaint(at)
			if _, errors := s.apply(s.ofGlobex(at)); errors != "" || !strings.Contains(s.warnings, "Adopted") {
				s.t.Errorf("the apply says %q %s", errors, s.warnings)
			}
			if warnings := s.appliesOnly(at, nil).warnings(); strings.Contains(warnings, "Unknown Outcome") || len(s.live()) > 0 {
				s.t.Errorf("%d are left: %s", len(s.live()), warnings)
			}
		})
	}
}

// A run block of "terraform test" that only plans finds the result of an open create, and its state is dropped. In
// the same process, the next run block finds it again, and its apply creates no other.
func TestStage_foundAgainInOneProcess(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		for plans := range 3 {
			t.Run(fmt.Sprint(at, plans), func(t *testing.T) {
				t.Parallel()
				onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
					config := declare(s)
					s.leavesOpen(config, mockserver.DropAfter)
					s.untaint(at)
					run := s.core.walk()
					for range plans {
						run.plan(config)
					}
					run.apply(run.plan(config))
					if live := len(s.live()); live != 1 || len(run.errors()) > 0 {
						s.t.Errorf("%d are live, want 1: %v, %s", live, run.errors(), run.warnings())
					}
					s.nothingLeft(config)
				})
			})
		}
	}
}
