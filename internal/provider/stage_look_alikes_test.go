package provider_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create never arrives, and just before, someone makes a conversation of the same phone and number with a link. The
// service doesn't make links by itself, so the conversation is someone else's: the error names it, and it stays as it is.
func TestStage_linkOfOthers(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		for kind, link := range map[string]map[string]any{
			"account_relations": {"account_id": acme}, "project_relations": {"project_id": project}, "contact_relations": {"contact_id": bob},
		} {
			runOnStage(t, at+" "+kind, mockserver.Behavior{}, impatient, func(s *stage) {
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Before: mockserver.Acts{{
					Create: &mockserver.Target{Entity: conversations, Values: map[string]any{"phone_id": phone, number: "+15550000000", kind: []any{link}}},
				}}})
				_, errors := s.apply(declare(s))
				theirs := s.id()
				if said := errors + s.warnings; !strings.Contains(said, theirs) || strings.Contains(said, "Adopted") {
					s.t.Errorf("the conversation %s of others: %s", theirs, said)
				}
				_, _ = s.apply(nil)
				if s.isDeleted(theirs) {
					s.t.Errorf("the conversation %s of others is deleted: %s", theirs, s.warnings)
				}
			})
		}
	}
}

// A gateway gives up, and the service carries the create out two seconds later. Just before, someone makes a
// conversation of the same phone and number. Nothing tells which one is the create's, so the error names both.
func TestStage_lateBesideLookAlike(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		for name, more := range map[string]map[string]any{"bare": nil, "with a contact": {"recipient_contact_id": bob}} {
			runOnStage(t, at+" "+name, mockserver.Behavior{}, nil, func(s *stage) {
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.CommitLater, Status: 504, CommitAfter: 2 * time.Second, Times: 1, Do: func() {
					record := map[string]any{"phone_id": phone, number: "+15550000000"}
					maps.Copy(record, more)
					s.add(record)
				}})
				_, errors := s.apply(declare(s))
				s.AwaitCommits()
				s.wantLive(2, errors)
				for _, record := range s.live() {
					if id := record["id"].(string); !strings.Contains(errors+s.warnings, id) {
						s.t.Errorf("nothing names %s: %s%s", id, errors, s.warnings)
					}
				}
				_, _ = s.apply(nil)
				s.wantLive(2)
			})
		}
	}
}

// The same with messages.
func TestStage_lateMessageBesideLookAlike(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.saying(nil, nil), address, create)
		id := s.id()
		s.Inject(mockserver.Fault{Method: "POST", Path: textMessages + "/batch-modify", Kind: mockserver.CommitLater, Status: 504, CommitAfter: 3 * time.Second, Times: 1, Do: func() {
			s.addMessage(id, "Hello", 1)
		}})
		_, errors := s.apply(s.saying(messageTexts{"hello": "Hello"}, nil))
		s.AwaitCommits()
		s.wantSent(2, errors)
		for _, message := range s.Records(textMessages) {
			if id := message["id"].(string); !strings.Contains(errors+s.warnings, id) {
				s.t.Errorf("nothing names %s: %s%s", id, errors, s.warnings)
			}
		}
	})
}

// All or nothing: the provider adopts a conversation that may be the create's, and deletes it again because another
// create fails. A warning names it, because someone else may have made it.
func TestStage_undoneAdoption(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_size": 1, "max_concurrent_requests": 1, "recovery_timeout": "3s"}, func(s *stage) {
		var theirs string
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000000", Kind: mockserver.DropBefore, Times: 1, Do: func() {
				theirs = s.add(map[string]any{"phone_id": phone, number: "+15550000000"})
			}},
			mockserver.Fault{Method: "POST", Path: "batch-modify", Body: "0000001", Kind: mockserver.StatusReply, Status: 422, Envelope: true},
		)
		s.apply(s.bulk(numbered(2).entries(), nil))
		if !s.isDeleted(theirs) || !says("Adopted Text Message Conversation Deleted", theirs, "restore it in the CRM").MatchString(s.warnings) {
			s.t.Errorf("the warnings are %q; want them to name %s", s.warnings, theirs)
		}
	})
}
