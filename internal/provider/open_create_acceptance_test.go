//go:build unix

package provider_test

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Creates with an unknown outcome, with the real Terraform: next to another resource with the same number, and with
// create_before_destroy. The tests on a stage cover everything else that can happen meanwhile.
func TestAccOpenCreate(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	impatiently := []string{`recovery_timeout = "2s"`, `max_retries = 0`}
	single := func(attributes string) string {
		return fmt.Sprintf("\nresource \"pipeliner_text_message_conversation\" \"one\" {\n  phone_id = %q\n  %s\n}\n", phone, attributes)
	}
	t.Run("open entry", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		s.plays(w.bulk(numbered(1), "", impatiently...), 0, applies)
		both := w.config(fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = {\n    c000 = { phone_id = %q, recipient_phone_number = \"+15550000000\" }\n"+
			"    c001 = { phone_id = %q, recipient_phone_number = \"+15550000001\", recipient_contact_id = %q }\n  }\n}\n", phone, phone, bob)+single(`recipient_phone_number = "+15550000001"`), impatiently...)
		w.faultsBeside(mockserver.DropBefore, mockserver.Latency)
		s.plays(both, 1, applies, "may or may not have been created")
		w.ClearFaults()
		output := s.repeats(applies...)
		if live := s.live(); len(live) != 3 {
			t.Errorf("%d are live; want 3: %v\n%s", len(live), live, output)
		}
	})
	t.Run("abandoned, created before destroyed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		config := w.config(single("recipient_phone_number = \"+15550000001\"\n  deletion_policy = \"abandon\"\n  lifecycle {\n    create_before_destroy = true\n  }"), impatiently...)
		w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter},
			mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502})
		s.plays(config, 1, applies, "may or may not have been created")
		w.ClearFaults()
		s.plays(config, 0, applies, "Text Message Conversation May Have Been Left", "create_before_destroy") // a limit: at least it is told
	})
}
