package provider_test

import (
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
