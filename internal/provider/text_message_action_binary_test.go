//go:build unix

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// With the real Terraform, a trigger invokes the action once, and -invoke does it again. A lost reply does not cause
// a second message.
func TestAccTextMessage_action(t *testing.T) {
	t.Parallel()
	skipOpenTofu(t, "it has no actions")
	w := newWorld(t, mockserver.Behavior{})
	configuration := func() string {
		return w.config(conversationBlock(`recipient_phone_number = "+1 555 010 0001"
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.pipeliner_text_message.test]
    }
  }`)) + `
action "pipeliner_text_message" "test" {
  config {
    text_message_conversation_id = pipeliner_text_message_conversation.test.id
    content                      = "Welcome"
    direction                    = "outgoing"
  }
}
`
	}
	// The action that -invoke invokes refers to no resource, because some versions of
	// Terraform can't resolve one then.
	again := func() string {
		return configuration() + fmt.Sprintf(`
action "pipeliner_text_message" "again" {
  config {
    text_message_conversation_id = %q
    content                      = "Welcome"
    direction                    = "outgoing"
  }
}
`, w.id())
	}
	b := newBinary(t, configuration())
	b.skipBelow(tfversion.Version1_14_0)
	for _, step := range []struct {
		configuration func() string
		arguments     []string
		code          int
		says          []string
		messages      int
	}{
		{configuration, []string{"plan"}, 0, []string{"Outgoing Message Will Be Created"}, 0},
		{configuration, []string{"apply", "-auto-approve"}, 0, []string{"Creating an outgoing message in the conversation", "Created the message"}, 1},
		{configuration, []string{"plan", "-detailed-exitcode"}, 0, []string{"No changes"}, 1},
		{again, []string{"apply", "-auto-approve", "-invoke=action.pipeliner_text_message.again"}, 0, []string{"Text Message Adopted"}, 2},
	} {
		b.write("main.tf", step.configuration())
		if strings.Contains(strings.Join(step.says, ""), "Adopted") {
			w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropAfter})
		}
		output, code := b.run(nil, step.arguments...)
		if code != step.code || !says(step.says...).MatchString(output) {
			t.Errorf("%v ended with %d:\n%s", step.arguments, code, output)
		}
		if made := len(w.Records(textMessages)); made != step.messages {
			t.Errorf("%d messages after %v; want %d", made, step.arguments, step.messages)
		}
	}
}
