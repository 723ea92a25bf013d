package provider_test

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create is answered with the id of another conversation, and the apply can't read it. The create attaches a
// message, which is not moved to the other conversation: the next apply attaches it to the created one. The same
// happens if the answer was right.
func TestStage_attachedToUnreadAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at      string
		isWrong bool
	}{"single": {address, true}, "map": {bulkAddress, true}, "single, right": {address, false}, "map, right": {bulkAddress, false}} {
		runOnStage(t, name, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0}, func(s *stage) {
			s.seedsTheirs()
			existing, err := s.Create(textMessages, map[string]any{"content": "existing", "direction": 1})
			must(s.t, err)
			config := s.saying(messageTexts{"old": declared{"id": existing}}, declared{number: "+15550000000"})
			if test.at == bulkAddress {
				config = s.bulk(map[string]declared{"k": {"phone_id": phone, number: "+15550000000", "messages": messagesOf(s.entryType(), messageTexts{"old": declared{"id": existing}})}}, nil)
			}
			theirs, _ := s.Record(conversations, theirsUnread)
			s.unreadAt(conversations, conversations, func(ids []any) {
				if test.isWrong {
					ids[0] = theirsUnread
				}
			})
			if _, errors := s.apply(config); errors != "" {
				s.t.Errorf("the apply says %s", errors)
			}
			s.lie = nil
			if record, _ := s.Record(textMessages, existing); record["text_message_conversation_id"] == theirsUnread {
				s.t.Error("the message is in the conversation of others")
			}
			if _, errors := s.apply(config); errors != "" {
				s.t.Errorf("the next apply says %s", errors)
			}
			s.wantTheirs(theirs, 1)
			for _, record := range s.live() {
				message, _ := s.Record(textMessages, existing)
				if in := fmt.Sprint(message["text_message_conversation_id"]); record["id"] != theirsUnread && in != record["id"] {
					s.t.Errorf("the message is in %s, want %s", in, record["id"])
				}
			}
			s.nothingLeft(config)
		})
	}
}
