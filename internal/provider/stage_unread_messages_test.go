package provider_test

import (
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If a refresh can't read the messages of a conversation, the error says so: the missing permission or the wrong
// reply concerns the messages, not the conversation.
func TestStage_refreshWithoutMessages(t *testing.T) {
	t.Parallel()
	summaries := map[string]string{address: "Unable to Read Text Message Conversation ", bulkAddress: "Unable to Read Text Message Conversations "}
	for at, declare := range map[string]func(s *stage) map[string]block{
		address: func(s *stage) map[string]block {
			return s.saying(messageTexts{"a": "A"}, declared{number: "+15550000000"})
		},
		bulkAddress: func(s *stage) map[string]block { return s.bulk(s.numberedSaying(1, messageTexts{"a": "A"}), nil) },
	} {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.applies(declare(s), at, create)
			s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 502})
			s.refused(declare(s), summaries[at], "Cause: reading its messages failed: ")
		})
	}
}

// The service shows all messages of a new conversation but one. The state keeps the others, the errors name the one,
// and once the service shows it, nothing is left to do.
func TestStage_oneUnreadableMessage(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			texts := messageTexts{"a": "A", "b": "B", "c": "C"}
			config := s.saying(texts, nil)
			if at == bulkAddress {
				config = s.bulk(s.numberedSaying(1, texts), nil)
			}
			s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.Latency, Times: 1, Do: func() {
				s.Inject(mockserver.Fault{Method: "GET", Path: textMessages + "/" + s.idOfMessage("B"), Kind: mockserver.StatusReply, Status: 403, Envelope: true})
			}})
			if _, errors := s.apply(config); errors != "" || !strings.Contains(s.warnings, s.idOfMessage("B")) {
				s.t.Errorf("the apply says %s%s", errors, s.warnings)
			}
			messages := s.attribute(address, "messages")
			if at == bulkAddress {
				messages = s.entryOf("c000")["messages"]
			}
			for key, content := range map[string]string{"a": "A", "c": "C"} {
				if id := stringOf(parts(parts(messages)[key])["id"]); id != s.idOfMessage(content) {
					s.t.Errorf("the state has the message %q as %q; want %s", key, id, s.idOfMessage(content))
				}
			}
			s.refused(config, "permission to read TextMessages", s.idOfMessage("B"))
			s.ClearFaults()
			if _, errors := s.apply(config); errors != "" {
				s.t.Errorf("the last apply fails: %s", errors)
			}
			s.nothingLeft(config)
			s.wantSent(3)
		})
	}
}
