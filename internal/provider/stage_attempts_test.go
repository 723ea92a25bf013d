package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A refresh finds the result of an open create. It has the message that was sent, however the service writes its
// content, so the message is not sent again.
func TestStage_foundWithAlteredContent(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.CRLF, mockserver.NFD, mockserver.Entities, mockserver.Collapsed, mockserver.Trimmed} {
		for _, kind := range []string{"untainted", "map"} {
			onStage(t, mockserver.Behavior{ContentFormat: format}, map[string]any{"recovery_timeout": "2s", "max_retries": 0, "batch_size": 1, "max_concurrent_requests": 1}, func(s *stage) {
				texts := messageTexts{"a": "  Crème  brûlée & <co>\nline ", "b": "B  b"}
				config := s.saying(texts, declared{number: "+15550100002"})
				if kind == "map" {
					config = s.bulk(s.numberedSaying(2, texts), keeping)
				}
				s.Inject(
					mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "brûlée", Kind: mockserver.DropAfter, Times: 1},
					mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502},
				)
				_, first := s.apply(config)
				s.ClearFaults()
				if kind != "map" {
					s.untaint(address)
				}
				_, second := s.apply(config)
				_, third := s.apply(config)
				s.wantSent(2, format, kind, first, second, third)
			})
		}
	}
}

// Two entries of one map have the same number, and both creates are lost and carried out: each entry gets one
// conversation. If the entries are in two maps, the provider does not guess, and makes and deletes nothing.
func TestStage_twoOpenOfOneNumber(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			entries := numbered(1).entries()
			entries["x"] = declared{"phone_id": phone, number: "+15550000007"}
			entries["y"] = declared{"phone_id": phone, number: "+15550000007"}
			s.leavesOpen(s.bulk(entries, nil), kind)
			for range 3 {
				_, _ = s.apply(s.bulk(entries, nil))
			}
			s.wantLive(3, kind)
		})
	}
}

// Two entries with one number, which differ in their account, were both carried out. If one is removed, the other
// gets its own conversation. If both get other keys, each gets the conversation that it declares.
func TestStage_openTwinsTold(t *testing.T) {
	t.Parallel()
	of := func(account string) declared {
		return declared{"phone_id": phone, number: "+15550000007", "recipient_account_id": account}
	}
	for name, next := range map[string]map[string]declared{
		"first":  {"x": of(acme)},
		"second": {"y": of(globex)},
		"keys":   {"p": of(globex), "q": of(acme)},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			one := numbered(1).entries()
			s.applies(s.bulk(one, nil), bulkAddress, create)
			s.leavesOpen(s.bulk(map[string]declared{"c000": one["c000"], "x": of(acme), "y": of(globex)}, nil), mockserver.DropAfter)
			made := map[any]string{}
			for _, live := range s.live() {
				made[live["recipient_account_id"]] = fmt.Sprint(live["id"])
			}
			entries := maps.Clone(next)
			entries["c000"] = one["c000"]
			_, errors := s.apply(s.bulk(entries, nil))
			s.wantLive(len(entries), errors, s.warnings)
			for key, entry := range next {
				if id := s.entryID(key); id != made[entry["recipient_account_id"]] {
					s.t.Errorf("%s is %s; the CRM holds %v, made %v", key, id, s.live(), made)
				}
			}
		})
	}
}

// The key of an open entry is renamed, swapped, and moved to another number.
func TestStage_openKeyRenamed(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
		for _, settings := range []map[string]any{nil, {"deletion_policy": "abandon"}} {
			onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
				s.applies(s.bulk(numbered(1).entries(), settings), bulkAddress, create)
				s.leavesOpen(s.bulk(numbered(2).entries(), settings), kind)
				renamed := map[string]declared{"c001": numbered(1).entries()["c000"], "other": numbered(2).entries()["c001"]}
				_, errors := s.apply(s.bulk(renamed, settings))
				s.wantLive(2, kind, errors)
				s.wantMade(2, kind, errors)
				if says("May Have Been Left").MatchString(s.warnings) {
					s.t.Errorf("%s, %v: the warnings are %s", kind, settings, s.warnings)
				}
			})
		}
	}
}

// An apply that is stopped at any of its looks makes no second conversation.
func TestStage_interruptedWhileOpen(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		onStage(t, mockserver.Behavior{}, map[string]any{"recovery_timeout": "3s", "max_retries": 1, "request_timeout": "5s"}, func(s *stage) {
			config := s.single(declared{"phone_id": phone, number: "+15550100002"})
			s.leavesOpen(config, mockserver.DropAfter)
			s.untaint(address)
			plan := s.plansOnly(address, config)
			applying := s.core.walk()
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: n, Times: 1, Kind: mockserver.StatusReply, Status: 502, Latency: time.Second, Do: applying.stop})
			applying.apply(plan)
			s.ClearFaults()
			_, errors := s.apply(config)
			s.wantMade(1, n, applying.errors(), errors)
		})
	}
}

// A repeated create that is rolled back because of another entry proves nothing about the first attempt.
func TestStage_repeatIsRolledBack(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesEntryOpen(mockserver.DropBefore)
		bad := numbered(3).entries()
		bad["c002"]["recipient_contact_id"] = nobody
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.Latency, Times: 1, Do: func() {
			s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]}) // the first attempt
		}})
		_, errors := s.apply(s.bulk(bad, nil))
		s.ClearFaults()
		_, again := s.apply(s.bulk(numbered(2).entries(), nil))
		s.wantLive(2, errors, again, s.warnings)
	})
}

// A look that is refused with a 4xx proves nothing: the create stays open, and the next apply finds its result.
func TestStage_lookIsRefused(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+15550100002"})
		s.leavesOpen(config, mockserver.DropAfter)
		s.untaint(address)
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 422, Envelope: true})
		applying := s.appliesOnly(address, config)
		s.ClearFaults()
		_, errors := s.apply(config)
		s.wantMade(1, applying.errors(), errors)
	})
}

// An apply finds nothing of an open create and repeats it. At that moment, the first create is carried out. The apply
// warns of the twin.
func TestStage_twinOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+15550100002"})
		s.leavesOpen(config, mockserver.DropBefore)
		s.untaint(address)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.Latency, Times: 1, Do: func() {
			s.add(map[string]any{"phone_id": phone, number: "+15550100002"}) // the first one
		}})
		_, errors := s.apply(config)
		if len(s.live()) != 2 || !strings.Contains(s.warnings, "May Exist Twice") {
			s.t.Errorf("%d exist: %q, %s", len(s.live()), errors, s.warnings)
		}
	})
}

// Two applies with different accounts leave a create open, and both creates are carried out late. The refresh adopts
// what the later one has made, and names the other one. A destroy deletes only the later one, and names the other one
// too.
func TestStage_twoTriesCarriedOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ isMap, isDestroyed bool }{{false, false}, {true, false}, {true, true}} {
		isMap := test.isMap
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			of := func(account string) map[string]block {
				entry := declared{"phone_id": phone, number: "+15550000007", "recipient_account_id": account}
				if isMap {
					return s.bulk(map[string]declared{"c000": numbered(1).entries()["c000"], "x": entry}, nil)
				}
				return s.single(entry)
			}
			if isMap {
				s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			}
			s.leavesOpen(of(acme), mockserver.DropBefore)
			if !isMap {
				s.untaint(address)
			}
			s.leavesOpen(of(globex), mockserver.DropBefore)
			if !isMap {
				s.untaint(address)
			}
			first := s.add(map[string]any{"phone_id": phone, number: "+15550000007", "recipient_account_id": acme})
			second := s.add(map[string]any{"phone_id": phone, number: "+15550000007", "recipient_account_id": globex})
			if test.isDestroyed {
				_, errors := s.apply(nil)
				if !strings.Contains(s.warnings, first) || len(s.live()) != 1 {
					s.t.Errorf("%q, %s", errors, s.warnings)
				}
				return
			}
			_, errors := s.apply(of(globex))
			if !strings.Contains(s.warnings, second+", and "+first) || !strings.Contains(s.warnings, "May Exist Twice") {
				s.t.Errorf("map %t: %q, %s", isMap, errors, s.warnings)
			}
		})
	}
}

// If the service refuses the second conversation, this apply or the next one adopts the first one.
func TestStage_repeatIsRefused(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{Duplicates: mockserver.Refused}, map[string]any{"recovery_timeout": "5s", "max_retries": 0}, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+15550100002"})
		s.leavesOpen(config, mockserver.DropBefore)
		s.untaint(address)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.Latency, Times: 1, Do: func() {
			s.add(map[string]any{"phone_id": phone, number: "+15550100002"}) // the first one
		}})
		_, errors := s.apply(config)
		_, again := s.apply(config)
		if again != "" || s.core.state[address].typeName == "" {
			s.t.Errorf("ours is there, nobody looks for it any more: first %q, then %q", errors, again)
		}
	})
}

// A refresh finds the result of an open create with the number that was sent, however the service writes it. The
// conversation is not replaced, and its message is not sent again.
func TestStage_foundInAnotherSpelling(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Digits, mockserver.DoubleZero, mockserver.Country, mockserver.Masked} {
		for _, kind := range []string{"single", "bulk"} {
			runOnStage(t, format+" "+kind, mockserver.Behavior{PhoneFormat: format}, map[string]any{"recovery_timeout": "2s", "max_retries": 0, "batch_size": 1, "max_concurrent_requests": 1}, func(s *stage) {
				var config map[string]block
				if kind == "single" {
					config = s.saying(messageTexts{"hello": "Hello"}, declared{number: "+4915550100002"})
					s.leavesOpen(config, mockserver.DropAfter)
					s.untaint(address)
				} else {
					config = s.bulk(s.numberedSaying(2, messageTexts{"hello": "Hello"}), keeping)
					s.Inject(
						mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "Hello", Kind: mockserver.DropAfter, Times: 1},
						mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502},
					)
					_, errors := s.apply(config)
					s.ClearFaults()
					if errors != "" || !strings.Contains(s.warnings, "May Have Been Created") {
						s.t.Fatalf("the apply says %q %s", errors, s.warnings)
					}
				}
				_, errors := s.apply(config)
				s.wantSent(1, errors, s.warnings)
			})
		}
	}
}

// Two batches each lose a create, and both creates have the same identity. Each create gets its own record, so the
// message is not sent again.
func TestStage_lostTwins(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		n := numbered(1)
		d := n.entries()["c000"]
		d["messages"] = messagesOf(s.entryType(), messageTexts{"hello": "Hello"})
		config := s.bulk(map[string]declared{"c000": d}, nil)
		config[address] = s.single(declared{"phone_id": phone, number: n["c000"]})[address]
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "Hello", Kind: mockserver.CommitLater, CommitAfter: 900 * time.Millisecond, Latency: 1200 * time.Millisecond, Times: 1},
			mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.CommitLater, CommitAfter: time.Second, Latency: 1100 * time.Millisecond, Times: 1})
		_, errors := s.apply(config)
		warnings := s.warnings
		_, again := s.apply(config)
		s.wantSent(1, errors, warnings, again)
	})
}

// The create of an entry is lost, and then the entry changes. The result of the first create has everything that was
// sent. So the apply adopts and changes it, and does not send its message a second time.
func TestStage_openAndChanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key, number, attribute string
		before, after          any
		format                 string
	}{
		"same key":    {"a", "+15550100009", "recipient_account_id", acme, globex, ""},
		"another key": {"b", "+15550100009", "recipient_account_id", acme, globex, ""},
		"no value":    {"a", "+15550100009", "recipient_account_id", acme, "", ""},
		"links":       {"a", "+15550100009", "account_relations", []string{acme}, []string{globex}, ""},
		"more links":  {"a", "+15550100009", "account_relations", []string{acme}, []string{acme, globex}, ""},
		"no links":    {"a", "+15550100009", "account_relations", []string{acme}, []string{}, ""},
		"masked":      {"a", "+15550100009", "recipient_account_id", acme, globex, mockserver.Masked},
		"digits":      {"a", "+15550100009", "recipient_account_id", acme, globex, mockserver.Digits},
		"filled in":   {"a", "+15550100001", "recipient_contact_id", nil, bob, ""}, // the CRM has set the contact of that number
	} {
		runOnStage(t, name, mockserver.Behavior{PhoneFormat: test.format}, impatient, func(s *stage) {
			declare := func(key string, value any) map[string]block {
				return s.bulk(map[string]declared{
					"x": {"phone_id": phone, number: "+15550100002"},
					key: {"phone_id": phone, number: test.number, test.attribute: value, "messages": messagesOf(s.core.schemas[singleType].ValueType(), messageTexts{"m": "Hi"})},
				}, nil)
			}
			s.applies(s.bulk(map[string]declared{"x": {"phone_id": phone, number: "+15550100002"}}, nil), bulkAddress, create)
			s.leavesOpen(declare("a", test.before), mockserver.DropAfter)
			test.number = "+1 (555) 010-00" + test.number[len(test.number)-2:]
			last := declare(test.key, test.after)
			if _, errors := s.apply(last); errors != "" || !says("Text Message Conversation Adopted").MatchString(s.warnings) {
				s.t.Errorf("the apply says %q, %q", errors, s.warnings)
			}
			s.nothingLeft(last)
			if made, sent := len(s.Records(conversations)), len(s.Records(textMessages)); made != 2 || sent != 1 {
				s.t.Errorf("the CRM has %d conversations and %d messages; want 2 and 1", made, sent)
			}
		})
	}
}

// The create of an entry is lost, and a new entry with the same number sorts before it. Each gets its own
// conversation with its own message.
func TestStage_openBesideANewEntry(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		saying := func(text string) declared {
			return declared{"phone_id": phone, number: "+15550100009", "messages": messagesOf(s.core.schemas[singleType].ValueType(), messageTexts{"m": text})}
		}
		other := declared{"phone_id": phone, number: "+15550100008"}
		s.applies(s.bulk(map[string]declared{"x": other}, nil), bulkAddress, create)
		s.leavesOpen(s.bulk(map[string]declared{"x": other, "m": saying("A")}, nil), mockserver.DropAfter)
		id := s.liveMessages()["A"]["text_message_conversation_id"]
		both := s.bulk(map[string]declared{"x": other, "m": saying("A"), "a": saying("B")}, nil)
		if _, errors := s.apply(both); errors != "" || any(s.entryID("m")) != id {
			s.t.Errorf("the entry has %s, not %s: %s", s.entryID("m"), id, errors)
		}
		s.nothingLeft(both)
		if made, sent := len(s.Records(conversations)), len(s.Records(textMessages)); made != 3 || sent != 2 {
			s.t.Errorf("the CRM has %d conversations and %d messages; want 3 and 2", made, sent)
		}
	})
}

// The same for a single resource that is untainted before it changes.
func TestStage_openUntaintedAndChanged(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		of := func(owner string) map[string]block {
			return s.single(declared{"phone_id": phone, number: "+15550100001", "recipient_account_id": owner})
		}
		s.leavesOpen(of(acme), mockserver.DropAfter)
		s.untaint(address)
		applying := s.appliesOnly(address, of(globex))
		if errors := applying.errors(); len(errors) > 0 {
			s.t.Errorf("the apply fails: %v", errors)
		}
		s.nothingLeft(of(globex))
		s.wantLive(1)
	})
}
