//go:build unix

package provider_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// While a plan reads a conversation, someone else changes it, and then much else, which the
// plan sees too. The apply does not take the older reading for one of that time.
func TestAccTextMessageConversation_changedBehindRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	configuration := func(account string) string {
		return w.conversation(fmt.Sprintf("recipient_account_id = %q\n%s", account, messagesBlock(outgoing("a", "Hello"))), recoversSoon)
	}
	s.plays(configuration(acme), 0, applies)
	id := w.id()
	w.addMany(client.MaxPageSize + 1) // a page does not show the conversation, so the plan gets it
	acts := mockserver.Acts{{Edit: &mockserver.Target{Entity: conversations, ID: id, Values: map[string]any{"recipient_account_id": nil}}}}
	for range client.MaxPageSize { // more than an apply looks back
		acts = append(acts, mockserver.Act{Edit: &mockserver.Target{Entity: "Accounts", ID: acme, Values: map[string]any{"name": "Acme"}}})
	}
	acts = append(acts, mockserver.Act{Create: &mockserver.Target{Entity: textMessages, Values: map[string]any{"text_message_conversation_id": id, "content": "Hi", "direction": 2}}})
	w.Inject(mockserver.Fault{Method: http.MethodGet, Path: conversations + "/" + id, Times: 1, After: acts})
	s.plays(configuration(globex), 2, []string{"plan", "-detailed-exitcode", "-out=saved"})
	output, code := s.run(nil, "apply", "saved")
	s.wantOutput(output, code, 1, applies, conflictOfAccounts...)
	if held, _ := w.Record(conversations, id); held["recipient_account_id"] != nil {
		t.Errorf("the account is %v; want what someone else made of it", held["recipient_account_id"])
	}
}
