package provider_test

import (
	"maps"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The create of a message is lost. An apply no longer declares the message. Later, a colleague sends the same text,
// and then the configuration declares a message with that text again: it is a new message.
func TestStage_lostMessageNoLongerDeclared(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"single", "map"} {
		runOnStage(t, form, mockserver.Behavior{}, hurried(), func(s *stage) {
			say := func(texts messageTexts, more declared) map[string]block {
				if form == "single" {
					return s.saying(texts, more)
				}
				entries := numbered(1).entries()
				entries["c000"]["messages"] = messagesOf(s.entryType(), texts)
				maps.Copy(entries["c000"], more)
				return s.bulk(entries, nil)
			}
			one := messageTexts{"a": "one"}
			s.apply(say(one, nil))
			s.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Times: 1, Kind: mockserver.DropBefore, Do: func() {
				s.Inject(mockserver.Fault{Method: "GET", Path: textMessages, Kind: mockserver.StatusReply, Status: 502})
			}})
			both := messageTexts{"a": "one", "b": "two"}
			s.apply(say(both, nil))
			s.ClearFaults()
			if _, errors := s.apply(say(one, declared{"recipient_contact_id": bob})); errors != "" {
				s.t.Errorf("the apply without it says %s", errors)
			}
			conversation := s.live()[0]["id"].(string)
			theirs := s.addMessage(conversation, "two", 1)
			if _, errors := s.apply(say(both, declared{"recipient_contact_id": bob})); errors != "" {
				s.t.Errorf("the apply with it says %s", errors)
			}
			s.wantSent(3, theirs, s.warnings)
		})
	}
}
