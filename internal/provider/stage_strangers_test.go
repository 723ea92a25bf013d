package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A list that shows no phone_id is no proof that the phone has no such conversation.
func TestStage_adoptsNothingWithoutPhones(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		id := s.handmade("+15550100002")
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.OmitField, Field: "phone_id", Times: 2})
		_, errors := s.apply(s.single(adopting("+15550100002")))
		if live := s.live(); len(live) != 1 && errors == "" {
			s.t.Errorf("a second one beside %s, without a word: %s", id, s.warnings)
		}
	})
}

// All or nothing: a create is answered with the id of an older conversation, and another create fails.
// The undo does not delete the older one.
func TestStage_olderOneIsNotUndone(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0, "batch_size": 1, "max_concurrent_requests": 1}, func(s *stage) {
		theirs := s.handmade(numbered(2)["c000"])
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000000", Kind: mockserver.StatusReply, Status: http.StatusOK, Reply: `{"success":true,"data":["` + theirs + `"]}`, Times: 1},
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply},
			mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502},
		)
		_, errors := s.apply(s.bulk(numbered(2).entries(), nil))
		if s.isDeleted(theirs) {
			s.t.Errorf("the conversation %s with its message, which was there before, is deleted: %s", theirs, errors)
		}
	})
}

// A create with a message was never carried out, and a customer writes: an incoming conversation with one message
// appears. It is the customer's, so neither a replacement nor a destroy deletes it.
func TestStage_incomingMessageIsNotOurs(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(s *stage, config map[string]block){
		"replaced":  func(s *stage, config map[string]block) { _, _ = s.apply(config) },
		"destroyed": func(s *stage, _ map[string]block) { _, _ = s.apply(nil) },
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			config := s.saying(messageTexts{"hello": "Hello"}, declared{number: "+15550100002"})
			s.leavesOpen(config, mockserver.DropBefore)
			_, err := s.Act(mockserver.Act{Create: &mockserver.Target{Entity: conversations, Values: map[string]any{
				"phone_id": phone, number: "+15550100002", "messages": []any{map[string]any{"content": "Please call me", "direction": 2}},
			}}})
			must(s.t, err)
			theirs := s.id()
			act(s, config)
			if s.isDeleted(theirs) {
				s.t.Errorf("the customer's conversation %s with its message is deleted; warnings: %s", theirs, s.warnings)
			}
		})
	}
}

// The undo of a new map doesn't delete it either.
func TestStage_incomingMessageIsNotUndone(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_size": 1, "max_concurrent_requests": 1}, func(s *stage) {
		typ := s.entryType()
		entries := numbered(2).entries()
		entries["c000"]["messages"] = messagesOf(typ, messageTexts{"hello": "Hello"})
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000000", Kind: mockserver.DropBefore, Times: 1, Before: mockserver.Acts{{Create: &mockserver.Target{Entity: conversations, Values: map[string]any{
				"phone_id": phone, number: numbered(1)["c000"], "messages": []any{map[string]any{"content": "Please call me", "direction": 2}},
			}}}}},
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply},
		)
		_, errors := s.apply(s.bulk(entries, nil))
		s.wantLive(1, errors)
	})
}

// The message of an adopted conversation is refused. Another user's older message has the same text. No refresh
// mistakes it for the refused one, so no apply deletes it.
func TestStage_adoptedAndMessageRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"single", "bulk"} {
		runOnStage(t, kind, mockserver.Behavior{}, impatient, func(s *stage) {
			id := s.add(map[string]any{"phone_id": phone, number: "+15550100002"})
			theirs := s.addMessage(id, "Hello", 1)
			config := func(texts messageTexts) map[string]block {
				d := adopting("+15550100002")
				if kind == "single" {
					d["messages"] = messagesOf(s.core.schemas[singleType].ValueType(), texts)
					return s.single(d)
				}
				delete(d, "adopt_existing")
				d["messages"] = messagesOf(s.entryType(), texts)
				return s.bulk(map[string]declared{"a": d}, map[string]any{"adopt_existing": true})
			}
			s.Inject(mockserver.Fault{Method: "POST", Path: textMessages + "/batch-modify", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1})
			_, first := s.apply(config(messageTexts{"hello": "Hello"}))
			_, second := s.apply(config(messageTexts{"hello": "Hello"}))
			_, third := s.apply(config(messageTexts{}))
			for _, r := range s.Records(textMessages) {
				if r["id"] == theirs && r["is_deleted"] == true {
					s.t.Errorf("the message %s of others is taken for ours and deleted: %q, %q, %q", theirs, first, second, third)
				}
			}
		})
	}
}

// With create_before_destroy, the replacement of an open create that is abandoned comes first, and can't adopt the
// result of that create. A warning says so.
func TestStage_abandonedAndCreatedBefore(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+15550100002", "deletion_policy": "abandon"})
		s.leavesOpen(config, mockserver.DropAfter)
		planning := s.core.walk()
		plan := planning.plan(config)
		if plan == nil || plan.changes[0].action != replace {
			s.t.Fatal(planning.errors())
		}
		c, applying := plan.changes[0], s.core.walk()
		again, deposed := *c, *c.prior
		if _, _, ok := applying.ask(&again, nil, nil); !ok {
			s.t.Fatal(applying.errors())
		}
		applying.carryOut(&again, nil)
		made := s.core.state[address]
		gone := *c
		gone.planned, gone.config = planning.planOne(address, s.core.state, nil).planned, planning.planOne(address, s.core.state, nil).config
		gone.private = nil // of what is tainted
		applying.carryOut(&gone, &deposed)
		s.core.state[address] = made
		if live := s.live(); len(live) != 1 && !strings.Contains(applying.warnings(), "May") {
			s.t.Errorf("%d are live; want 1, as documented, or a word of the other one: %q %s", len(live), applying.errors(), applying.warnings())
		}
	})
}

// The create is lost and never arrives, and at that moment a customer writes: an incoming conversation with the same
// phone and number, and a message, appears. It is the customer's, even while the apply is still running.
func TestStage_incomingWhileLost(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Before: mockserver.Acts{{
				Create: &mockserver.Target{Entity: conversations, Values: map[string]any{
					"phone_id": phone, number: "+15550000000", "messages": []any{map[string]any{"content": "Please call me", "direction": 2}},
				}},
			}}})
			_, errors := s.apply(declare(s))
			theirs := s.Records(conversations)[0]["id"].(string)
			if !says(theirs, "may be it").MatchString(errors) {
				s.t.Errorf("the apply says %q, %q; want an error that names %s", errors, s.warnings, theirs)
			}
			_, _ = s.apply(nil)
			if s.isDeleted(theirs) {
				s.t.Errorf("the conversation %s of the customer is deleted: %s", theirs, s.warnings)
			}
		})
	}
}
