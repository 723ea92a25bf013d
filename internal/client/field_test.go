package client

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

func TestInputsInJSON(t *testing.T) {
	t.Parallel()
	id := idOf("0190978c-d6d1-de35-3f6d-7cf0a0e264db")
	const head = `{"id":"0190978c-d6d1-de35-3f6d-7cf0a0e264db","revision":1791`
	for name, test := range map[string]struct {
		input any
		want  string
	}{
		"an update of one field": {
			ConversationInput{Head: Head{ID: Value(id), Revision: Value[int64](1791)}, ConversationWrites: ConversationWrites{RecipientPhoneNumber: Value("+15550100")}},
			head + `,"recipient_phone_number":"+15550100"}`,
		},
		"a field is emptied": {
			ConversationInput{Head: Head{ID: Value(id), Revision: Value[int64](1791)}, ConversationWrites: ConversationWrites{RecipientContactID: Null[ID]()}},
			head + `,"recipient_contact_id":null}`,
		},
		"no value is still a value": {
			ConversationInput{Head: Head{ID: Value(id), Revision: Value[int64](1791)}, ConversationWrites: ConversationWrites{AccountRelations: RelationKinds[0].Links(nil), RecipientPhoneNumber: Value("")}},
			head + `,"recipient_phone_number":"","account_relations":[]}`,
		},
		"links": {
			ConversationInput{ConversationWrites: ConversationWrites{PhoneID: Value(frontDesk), OpportunityRelations: RelationKinds[4].Links([]ID{opportunity}), AccountRelations: Value([]RelationInput{{URI: "https://crm.example/x"}})}},
			`{"phone_id":"` + frontDesk.String() + `","account_relations":[{"id":"https://crm.example/x"}],"opportunity_relations":[{"lead_oppty_id":"` + opportunity.String() + `"}]}`,
		},
		"nothing": {ConversationInput{}, `{}`},
		"a message": {
			MessageInput{MessageWrites: MessageWrites{Content: Value("Hello"), Direction: Value(1), Status: Null[int]()}},
			`{"content":"Hello","direction":1,"status":null}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(test.input)
			apitest.Must(t, err)
			wantEqual(t, "JSON", test.want, string(got))
		})
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	type state struct {
		IsZero, HasValue bool
		Value            int
	}
	of := func(f Field[int]) state {
		value, ok := f.Get()
		return state{f.IsZero(), ok, value}
	}
	wantEqual(t, "absent", state{IsZero: true}, of(Field[int]{}))
	wantEqual(t, "null", state{}, of(Null[int]()))
	wantEqual(t, "zero is a value", state{HasValue: true}, of(Value(0)))
	wantEqual(t, "value", state{HasValue: true, Value: 3}, of(Value(3)))
}

// Fields has every field that a conversation input can send, by its name in the API.
// Conflicts and warnings use these names.
func TestFieldsOfInput(t *testing.T) {
	t.Parallel()
	input := ConversationInput{
		Head: Head{ID: Value(frontDesk), Revision: Value[int64](1)},
		ConversationWrites: ConversationWrites{
			PhoneID: Value(frontDesk), RecipientAccountID: Null[ID](), RecipientContactID: Value(jones), RecipientPhoneNumber: Value(""),
			Messages: Value([]MessageInput{}),
		},
	}
	for _, kind := range RelationKinds {
		*kind.Input(&input) = kind.Links(nil)
	}
	text, err := json.Marshal(input)
	apitest.Must(t, err)
	sent := map[string]json.RawMessage{}
	apitest.Must(t, json.Unmarshal(text, &sent))
	delete(sent, "id")
	delete(sent, "revision")
	for _, field := range input.Fields() {
		if _, ok := sent[field]; !ok {
			t.Errorf("%s is no field of the JSON, or named twice", field)
		}
		delete(sent, field)
	}
	if len(sent) > 0 {
		t.Errorf("not among the fields: %v", sent)
	}
	if fields := (ConversationInput{Head: Head{ID: Value(frontDesk), Revision: Value[int64](1)}}).Fields(); len(fields) > 0 {
		t.Errorf("an update of nothing has the fields %v", fields)
	}
}

func TestMessageFields(t *testing.T) {
	t.Parallel()
	input := MessageInput{
		MessageWrites: MessageWrites{
			TextMessageConversationID: Value(acme), Content: Value("x"), Direction: Value(2), MessageSID: Null[string](),
			DatetimeSent: Value(Time{time.Unix(0, 0)}), Status: Value(3),
		},
	}
	wantEqual(t, "fields", []string{"text_message_conversation_id", "content", "direction", "datetime_sent", "message_sid", "status"}, input.Fields())
	wantEqual(t, "none", 0, len(MessageInput{}.Fields()))
	for _, enum := range []Enum{MessageDirections, MessageStatuses} {
		for _, name := range enum.Names() {
			wantEqual(t, "name", name, enum.Name(enum.Number(name)))
		}
		wantEqual(t, "unknown", []any{0, ""}, []any{enum.Number("x"), enum.Name(99)})
	}
}
