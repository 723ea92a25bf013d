package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// What could not be deleted after it was replaced is told as that, and the next
// apply deletes it.
func TestAccTextMessageConversations_removalFails(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{Config: w.bulk(numbers{"a": "+15550100001", "b": "+15550100002"}, "")},
		resource.TestStep{
			PreConfig: func() {
				w.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403})
			},
			Config: w.bulk(numbers{"a": "+15550100003", "b": "+15550100002"}, ""),
			ExpectError: says("Unable to Delete Text Message Conversation", `conversations["a"]: The conversation`,
				"could not be deleted. It is still in the CRM, and in the state, under the key", `"a (replaced)"`, "The next apply tries again", "does not permit this"),
		},
		resource.TestStep{
			PreConfig: w.ClearFaults,
			Config:    w.bulk(numbers{"a": "+15550100003", "b": "+15550100002"}, ""),
			Check:     w.heldNumbers(numbers{"a": "+15550100003", "b": "+15550100002"}),
		},
	)
}

// Thirty resources with the same wrong password tell it once.
func TestAccTextMessageConversation_oneCause(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	b := newBinary(t, strings.ReplaceAll(w.config(fmt.Sprintf("resource \"pipeliner_text_message_conversation\" \"test\" {\n  count = 30\n  phone_id = %q\n}", phone)), password, "wrong"))
	output, code := b.run(nil, "apply", "-auto-approve")
	text := strings.Join(strings.FieldsFunc(output, func(r rune) bool { return strings.ContainsRune(" \n\t│", r) }), " ")
	for part, want := range map[string]int{
		"Error: Unable to Create Text Message Conversation":     30,
		"does not accept the provider's user name and password": 30,
		"PIPELINER_PASSWORD": 1,
		"Another error of this run has the same cause, and says what to do": 29,
	} {
		if got := strings.Count(text, part); got != want || code != 1 {
			t.Errorf("%q is there %d times; want %d (exit code %d)\n%s", part, got, want, code, output)
		}
	}
}

// What a plan removes goes by the policy that was applied before, of one resource
// and of a map alike; the plan warns where a new one comes too late.
func TestAccDeletionPolicy(t *testing.T) {
	single := func(number, policy string) string {
		return conversationBlock(fmt.Sprintf("recipient_phone_number = %q\n%s", number, policy))
	}
	bulk := func(number, policy string) string {
		return fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = { a = { phone_id = %q, recipient_phone_number = %q } }\n%s\n}", phone, number, policy)
	}
	const abandoned = `deletion_policy = "abandon"`
	for name, block := range map[string]func(number, policy string) string{"single": single, "bulk": bulk} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{})
			b := newBinary(t, w.config(block("+15550100001", "")))
			apply := func(config string, live int, warns bool) {
				t.Helper()
				b.write("main.tf", w.config(config))
				output, code := b.run(nil, "apply", "-auto-approve")
				if code != 0 || len(w.live()) != live || strings.Contains(output, "Deletion Policy Not Applied Yet") != warns {
					t.Errorf("%d conversations, want %d; a warning is wanted: %t; exit code %d\n%s", len(w.live()), live, warns, code, output)
				}
			}
			apply(block("+15550100001", ""), 1, false)
			apply(block("+15550100002", abandoned), 1, true) // deleted, as was applied
			apply(block("+15550100003", abandoned), 2, false)
			apply(block("+15550100004", ""), 3, true) // left, as was applied
			apply(block("+15550100005", ""), 3, false)
		})
	}
}
