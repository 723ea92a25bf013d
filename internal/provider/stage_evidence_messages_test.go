package provider_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

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
		if made := len(s.Records(textMessages)); made != 2 {
			s.t.Errorf("%d messages; want 2: %s", made, errors)
		}
	})
}

// A lost message that is no longer wanted does not keep another one from being created, whatever
// colleagues write.
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

// The conversation that an open create has made was answered, so nothing is adopted. Another
// resource has the same number. The replacement still sees the conversation.
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
