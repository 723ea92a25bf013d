package provider_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func hurried() map[string]any {
	settings := map[string]any{"request_timeout": "1s", "max_retries": 0}
	maps.Copy(settings, impatient)
	return settings
}

// The create of a message is lost. The update of its conversation is refused before the create
// is tried again. The message appears late.
func TestStage_lostMessageBehindRefusedUpdate(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, hurried(), func(s *stage) {
		texts := messageTexts{"a": "one"}
		s.applies(s.saying(texts, nil), address, create)
		texts["b"] = "two"
		s.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Times: 1, Kind: mockserver.DropBefore, Do: func() {
			s.Inject(mockserver.Fault{Method: http.MethodGet, Path: textMessages, Kind: mockserver.StatusReply, Status: http.StatusBadGateway})
		}})
		s.apply(s.saying(texts, nil))
		s.ClearFaults()
		config := s.saying(texts, declared{"recipient_contact_id": bob})
		s.Inject(mockserver.Fault{Path: conversations + "/batch-modify", Times: 1, Kind: mockserver.StatusReply, Status: http.StatusForbidden})
		s.apply(config)
		s.ClearFaults()
		s.meanwhile = func() {
			s.addMessage(s.id(), "two", 1)
		}
		_, errors := s.apply(config)
		s.wantSent(2, errors)
	})
}

// A lost message that is no longer declared does not prevent the create of another one, whatever colleagues write.
func TestStage_lostMessageOfThePast(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, hurried(), func(s *stage) {
		texts := messageTexts{"a": "one"}
		s.applies(s.saying(texts, nil), address, create)
		texts["b"] = "two"
		s.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Times: 1, Kind: mockserver.DropBefore})
		s.apply(s.saying(texts, nil))
		s.ClearFaults()
		delete(texts, "b")
		s.apply(s.saying(texts, nil))
		s.addMessage(s.id(), "by a colleague", 1)
		texts["c"] = "three"
		if _, errors := s.apply(s.saying(texts, nil)); errors != "" || len(s.Records(textMessages)) != 3 {
			s.t.Errorf("%d messages; want 3: %s", len(s.Records(textMessages)), errors)
		}
	})
}

// The create was answered with a conversation, so nothing is adopted. Another resource has the same number. The
// replacement still sees the conversation.
func TestStage_answeredBelowAnother(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		plain := s.single(declared{"phone_id": phone, number: "+15550100002"})[address]
		other := s.single(declared{"phone_id": phone, number: "+15550100002", "recipient_contact_id": bob})[address]
		done, open := address+`["a"]`, address+`["b"]`
		s.core.parallelism = 1
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: http.StatusBadGateway})
		}})
		s.refused(map[string]block{open: plain}, "may or may not have been created")
		s.ClearFaults()
		answered := s.live()[0]["id"].(string)
		s.addMessage(answered, "Hi", 2)
		config := map[string]block{open: plain, done: other}
		s.appliesOnly(done, config)
		if _, errors := s.apply(config); !strings.Contains(errors, answered) || len(s.live()) != 2 {
			s.t.Errorf("%d are live: %s", len(s.live()), errors)
		}
	})
}

// An attached message that someone has detached is attached again.
func TestStage_detachedMessage(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		id, err := s.Create(textMessages, map[string]any{"content": "existing", "direction": 1})
		must(s.t, err)
		config := s.saying(messageTexts{"a": declared{"id": id}}, nil)
		s.applies(config, address, create)
		must(s.t, s.Edit(textMessages, id, map[string]any{"text_message_conversation_id": nil}))
		if _, errors := s.apply(config); errors != "" {
			s.t.Errorf("the apply says %s", errors)
		}
	})
}

// The create of a message is answered with 504 and carried out 10 s later, and the look is refused. The next apply
// starts at once, and does not send the message a second time.
func TestStage_messageCommitsLate(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"single", "map"} {
		runOnStage(t, form, mockserver.Behavior{}, nil, func(s *stage) {
			say := func(texts messageTexts) map[string]block {
				if form == "single" {
					return s.saying(texts, nil)
				}
				return s.bulk(s.numberedSaying(1, texts), nil)
			}
			at := address
			if form == "map" {
				at = bulkAddress
			}
			s.applies(say(messageTexts{"a": "First"}), at, create)
			s.Inject(
				mockserver.Fault{Method: "POST", Path: textMessages + "/batch-modify", Kind: mockserver.CommitLater, CommitAfter: 10 * time.Second, Latency: time.Second, Status: 504, Times: 1, Do: func() {
					s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 403})
				}},
			)
			s.apply(say(messageTexts{"a": "First", "b": "Second"}))
			s.ClearFaults()
			s.apply(say(messageTexts{"a": "First", "b": "Second"}))
			time.Sleep(time.Minute)
			s.wantSent(2)
		})
	}
}

// A message moves from one single resource to another: one drops its key, the other attaches it.
func TestStage_messageMovesBetweenSingles(t *testing.T) {
	t.Parallel()
	for round := range 6 {
		onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
			typ := s.core.schemas[singleType].ValueType()
			config := func(a, b messageTexts) map[string]block {
				one := s.with(declared{number: "+15550100002", "messages": messagesOf(typ, a)})[address]
				two := s.with(declared{number: "+15550100003", "messages": messagesOf(typ, b)})[address]
				return map[string]block{"a": one, "b": two}
			}
			s.applies(config(messageTexts{"m": "Hi"}, messageTexts{}), "a", create)
			id := s.idOfMessage("Hi")
			_, errors := s.apply(config(messageTexts{}, messageTexts{"m": declared{"id": id}}))
			r, _ := s.Record(textMessages, id)
			if errors != "" || r["is_deleted"] == true {
				s.t.Errorf("%d: %v: %s", round, r, errors)
			}
		})
	}
}

// A reply that does not show the conversation of a message is an error. The provider neither assumes that the message
// has moved, nor sends it again.
func TestStage_messageWithoutConversation(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		config := s.saying(messageTexts{"a": "Hello"}, nil)
		s.applies(config, address, create)
		must(s.t, s.Edit(textMessages, s.idOfMessage("Hello"), map[string]any{"text_message_conversation_id": nil}))
		if _, errors := s.apply(config); !says("does not show the conversation").MatchString(errors) {
			s.t.Errorf("the apply says %q", errors)
		}
		s.wantSent(1)
	})
}

// An earlier attempt has sent no messages. A customer's conversation with a message is not its result, whatever
// messages the entry declares now.
func TestStage_messageDeclaredAfterAttempt(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesEntryOpen(mockserver.DropBefore)
		theirs := s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]})
		s.addMessage(theirs, "Call me", 2)
		now := numbered(2).entries()
		now["c001"]["messages"] = messagesOf(s.entryType(), messageTexts{"a": declared{"content": "Hi", "direction": "incoming"}})
		for range 2 {
			if _, errors := s.apply(s.bulk(now, nil)); !strings.Contains(errors, theirs) {
				s.t.Errorf("the apply says %q", errors)
			}
		}
	})
}

// An attempt remembers what it has sent, even if the next attempt finds several conversations and sends less.
func TestStage_attemptKeepsItsMessages(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := func(texts messageTexts) map[string]block {
			return s.bulk(s.numberedSaying(2, texts), nil)
		}
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		s.leavesOpen(config(messageTexts{"a": "One", "b": "Two"}), mockserver.DropAfter)
		theirs := s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"]})
		if _, errors := s.apply(config(messageTexts{"a": "One"})); !strings.Contains(errors, theirs) {
			s.t.Errorf("with several, the apply says %q", errors)
		}
		must(s.t, s.Purge(conversations, theirs))
		if _, errors := s.apply(config(messageTexts{"a": "One"})); errors != "" {
			s.t.Errorf("with one, the apply says %q", errors)
		}
	})
}

// A new conversation does not show a message that was sent with it. Another apply looks for the message before it
// sends it again.
func TestStage_messageOfNewConversationShowsLate(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.saying(messageTexts{"a": "Hello"}, nil)
		s.Inject(mockserver.Fault{
			Method: "GET", Path: textMessages, Kind: mockserver.ReplaceReply, Status: 200, Reply: `{"success":true,"data":[],"total":0,"page_info":{"has_next_page":false}}`,
		})
		s.apply(config)
		if !strings.Contains(s.warnings, "can't find the message messages[\"a\"]") {
			s.t.Errorf("the warnings are %q", s.warnings)
		}
		s.meanwhile = s.ClearFaults
		if _, errors := s.apply(config); errors != "" || len(s.Records(textMessages)) != 1 {
			s.t.Errorf("%d messages, %q", len(s.Records(textMessages)), errors)
		}
		s.nothingLeft(config)
	})
}

// The CRM refuses the message of a new conversation, and a colleague writes in it. The message was not created, so
// the next apply creates it, and does not touch the colleague's.
func TestStage_refusedMessageBesideAnother(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage) map[string]block{
		address: func(s *stage) map[string]block {
			return s.saying(messageTexts{"a": "Hello"}, declared{number: "+15550000000", "adopt_existing": true})
		},
		bulkAddress: func(s *stage) map[string]block {
			return s.bulk(s.numberedSaying(1, messageTexts{"a": "Hello"}), map[string]any{"adopt_existing": true})
		},
	} {
		for _, says := range []string{"Hello", "Bye"} {
			runOnStage(t, at+" "+says, mockserver.Behavior{}, impatient, func(s *stage) {
				id := s.handmade("+15550000000")
				s.Inject(mockserver.Fault{Method: "POST", Path: textMessages, Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1})
				if _, errors := s.apply(declare(s)); errors != "" || !strings.Contains(s.warnings, "Unable to Create Text Message") {
					s.t.Fatalf("the first apply says %q, %q", errors, s.warnings)
				}
				theirs := s.addMessage(id, says, 1)
				if _, errors := s.apply(declare(s)); errors != "" || len(s.Records(textMessages)) != 3 {
					s.t.Errorf("%d messages: %s", len(s.Records(textMessages)), errors)
				}
				s.nothingLeft(declare(s))
				if state := s.core.state[at].value.String(); strings.Contains(state, theirs) {
					s.t.Errorf("the state has the message %s of the colleague", theirs)
				}
			})
		}
	}
}

// Of three messages, the first is refused, and the others are lost, one of them with the same
// text. The next apply creates only the refused one.
func TestStage_refusedMessageLikeALostOne(t *testing.T) {
	t.Parallel()
	settings := maps.Clone(impatient)
	settings["batch_size"], settings["max_concurrent_requests"] = 1, 1
	onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
		config := s.saying(messageTexts{"a": "Hi", "b": "Hi", "c": "Yo"}, declared{number: "+15550000000", "adopt_existing": true})
		s.handmade("+15550000000")
		s.meanwhile = func() {
			s.Inject(
				mockserver.Fault{Method: "POST", Path: textMessages, Body: "Hi", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1},
				mockserver.Fault{Method: "POST", Path: textMessages, Kind: mockserver.DropAfter, Do: func() {
					s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 403})
				}},
			)
		}
		s.apply(config)
		s.ClearFaults()
		if _, errors := s.apply(config); errors != "" || len(s.Records(textMessages)) != 4 {
			s.t.Errorf("%d messages: %s", len(s.Records(textMessages)), errors)
		}
		s.nothingLeft(config)
	})
}

// The same message is refused first, and lost when it is created again. Then the provider looks for it.
func TestStage_refusedMessageThatIsLost(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.saying(messageTexts{"a": "Hello"}, declared{number: "+15550000000", "adopt_existing": true})
		s.handmade("+15550000000")
		s.Inject(mockserver.Fault{Method: "POST", Path: textMessages, Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1})
		s.apply(config)
		s.Inject(mockserver.Fault{Method: "POST", Path: textMessages, Kind: mockserver.DropAfter, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 403})
		}})
		s.refused(config, "The message may or may not have been created")
		s.ClearFaults()
		if _, errors := s.apply(config); errors != "" || len(s.Records(textMessages)) != 2 || !strings.Contains(s.warnings, "Text Message Adopted") {
			s.t.Errorf("%d messages: %s, %s", len(s.Records(textMessages)), errors, s.warnings)
		}
		s.nothingLeft(config)
	})
}

// A message that is removed before it was identified stays in the CRM, and the apply says so.
func TestStage_removedBeforeIdentified(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.saying(messageTexts{"a": "Hi"}, nil), address, create)
		id := s.idAt(address)
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			s.addMessage(id, "Bye", 1)
			s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 502})
		}})
		_, errors := s.apply(s.saying(messageTexts{"a": "Hi", "b": "Bye bye"}, nil))
		s.ClearFaults()
		s.apply(s.saying(messageTexts{"a": "Hi", "b": "Bye bye"}, nil))
		if !strings.Contains(s.warnings, "Text Message Not Identified") {
			s.t.Errorf("%q; %s", errors, s.warnings)
		}
		if _, errors = s.apply(s.saying(messageTexts{"a": "Hi"}, nil)); errors != "" || !says("Text Message May Have Been Left", `"b"`, id).MatchString(s.warnings) {
			s.t.Errorf("%q; %s", errors, s.warnings)
		}
	})
}
