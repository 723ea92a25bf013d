//go:build unix

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Thirty resources with the same wrong password explain it once.
func TestAccTextMessageConversation_oneCause(t *testing.T) {
	t.Parallel()
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

// So do data sources of every kind.
func TestAccData_oneCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	b := newBinary(t, strings.ReplaceAll(w.config(fmt.Sprintf(`
data "pipeliner_records" "test" {
  count  = 3
  entity = "Phones"
}
data "pipeliner_text_message_conversations" "test" {}
data "pipeliner_text_message_conversation" "by_id" {
  id = %[1]q
}
data "pipeliner_text_message_conversation" "by_number" {
  phone_id               = %[1]q
  recipient_phone_number = "+15550100000"
}
`, phone)), password, "wrong"))
	output, code := b.run(nil, "plan")
	text := strings.Join(strings.FieldsFunc(output, func(r rune) bool { return strings.ContainsRune(" \n\t│", r) }), " ")
	// Newer versions of Terraform omit errors that repeat earlier ones.
	told, brief := strings.Count(text, "PIPELINER_PASSWORD"), strings.Count(text, "Another error of this run has the same cause, and says what to do")
	if told != 1 || brief < 2 || code != 1 {
		t.Errorf("the cause is told %d times, and %d times briefly; want once, and the others briefly (exit code %d)\n%s", told, brief, code, output)
	}
}

// The policy that was applied last decides what a removal does. The plan warns if a new
// one comes too late. TestStage_deletionPolicy has more steps, and a map.
func TestAccDeletionPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	b := newBinary(t, "")
	for _, step := range []struct {
		attributes string
		warns      bool
	}{
		{`recipient_phone_number = "+15550100001"`, false},
		{"recipient_phone_number = \"+15550100002\"\ndeletion_policy = \"abandon\"", true}, // deleted, as was applied
	} {
		b.write("main.tf", w.conversation(step.attributes))
		output, code := b.run(nil, "apply", "-auto-approve")
		if code != 0 || len(w.live()) != 1 || strings.Contains(output, "Deletion Policy Not Applied Yet") != step.warns {
			t.Errorf("%d conversations, want one; a warning is wanted: %t; exit code %d\n%s", len(w.live()), step.warns, code, output)
		}
	}
}
