package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// An open create of each kind, next to another resource with the same phone and number that is created while the
// outcome is unknown. Plain applies with a full refresh follow, in which the other resource is read first. It keeps
// its conversation, and no other resource gets it, even if the configuration no longer has the open one.
func TestStage_openBesideAnother(t *testing.T) {
	t.Parallel()
	const same = "+15550000001"
	other := declared{"phone_id": phone, number: same, "recipient_contact_id": bob}
	type opener struct {
		before func(s *stage) map[string]block // applied first
		config func(s *stage) map[string]block
		extra  int // other live conversations
		after  func(s *stage)
	}
	single := func(more declared) func(s *stage) map[string]block {
		return func(s *stage) map[string]block {
			d := declared{"phone_id": phone, number: same}
			maps.Copy(d, more)
			return map[string]block{address + `["z"]`: s.single(d)[address]}
		}
	}
	bulk := func(n int, attributes map[string]any) func(s *stage) map[string]block {
		return func(s *stage) map[string]block { return s.bulk(numbered(n).entries(), attributes) }
	}
	only := func(attributes map[string]any) func(s *stage) map[string]block {
		return func(s *stage) map[string]block {
			return s.bulk(map[string]declared{"c001": numbered(2).entries()["c001"]}, attributes)
		}
	}
	openers := map[string]opener{
		"single, tainted":     {config: single(nil)},
		"single, untainted":   {config: single(nil), after: func(s *stage) { s.untaint(address + `["z"]`) }},
		"single, abandon":     {config: single(declared{"deletion_policy": "abandon"})},
		"map, tainted":        {config: only(nil)},
		"map, untainted":      {config: only(nil), after: func(s *stage) { s.untaint(bulkAddress) }},
		"map of two":          {config: bulk(2, nil), extra: 1},
		"map, rollback 1":     {config: bulk(2, map[string]any{"rollback_method": 1}), extra: 1},
		"map, abandon":        {config: only(map[string]any{"deletion_policy": "abandon"})},
		"map, grows":          {before: bulk(1, nil), config: bulk(2, nil), extra: 1},
		"map, grows, abandon": {before: bulk(1, map[string]any{"deletion_policy": "abandon"}), config: bulk(2, map[string]any{"deletion_policy": "abandon"}), extra: 1},
	}
	const removed, forgotten = "removed from the configuration", "removed, and Terraform has dropped the private state"
	events := map[string]func(s *stage, id string){
		"":      nil,
		removed: nil, forgotten: nil,
		"contact edited": func(s *stage, id string) {
			must(s.t, s.Edit(conversations, id, map[string]any{"recipient_account_id": acme}))
		},
		"customer answers": func(s *stage, id string) {
			s.addMessage(id, "Hi", 2)
		},
	}
	for name, opener := range openers {
		for _, kind := range []mockserver.Kind{mockserver.DropBefore, mockserver.DropAfter} {
			for event, act := range events {
				t.Run(fmt.Sprintf("%s, %s, %s", name, kind, event), func(t *testing.T) {
					t.Parallel()
					settings := map[string]any{"recovery_timeout": "2s", "max_retries": 0, "batch_size": 1}
					onStage(t, mockserver.Behavior{MessageRevision: mockserver.Bump}, settings, func(s *stage) {
						if opener.before != nil {
							if _, errors := s.apply(opener.before(s)); errors != "" {
								s.t.Fatal(errors)
							}
						}
						config := opener.config(s)
						config[address] = s.single(other)[address]
						s.Inject(
							mockserver.Fault{Method: "POST", Path: "batch-modify", Body: bob, Times: 1, Kind: mockserver.Latency, Latency: time.Second},
							mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Times: 1, Kind: kind},
							// Only the look for the lost create is later than this.
							mockserver.Fault{Method: "GET", Path: conversations, Skip: 2 + opener.extra*2, Kind: mockserver.StatusReply, Status: 502},
						)
						_, errors := s.apply(config)
						s.ClearFaults()
						if opener.after != nil {
							opener.after(s)
						}
						s.core.parallelism = 1
						if _, has := s.core.state[address]; !has {
							s.t.Skip("the other one failed too", errors)
						}
						id := s.idAt(address)
						if act != nil {
							s.meanwhile = func() { time.Sleep(2 * time.Second); act(s, id) }
						}
						if event == forgotten {
							for at, instance := range s.core.state {
								if at != address {
									instance.private = nil
									s.core.state[at] = instance
								}
							}
						}
						if event == removed || event == forgotten {
							config = map[string]block{address: config[address]}
						}
						said := []string{errors}
						for range 4 {
							_, errors := s.apply(config)
							said = append(said, errors, s.warnings)
							if s.isDeleted(id) {
								s.t.Fatalf("%s of the other resource is deleted: %.3000q", id, said)
							}
						}
						if live := s.live(); len(config) > 1 && len(live) != 2+opener.extra {
							s.t.Errorf("%d are live; want %d: %.3000q", len(live), 2+opener.extra, said)
						}
					})
				})
			}
		}
	}
}

// The look of a refresh fails. It has not seen the conversation of the single resource, so no apply may mistake that
// conversation for the entry's: neither to adopt nor to delete it.
func TestStage_lookOfARefreshFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings map[string]any
		removed  bool
	}{
		"adopts":   {nil, false},
		"removes":  {nil, true},
		"abandons": {map[string]any{"deletion_policy": "abandon"}, false},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			one := s.bulk(numbered(1).entries(), test.settings)
			s.applies(one, bulkAddress, create)
			config := s.bulk(numbered(2).entries(), test.settings)
			s.leavesOpen(config, mockserver.DropBefore)
			config[address] = s.single(declared{"phone_id": phone, number: numbered(2)["c001"]})[address]
			s.appliesOnly(address, config)
			id := s.idAt(address)
			if test.removed {
				config = map[string]block{address: config[address], bulkAddress: one[bulkAddress]}
			}
			s.core.parallelism, s.core.refreshesFirst = 1, true
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Times: 1, Kind: mockserver.StatusReply, Status: 502})
			_, errors := s.apply(config)
			s.ClearFaults()
			if s.isDeleted(id) || !strings.Contains(errors, "couldn't look for it in the CRM") {
				s.t.Errorf("deleted is %v; errors %q, warnings %s", s.isDeleted(id), errors, s.warnings)
			}
			_, _ = s.apply(config)
			if s.isDeleted(id) || !test.removed && s.entryID("c001") == id {
				s.t.Errorf("later, deleted is %v; warnings %s", s.isDeleted(id), s.warnings)
			}
		})
	}
}

// The same for a single resource whose deletion policy is "abandon".
func TestStage_lookOfAnAbandoningRefreshFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		done, open := address+`["a"]`, address+`["b"]`
		plain := declared{"phone_id": phone, number: "+15550100002", "deletion_policy": "abandon"}
		config := map[string]block{open: s.single(plain)[address]}
		s.leavesOpen(config, mockserver.DropBefore)
		config[done] = s.single(declared{"phone_id": phone, number: "+15550100002"})[address]
		s.appliesOnly(done, config)
		s.untaint(open)
		s.core.parallelism, s.core.refreshesFirst = 1, true
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Times: 1, Kind: mockserver.StatusReply, Status: 502})
		_, errors := s.apply(config)
		s.ClearFaults()
		if len(s.live()) != 1 || !strings.Contains(errors, "couldn't look for it in the CRM") {
			s.t.Errorf("%d are live; errors %q, warnings %s", len(s.live()), errors, s.warnings)
		}
		_, errors = s.apply(config)
		if len(s.live()) != 2 || s.idAt(done) == s.idAt(open) {
			s.t.Errorf("%d are live; errors %q, warnings %s", len(s.live()), errors, s.warnings)
		}
	})
}

// A map has an attempt that no entry wants any more, and that could not be removed. Each apply looks for it again,
// but does not delete the conversation that another resource has got meanwhile.
func TestStage_leftAttemptBesideAnother(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.core.parallelism = 1
		s.leavesEntryOpen(mockserver.DropBefore)
		one := s.bulk(numbered(1).entries(), nil)
		one[address] = s.single(declared{"phone_id": phone, number: numbered(2)["c001"]})[address] // it has moved out of the map
		// The apply creates it; the map's look for its attempt fails.
		plan := s.plans(one)
		applying := s.core.walk()
		for _, c := range plan.changes {
			if c.address == bulkAddress {
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
			}
			applying.applyOne(c)
		}
		s.ClearFaults()
		id := s.idAt(address)
		_, errors := s.apply(one)
		if s.isDeleted(id) {
			s.t.Errorf("the conversation %s of %s is deleted; errors %q; warnings %s", id, address, errors, s.warnings)
		}
	})
}

// An entry whose create is open is removed while the messages can't be listed. The create stays
// open, and the next apply deletes what it has made.
func TestStage_openAndRemovedBlindly(t *testing.T) {
	t.Parallel()
	for _, status := range []int{502, 403} {
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			one := s.bulk(numbered(1).entries(), nil)
			s.applies(one, bulkAddress, create)
			s.leavesOpen(s.bulk(numbered(2).entries(), nil), mockserver.DropAfter)
			s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: status, Envelope: true})
			walk := s.core.walk()
			walk.apply(&corePlan{refreshed: s.core.state, changes: []*change{walk.planOne(bulkAddress, s.core.state, one)}})
			s.ClearFaults()
			if live := s.live(); len(live) != 2 || strings.Contains(walk.warnings(), "doesn't look for it again") {
				s.t.Errorf("status %d: %d are live: %v, %s", status, len(live), walk.errors(), walk.warnings())
			}
			if _, errors := s.apply(one); len(s.live()) != 1 {
				s.t.Errorf("status %d: later, %d are live: %s, %s", status, len(s.live()), errors, s.warnings)
			}
		})
	}
}

// A colleague has set a field in the result of a lost create. The next apply does not overwrite it.
func TestStage_openAndEditedByOthers(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		declare := func(more declared) map[string]block {
			entry := declared{"phone_id": phone, number: "+15550100009", "messages": messagesOf(s.core.schemas[singleType].ValueType(), messageTexts{"m": "Hi"})}
			maps.Copy(entry, more)
			return s.bulk(map[string]declared{"x": {"phone_id": phone, number: "+15550100008"}, "a": entry}, nil)
		}
		s.applies(s.bulk(map[string]declared{"x": {"phone_id": phone, number: "+15550100008"}}, nil), bulkAddress, create)
		s.leavesOpen(declare(nil), mockserver.DropAfter)
		id := fmt.Sprint(s.liveMessages()["Hi"]["text_message_conversation_id"])
		time.Sleep(2 * time.Second)
		must(s.t, s.Edit(conversations, id, map[string]any{"recipient_account_id": globex}))
		_, errors := s.apply(declare(declared{"recipient_account_id": acme}))
		held, _ := s.Record(conversations, id)
		if held["recipient_account_id"] != globex || !strings.Contains(s.warnings, id) {
			s.t.Errorf("the account is %v: %s, %s", held["recipient_account_id"], errors, s.warnings)
		}
	})
}

// The provider may not read messages. The next apply adopts the result of a lost create all the same, and says what it
// could not check.
func TestStage_openWithoutMessagePermission(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(s *stage) (before, config map[string]block){
		"map": func(s *stage) (before, config map[string]block) {
			return s.bulk(numbered(1).entries(), nil), s.bulk(numbered(2).entries(), nil)
		},
		"single": func(s *stage) (before, config map[string]block) {
			return nil, s.single(declared{"phone_id": phone, number: "+15550100009"})
		},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			before, config := declare(s)
			if before != nil {
				s.applies(before, bulkAddress, create)
			}
			s.leavesOpen(config, mockserver.DropAfter)
			if before == nil {
				s.untaint(address)
			}
			made := len(s.Records(conversations))
			s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 403, Envelope: true})
			if _, errors := s.apply(config); errors != "" || len(s.Records(conversations)) != made || !says("Conversation Adopted", "could not check whether others have written there").MatchString(s.warnings) {
				s.t.Errorf("%d conversations: %s, %s", len(s.Records(conversations)), errors, s.warnings)
			}
		})
	}
}

// But a destroy deletes nothing that it is not sure of. Its error names the permission.
func TestStage_destroyWithoutMessagePermission(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesOpen(s.single(declared{"phone_id": phone, number: "+15550100009"}), mockserver.DropAfter)
		s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 403, Envelope: true})
		if _, errors := s.apply(nil); len(s.live()) != 1 || !says("give the permission to read TextMessages to the Application").MatchString(errors) {
			s.t.Errorf("%d are live: %s", len(s.live()), errors)
		}
	})
}
