//go:build unix

package provider_test

import (
	"fmt"
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
