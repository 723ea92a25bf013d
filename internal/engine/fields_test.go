package engine

import (
	"encoding/json"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Each field that an input can send is in the table. Otherwise the engine would neither ask
// for it nor compare it.
func TestFieldsOfInputs(t *testing.T) {
	t.Parallel()
	conversation := client.ConversationInput{
		ConversationWrites: client.ConversationWrites{
			PhoneID: client.Value(frontDesk), RecipientAccountID: client.Null[client.ID](), RecipientContactID: client.Value(jones),
			RecipientPhoneNumber: client.Value(""), Messages: client.Value([]client.MessageInput{}),
		},
	}
	for _, kind := range client.RelationKinds {
		*kind.Input(&conversation) = kind.Links(nil)
	}
	checkFields(t, conversationFields(client.PhoneNumbers{}), conversation)
	checkFields(t, messageFields, client.MessageInput{
		MessageWrites: client.MessageWrites{
			TextMessageConversationID: client.Value(acme), Content: client.Value("x"), Direction: client.Value(2),
			MessageSID: client.Null[string](), DatetimeSent: client.Value(client.Time{}), Status: client.Value(3),
		},
	})
}

// checkFields checks the table against an input that sets all its fields.
func checkFields[T, In any](t *testing.T, table fields[T, In], input In) {
	t.Helper()
	text, err := json.Marshal(input)
	apitest.Must(t, err)
	sent := map[string]json.RawMessage{}
	apitest.Must(t, json.Unmarshal(text, &sent))
	for _, field := range table {
		if _, isSent := sent[field.name]; !isSent {
			t.Errorf("%s is no field of %T, or is in the table twice", field.name, input)
		}
		if !field.isSet(&input) {
			t.Errorf("the table does not see %s of %T", field.name, input)
		}
		delete(sent, field.name)
	}
	for name := range sent {
		t.Errorf("%s of %T is not in the table", name, input)
	}
}

// If messages prove that an attempt has made a record, a value that it did not send was filled in later. A value other
// than the one that it sent comes from someone else.
func TestUntriedFields(t *testing.T) {
	t.Parallel()
	fields := conversationFields(client.PhoneNumbers{})
	sends := func(contact client.ID) *client.ConversationInput {
		return &client.ConversationInput{ConversationWrites: client.ConversationWrites{RecipientContactID: client.Value(contact)}}
	}
	record := client.Conversation{ConversationValues: client.ConversationValues{RecipientContactID: smith}}
	for name, test := range map[string]struct {
		by   attempted[client.ConversationInput]
		want bool // whether the create still has to set the contact
	}{
		"sent":            {attempted[client.ConversationInput]{sends(smith), true}, false},
		"filled in":       {attempted[client.ConversationInput]{&client.ConversationInput{}, true}, false},
		"perhaps others'": {attempted[client.ConversationInput]{&client.ConversationInput{}, false}, true},
		"others'":         {attempted[client.ConversationInput]{sends(jones), true}, true},
		"no attempt":      {attempted[client.ConversationInput]{nil, true}, true},
	} {
		left := fields.untried(*sends(acme), test.by, &record)
		wantEqual(t, name, test.want, len(left.Fields()) == 1)
	}
}

// A field of an unchanged record that the baseline lacks is in no conflict.
func TestConflictsOfKnownFields(t *testing.T) {
	t.Parallel()
	fields := conversationFields(client.PhoneNumbers{})
	update := client.ConversationInput{ConversationWrites: client.ConversationWrites{RecipientContactID: client.Value(jones)}}
	record := client.Conversation{ConversationValues: client.ConversationValues{RecipientContactID: smith}}
	for want, known := range []map[string]string{{}, {"recipient_contact_id": ""}} {
		wantEqual(t, "conflicts", want, len(fields.conflicts(&update, Baseline{Fields: known}, &record, false)))
	}
}
