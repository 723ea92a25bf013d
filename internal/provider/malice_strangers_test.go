//go:build unix

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const sharedNumber = "+1 555 010 0042"

// createdBySomeone is the act of someone else who creates a conversation of the phone and
// the shared number, with one more field.
func createdBySomeone(field string, value any) mockserver.Acts {
	values := map[string]any{"phone_id": phone, "recipient_phone_number": sharedNumber, field: value}
	return mockserver.Acts{{Create: &mockserver.Target{Entity: conversations, Values: values}}}
}

// incoming is the act that an incoming message of the shared number causes.
var incoming = createdBySomeone("messages", []any{map[string]any{"content": "Hello?", "direction": 2}})

// The reply to a create is lost, and just before, a message of the same number has come
// in. There are two similar conversations, and Terraform adopts neither.
func TestAccMalice_incomingMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropAfter, Before: incoming})
	configuration := w.singles(numbers{"a": sharedNumber}, recoversSoon)
	output := s.plays(configuration, 1, applies, "Error: Unable to Create Text Message Conversation",
		"Several conversations in the CRM may be it", "The provider leaves all of them alone")
	untouched := s.others()
	theirs, ours := s.mentions(output)
	s.plays(configuration, 1, destroys, theirs)
	s.made(0, 2, 2)
	untouched()

	// Someone deletes the wrong one. The other one has a message that was not sent: a
	// replacement must not delete it.
	must(t, w.SoftDelete(conversations, ours))
	untouched = s.others()
	s.plays(configuration, 2, plans, "Text Message Conversation May Have Been Created", theirs, "or may belong to someone else")
	untouched()
}

// mentions checks that an output names the two live conversations, and returns their ids,
// the older one first.
func (s *scene) mentions(output string) (older, newer string) {
	s.t.Helper()
	live := s.live()
	if len(live) != 2 {
		s.t.Fatalf("%d conversations are live; want 2:\n%s", len(live), output)
	}
	older, newer = fmt.Sprint(live[0]["id"]), fmt.Sprint(live[1]["id"])
	if !strings.Contains(output, older) || !strings.Contains(output, newer) {
		s.t.Errorf("the output does not name %s and %s:\n%s", older, newer, output)
	}
	return older, newer
}

// A request never arrived, and someone else has created a conversation of the same phone
// and number for another account. It stays theirs.
func TestAccMalice_anotherAccount(t *testing.T) {
	t.Parallel()
	lost := mockserver.Fault{Kind: mockserver.DropBefore, Before: createdBySomeone("recipient_account_id", globex)}
	ours := fmt.Sprintf("recipient_phone_number = %q\nrecipient_account_id = %q", sharedNumber, acme)
	t.Run("single", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := newBinary(t, "").scene(t, w)
		w.lose("batch-modify", lost)
		configuration := w.conversation(ours, recoversSoon)
		s.plays(configuration, 0, applies, "Apply complete!")
		s.ofAccounts(globex, acme)
		s.plays(configuration, 0, destroys, "Destroy complete!")
		s.ofAccounts(globex)
	})
	t.Run("bulk that is undone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := newBinary(t, "").scene(t, w)
		w.lose("batch-modify", lost)
		entries := fmt.Sprintf("a = {\nphone_id = %q\n%s\n}\nbad = {\nphone_id = %q\nrecipient_phone_number = \"nonsense\"\n}", phone, ours, phone)
		configuration := w.config("resource \"pipeliner_text_message_conversations\" \"test\" {\nconversations = {\n"+entries+"\n}\n}", recoversSoon, "batch_size = 1", "max_concurrent_requests = 1")
		s.plays(configuration, 1, applies, "The CRM refuses")
		s.ofAccounts(globex)
		s.made(1, 1, 0)
	})
}

// ofAccounts checks the accounts of the live conversations, the oldest first.
func (s *scene) ofAccounts(want ...string) {
	s.t.Helper()
	var got []string
	for _, record := range s.live() {
		got = append(got, fmt.Sprint(record["recipient_account_id"]))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("the accounts of the conversations are %s; want %s", got, want)
	}
}
