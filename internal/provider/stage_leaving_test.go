package provider_test

import (
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A resource with adopt_existing is tainted, such as by a leftover that could not be deleted. Terraform
// plans it as new. Its own conversation, which the apply deletes first, is no other resource's: neither
// the plan nor that of "terraform destroy", which begins with this one, fails.
func TestStage_adoptsNotItsOwnLeftover(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage) map[string]block{
		address: func(s *stage) map[string]block { return s.single(adopting("+15550000000")) },
		bulkAddress: func(s *stage) map[string]block {
			return s.bulk(numbered(1).entries(), map[string]any{"adopt_existing": true})
		},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				config := declare(s)
				s.applies(config, at, create)
				first := s.id()
				s.taint(at)
				planning := s.core.walk()
				planning.plan(config)
				if warnings := planning.warningsAt(at); !says("Existing Text Message Conversation May Be Deleted", first, "terraform untaint").MatchString(warnings) {
					s.t.Errorf("the plan says %v, %q", planning.errors(), warnings)
				}
				s.applies(config, at, replace)
				if live := s.live(); len(live) != 1 || !s.isDeleted(first) {
					s.t.Errorf("live are %v", live)
				}
				s.core.refreshesFirst = true
				run := s.core.walk() // one process, as in newer versions of "terraform test"
				run.apply(run.plan(config))
				s.taint(at)
				if run.plan(config) == nil {
					s.t.Errorf("in one process, the plan fails: %v", run.errors())
				}
				s.destroys()
				if live := s.live(); len(live) != 0 {
					s.t.Errorf("live are %v", live)
				}
			})
		})
	}
}

// A resource or an entry goes, and another one declares its phone and number with adopt_existing. The
// plan warns, the apply deletes or adopts the conversation, and the next plan is empty.
func TestStage_adoptsWhatIsRemoved(t *testing.T) {
	t.Parallel()
	plain := func(number string) declared { return declared{"phone_id": phone, "recipient_phone_number": number} }
	other := address + "2"
	both := func(s *stage, one, two *declared) map[string]block {
		config := map[string]block{}
		for at, d := range map[string]*declared{address: one, other: two} {
			if d != nil {
				config[at] = s.single(*d)[address]
			}
		}
		return config
	}
	to := func(d declared) *declared { return &d }
	for name, play := range map[string]func(s *stage) (before, after map[string]block, want int){
		"removed, and a number changes": func(s *stage) (before, after map[string]block, want int) {
			return both(s, to(plain("+15550000000")), to(plain("+15550000001"))), both(s, nil, to(adopting("+15550000000"))), 1
		},
		"moved without a block": func(s *stage) (before, after map[string]block, want int) {
			return both(s, to(plain("+15550000000")), nil), both(s, nil, to(adopting("+15550000000"))), 1
		},
		"two numbers are swapped": func(s *stage) (before, after map[string]block, want int) {
			return both(s, to(adopting("+15550000000")), to(adopting("+15550000001"))), both(s, to(adopting("+15550000001")), to(adopting("+15550000000"))), 2
		},
		"an entry is removed": func(s *stage) (before, after map[string]block, want int) {
			before, after = s.bulk(numbered(2).entries(), nil), s.bulk(numbered(1).entries(), nil)
			after[address] = s.single(adopting("+15550000001"))[address]
			return before, after, 2
		},
	} {
		for _, parallelism := range []int{1, 10} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
					before, after, want := play(s)
					if _, errors := s.apply(before); errors != "" {
						s.t.Fatal(errors)
					}
					s.core.parallelism = parallelism
					_, errors := s.apply(after)
					if errors != "" || !strings.Contains(s.warnings, "Existing Text Message Conversation May Be Deleted") {
						s.t.Errorf("%s\n%s", errors, s.warnings)
					}
					s.nothingLeft(after)
					if live := s.live(); len(live) != want {
						s.t.Errorf("live are %v; want %d", live, want)
					}
					s.destroys()
					if live := s.live(); len(live) != 0 {
						s.t.Errorf("live are %v", live)
					}
				})
			})
		}
	}
}

// An entry gets another number, and another resource adopts its conversation. Then the new
// conversation of the entry can't be created: the entry does not get back the adopted one.
func TestStage_adoptsWhatAnEntryKeeps(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.core.parallelism = 1 // the single one comes first
		s.applies(s.bulk(numbered(2).entries(), nil), bulkAddress, create)
		entries := numbered(2).entries()
		entries["c001"][number], entries["c001"]["recipient_account_id"] = "+15550100002", nobody
		config := s.bulk(entries, nil)
		config[address] = s.single(adopting("+15550000001"))[address]
		s.refused(config, "does not exist")
		delete(entries["c001"], "recipient_account_id")
		config[bulkAddress] = s.bulk(entries, nil)[bulkAddress]
		s.applies(config, bulkAddress, update)
		if live := s.live(); len(live) != 3 || strings.Contains(s.warnings, "Managed Twice") {
			s.t.Errorf("live are %v: %s", live, s.warnings)
		}
	})
}
