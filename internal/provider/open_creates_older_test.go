package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// An attempt in the state of an earlier version has only the phone and the number.
const olderAttempt = `{"a": {"since": {"revision": 7, "at": "2026-01-01T00:00:00Z"}, "phone": "` + idA + `", "number": "+1 555 010 0000"}}`

// A create that repeats the attempt looks for its result first. If nothing says what else
// was sent, the provider does not look, because nothing would prove whose a conversation
// is.
func TestUnsettled_ofOlderVersion(t *testing.T) {
	t.Parallel()
	read := func(text []byte) (open openCreates) {
		if err := json.Unmarshal(text, &open); err != nil {
			t.Fatal(err)
		}
		return open
	}
	text, err := json.Marshal(read([]byte(olderAttempt))) // a refresh keeps it
	if err != nil {
		t.Fatal(err)
	}
	m := emptyConversation()
	m.PhoneID, m.RecipientPhoneNumber, m.RecipientAccountID = types.StringValue(idA), types.StringValue("+15550100000"), types.StringValue(idB)

	open := read(text)
	if diags := open.dropPartial(); len(open) > 0 || len(diags) != 1 || !strings.Contains(diags[0].Detail(), "a revision above 7") {
		t.Errorf("what is not needed any more: %v is left, %v is said; want one warning", open, diags)
	}
	open = read(text)
	(&memory{open: open}).recall("a", ownedModel{conversationModel: m, Messages: types.MapNull(messageType)})
	if account, _ := open["a"].Sent.RecipientAccountID.Get(); open["a"].IsPartial || account.String() != idB {
		t.Errorf("with what was declared, the attempt is %v", open["a"])
	}
	open = read(text)
	since := open.earlier(numbers{}, &leftAttempts{}).repeatedUnder("a", m)
	if since == nil || since.Since.Revision != 7 {
		t.Errorf("a create like the attempt is above %v; want it above revision 7", since)
	}
}
