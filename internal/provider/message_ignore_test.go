package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// With ignore_changes, Terraform copies the state into the configuration, including ids.
// The copied ids attach nothing: the plan is empty, and a new conversation gets its own
// messages, each once.
func TestAccTextMessageConversation_ignoredMessages(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(number, content, ignored string) string {
		return w.conversation(fmt.Sprintf("recipient_phone_number = %q\nlifecycle {\n ignore_changes = %s\n}\n%s", number, ignored, messagesBlock(outgoing("a", content))))
	}
	run(t,
		resource.TestStep{Config: body("+1 555 010 0001", "one", "[messages]"), ConfigPlanChecks: planned(plancheck.ResourceActionCreate)},
		resource.TestStep{Config: body("+1 555 010 0001", "two", "[messages]"), PlanOnly: true},
		resource.TestStep{Config: body("+1 555 010 0001", "two", "all"), PlanOnly: true},
		resource.TestStep{
			PreConfig: func() { must(t, w.holdsMessages("one")(nil)) },
			Config:    body("+1 555 010 0002", "two", "[messages]"), ConfigPlanChecks: planned(plancheck.ResourceActionReplace),
			Check: w.inLiveConversations(1),
		},
	)
}

func TestAccTextMessageConversations_ignoredMessages(t *testing.T) {
	const entry, messages = `conversations["a"]`, `conversations["a"].messages`
	w := newWorld(t, mockserver.Behavior{})
	body := func(number, content, ignored string) string {
		entry := func(key, number string) string {
			return fmt.Sprintf("    %s = { phone_id = %q, recipient_phone_number = %q, messages = { %s } }\n", key, phone, number, outgoing("m", content))
		}
		return w.config("resource \"pipeliner_text_message_conversations\" \"test\" {\n  lifecycle {\n    ignore_changes = [" + ignored + "]\n  }\n  conversations = {\n" +
			entry("a", number) + entry("b", "+1 555 010 0009") + "  }\n}")
	}
	run(t,
		resource.TestStep{Config: body("+1 555 010 0001", "one", messages), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate)},
		resource.TestStep{
			Config: body("+1 555 010 0001", "two", messages), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: w.holdsMessages("one", "two"),
		},
		resource.TestStep{Config: body("+1 555 010 0002", "two", entry), PlanOnly: true},
		resource.TestStep{
			Config: body("+1 555 010 0002", "three", messages), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: w.inLiveConversations(2),
		},
	)
}

// inLiveConversations checks the number of messages in conversations that are not
// deleted.
func (w *world) inLiveConversations(want int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		live := map[any]bool{}
		for _, record := range w.live() {
			live[record["id"]] = true
		}
		var got []string
		for _, record := range w.Records(textMessages) {
			if live[record["text_message_conversation_id"]] {
				got = append(got, fmt.Sprint(record["content"]))
			}
		}
		if len(got) != want {
			return fmt.Errorf("the messages are %s; want %d", strings.Join(got, ", "), want)
		}
		return nil
	}
}
