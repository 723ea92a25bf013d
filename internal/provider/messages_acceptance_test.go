//go:build unix

package provider_test

import (
	"net/http"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The CRM alters two of the messages that are created along with their conversation. The
// state has neither under the key of the other one, and the next apply edits none.
// TestStage_alteredMessages checks the ids.
func TestAccTextMessageConversation_alteredMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	alter := mockserver.Acts{}
	for _, content := range []string{"one", "two"} {
		alter = append(alter, mockserver.Act{Edit: &mockserver.Target{Entity: textMessages, Where: map[string]any{"content": content}, Values: map[string]any{"content": "not " + content}}})
	}
	w.Inject(mockserver.Fault{Method: http.MethodGet, Path: textMessages, Times: 1, Before: alter})
	configuration := w.conversation(messagesBlock(outgoing("a", "one"), outgoing("b", "two"), outgoing("c", "three")), recoversSoon)
	s.plays(configuration, 0, applies, "Warning: Text Message Not Identified")
	s.plays(configuration, 0, plans, "No changes", "Warning: Text Message Not Identified")
	s.plays(configuration, 0, applies, "0 added, 0 changed, 0 destroyed")
	if err := w.holdsMessages("not one", "not two", "three")(nil); err != nil {
		t.Error(err)
	}
}
