//go:build unix

package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const sharedNumber = "+1 555 010 0042"

// createdBySomeone is an act of another user, who creates a conversation with the phone, the shared number and one
// more field.
func createdBySomeone(field string, value any) mockserver.Acts {
	values := map[string]any{"phone_id": phone, "recipient_phone_number": sharedNumber, field: value}
	return mockserver.Acts{{Create: &mockserver.Target{Entity: conversations, Values: values}}}
}

// incoming is the act that an incoming message from the shared number causes.
var incoming = createdBySomeone("messages", []any{map[string]any{"content": "Hello?", "direction": 2}})

// The reply to a create is lost, and a message from the same number has just come in. There are two similar
// conversations, and Terraform adopts neither.
func TestAccCandidates_incomingMessage(t *testing.T) {
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

	// Someone deletes the wrong conversation. The remaining one has a message that was not sent, so a replacement must
	// not delete it.
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

// leavesAlone checks that the only conversation of the account globex, which someone else
// has created, is live, that no request has changed it, and that the output names it.
func (s *scene) leavesAlone(output string) {
	s.t.Helper()
	found := slices.DeleteFunc(s.live(), func(r map[string]any) bool { return r["recipient_account_id"] != globex })
	if len(found) != 1 {
		s.t.Fatalf("%d conversations of the account are live; want 1:\n%s", len(found), output)
	}
	theirs := fmt.Sprint(found[0]["id"])
	if !strings.Contains(output, theirs) {
		s.t.Errorf("the output does not name %s:\n%s", theirs, output)
	}
	for _, request := range s.Requests() {
		if request.Method == http.MethodPost && strings.Contains(string(request.Body), theirs) {
			s.t.Errorf("a request changes %s: %s %s", theirs, request.Path, request.Body)
		}
	}
}

// A create never arrives, and just before, someone else creates a conversation of the same
// phone and number, but of another account. It is not adopted, and a warning names it.
func TestAccCandidates_anotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropBefore, Before: createdBySomeone("recipient_account_id", globex)})
	configuration := w.conversation(fmt.Sprintf("recipient_phone_number = %q\n  recipient_account_id = %q", sharedNumber, acme), recoversSoon)
	output := s.plays(configuration, 0, applies, "Warning: Text Message Conversation May Exist Twice")
	s.made(1, 1, 1)
	s.plays(configuration, 0, destroys)
	s.made(1, 1, 0)
	s.leavesAlone(output)
}

// The same in a map that sets no account, and another entry is refused. The conversation
// of someone else has more than was sent, so the undo does not delete it.
func TestAccCandidates_undo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropBefore, Before: createdBySomeone("recipient_account_id", globex)})
	output := s.plays(w.bulk(numbers{"a": sharedNumber, "refused": "nonsense"}, "", recoversSoon), 1, applies,
		`conversations["a"]`, "may be it, or may belong to someone else", "The provider leaves it alone", `conversations["refused"]`)
	s.made(1, 0, 0)
	s.leavesAlone(output)
}
