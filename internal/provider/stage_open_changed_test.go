package provider_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const entryOne = "+15550100001"

func entryOf(to any, owner any) declared {
	return declared{"phone_id": phone, number: to, "recipient_account_id": owner}
}

// The service shows the result of an open create of a tainted map only after the refresh. The replacement leaves one
// conversation all the same.
func TestStage_openShownAfterRefresh(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.bulk(map[string]declared{"a": entryOf(entryOne, acme)}, nil)
		s.leavesOpen(config, mockserver.DropBefore)
		s.meanwhile = func() { s.add(map[string]any{"phone_id": phone, number: entryOne, "recipient_account_id": acme}) } // the first attempt
		_, errors := s.apply(config)
		s.wantLive(1, errors, s.warnings)
	})
}

// An open create is repeated in a request that is rolled back because of another entry. That proves nothing about the
// first attempt, in whatever form the service reports it. The first attempt is carried out afterwards.
func TestStage_rolledBackBesideAnother(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
		runOnStage(t, reply, mockserver.Behavior{RollbackReply: reply}, impatient, func(s *stage) {
			x := declared{"phone_id": phone, number: "+15550100009"}
			with := func(more ...declared) map[string]block {
				all := map[string]declared{"x": x, "a": entryOf(entryOne, acme)}
				for _, one := range more {
					all["bad"] = one
				}
				return s.bulk(all, nil)
			}
			s.applies(s.bulk(map[string]declared{"x": x}, nil), bulkAddress, create)
			s.leavesOpen(with(), mockserver.DropBefore)
			_, errors := s.apply(with(declared{"phone_id": phone, number: "+15550100003", "recipient_contact_id": nobody}))
			s.add(map[string]any{"phone_id": phone, number: entryOne, "recipient_account_id": acme}) // the first attempt
			_, again := s.apply(with())
			s.wantLive(2, errors, again, s.warnings)
		})
	}
}

// The entry of an open create changes, the new create is lost too, and the look for the first one fails. The state
// remembers both.
func TestStage_changedAndLostAgain(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		other := declared{"phone_id": phone, number: "+15550100002"}
		of := func(owner string) map[string]block {
			return s.bulk(map[string]declared{"x": other, "a": entryOf(entryOne, owner)}, nil)
		}
		s.applies(s.bulk(map[string]declared{"x": other}, nil), bulkAddress, create)
		s.leavesOpen(of(acme), mockserver.DropAfter)
		said := []string{}
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
		}})
		_, errors := s.apply(of(globex))
		s.ClearFaults()
		said = append(said, errors, s.warnings)
		for range 3 {
			_, errors := s.apply(of(globex))
			said = append(said, errors, s.warnings)
		}
		s.wantLive(2, said)
	})
}

// The same with adopt_existing.
func TestStage_changedAndAdopting(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a", "b"} {
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			adopting := map[string]any{"adopt_existing": true}
			other := declared{"phone_id": phone, number: "+15550100002"}
			s.applies(s.bulk(map[string]declared{"x": other}, adopting), bulkAddress, create)
			s.leavesOpen(s.bulk(map[string]declared{"x": other, "a": entryOf(entryOne, acme)}, adopting), mockserver.DropAfter)
			last := s.bulk(map[string]declared{"x": other, key: entryOf(entryOne, globex)}, adopting)
			var said []string
			for range 3 {
				_, errors := s.apply(last)
				said = append(said, errors, s.warnings)
			}
			s.nothingLeft(last)
			s.wantLive(2, said)
		})
	}
}

// The plan of a single resource that waits for an open create, and gets another number, names the
// existing conversation that the apply adopts, as that of a map does.
func TestStage_changedToAnExisting(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage, n string, more map[string]any) map[string]block{
		address: func(s *stage, n string, more map[string]any) map[string]block {
			d := declared{"phone_id": phone, number: n}
			maps.Copy(d, more)
			return s.single(d)
		},
		bulkAddress: func(s *stage, n string, more map[string]any) map[string]block {
			return s.bulk(map[string]declared{"a": {"phone_id": phone, number: n}}, more)
		},
	} {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.leavesOpen(declare(s, "+15550100002", nil), mockserver.DropBefore)
			s.untaint(at)
			id := s.add(map[string]any{"phone_id": phone, number: "+15550100003"})
			config := declare(s, "+15550100003", map[string]any{"adopt_existing": true})
			planning := s.core.walk()
			if planning.plan(config) == nil || !says("Existing Text Message Conversation Will Be Adopted", id).MatchString(planning.warnings()) {
				s.t.Errorf("the plan says %q, %q; want that the apply adopts %s", planning.errors(), planning.warnings(), id)
			}
			s.applies(config, at, update)
			s.wantMade(1)
		})
	}
}

// The policy of a map with an open create changes to abandon and back. Then a destroy deletes all.
func TestStage_policyChanges(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
		runOnStage(t, string(kind), mockserver.Behavior{}, impatient, func(s *stage) {
			x := entryOf("+15550100009", acme)
			both := map[string]declared{"x": x, "a": entryOf(entryOne, acme)}
			s.applies(s.bulk(map[string]declared{"x": x}, nil), bulkAddress, create)
			s.leavesOpen(s.bulk(both, nil), kind)
			s.applies(s.bulk(both, map[string]any{"deletion_policy": "abandon"}), bulkAddress, update)
			s.applies(s.bulk(both, nil), bulkAddress, update)
			s.destroys()
			s.wantLive(0)
		})
	}
}

// Plans find the result of an open create of a map, and are not applied. Their state is not saved, so the next
// refresh and apply find it again.
func TestStage_foundButNotApplied(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			entries := map[string]declared{"x": entryOf("+15550100009", acme), "a": entryOf(entryOne, acme)}
			s.applies(s.bulk(map[string]declared{"x": entries["x"]}, nil), bulkAddress, create)
			s.leavesOpen(s.bulk(entries, nil), kind)
			for range 3 {
				s.core.walk().plan(s.bulk(entries, nil))
			}
			// terraform apply -refresh=false
			applying := s.appliesOnly(bulkAddress, s.bulk(entries, nil))
			if errors := applying.errors(); len(errors) > 0 {
				s.t.Errorf("%q", errors)
			}
			s.nothingLeft(s.bulk(entries, nil))
			s.wantLive(2)
		})
	}
}

// With deletion_policy = "abandon", a customer answers in the conversation of an open create before the
// tainted resource is applied again. No apply creates a second one.
func TestStage_answeredWhileRecalled(t *testing.T) {
	t.Parallel()
	for _, bulk := range []bool{false, true} {
		runOnStage(t, fmt.Sprint(bulk), mockserver.Behavior{MessageRevision: mockserver.Bump}, impatient, func(s *stage) {
			d := entryOf(entryOne, acme)
			d["deletion_policy"] = "abandon"
			config := s.single(d)
			if bulk {
				config = s.bulk(map[string]declared{"a": entryOf(entryOne, acme)}, map[string]any{"deletion_policy": "abandon"})
			}
			s.leavesOpen(config, mockserver.DropAfter)
			time.Sleep(time.Minute)
			s.addMessage(s.live()[0]["id"].(string), "Hi", 2)
			var said []string
			for range 3 {
				_, errors := s.apply(config)
				said = append(said, errors)
			}
			s.wantLive(1, said, s.warnings)
		})
	}
}

// A new map is undone while nothing can be read: the next apply leaves nothing twice.
func TestStage_undoneBlindly(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0, "batch_size": 1, "max_concurrent_requests": 1}, func(s *stage) {
		entries := map[string]declared{"a": entryOf("+15550100002", acme), "b": entryOf("+15550100003", acme), "c": {"phone_id": phone, number: entryOne, "recipient_contact_id": nobody}}
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Body: nobody, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
		}})
		_, first := s.apply(s.bulk(entries, nil))
		s.ClearFaults()
		entries["c"] = entryOf(entryOne, acme)
		config := s.bulk(entries, nil)
		_, second := s.apply(config)
		s.nothingLeft(config)
		s.wantLive(3, first, second, s.warnings)
	})
}

// An update without a refresh looks for an open create, even if Terraform has dropped the private state. It adopts
// the result if the number is the same, and deletes it if the number is another one.
func TestStage_openWithoutPrivateState(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{"same number": "+15550100002", "another number": "+15550100003"} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			s.leavesOpen(s.single(declared{"phone_id": phone, number: "+15550100002"}), mockserver.DropAfter)
			s.untaint(address)
			is := s.core.state[address]
			is.private = nil
			s.core.state[address] = is
			config := s.single(declared{"phone_id": phone, number: next})
			if errors := s.appliesOnly(address, config).errors(); len(errors) > 0 {
				s.t.Errorf("the apply fails: %s", errors)
			}
			s.wantLive(1)
			s.checks(s.holds(map[string]any{number: next}))
			s.nothingLeft(config)
		})
	}
}
