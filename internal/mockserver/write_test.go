package mockserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCreate_refused(t *testing.T) {
	t.Parallel()
	const conversation, deleted = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	relation := func(rest string) string {
		return `{"text_message_conversation_id":"` + conversation + `"` + rest + `}`
	}
	with := func(rest string) string { return `{"phone_id":"` + phoneID + `",` + rest + `}` }

	for _, test := range []struct {
		name, entity, body string
		status, code       int
		fields             string
	}{
		{"missing", conversations, `{}`, 422, 40000, "phone_id"},
		{"null", conversations, `{"phone_id":null}`, 422, 40000, "phone_id"},
		{"null revision", conversations, with(`"revision":null`), 422, 40000, "revision"},
		{"no uuid", conversations, `{"phone_id":"12"}`, 422, 40000, "phone_id"},
		{"uuid in braces", conversations, `{"phone_id":"{` + phoneID + `}"}`, 422, 40000, "phone_id"},
		{"uuid without dashes", conversations, `{"phone_id":"` + strings.ReplaceAll(phoneID, "-", "") + `"}`, 422, 40000, "phone_id"},
		{"no uuid of the right length", conversations, `{"phone_id":"` + strings.Repeat("x", 36) + `"}`, 422, 40000, "phone_id"},
		{"uuid of a wrong type", conversations, `{"phone_id":12}`, 422, 40000, "phone_id"},
		{"unknown field", conversations, with(`"nonsense":1`), 422, 40000, "nonsense"},
		{"two fields", conversations, `{"nonsense":1}`, 422, 40000, "nonsense,phone_id"},
		{"link", conversations, with(`"phone":null`), 422, 40000, "phone"},
		{"read-only id", conversations, with(`"id":"` + unknownID + `"`), 422, 40000, "id"},
		{"read-only created", conversations, with(`"created":"2024-01-01"`), 422, 40000, "created"},
		{"read-only is_deleted", conversations, with(`"is_deleted":true`), 422, 40000, "is_deleted"},
		{"number of a wrong type", conversations, with(`"recipient_phone_number":15550100`), 422, 40000, numberField},
		{"revision is no integer", conversations, with(`"revision":1.5`), 422, 40000, "revision"},
		{"revision is too large", conversations, with(`"revision":2147483648`), 422, 40000, "revision"},
		{"array is no array", conversations, with(`"messages":{}`), 422, 40000, "messages"},
		{"array is null", conversations, with(`"messages":null`), 422, 40000, "messages"},

		{"no JSON", conversations, `{`, 400, 117, ""},
		{"nothing", conversations, ``, 400, 117, ""},
		{"no object", conversations, `[]`, 400, 117, ""},
		{"trailing garbage", conversations, with(`"revision":1`) + `x`, 400, 117, ""},
		{"two values", conversations, with(`"revision":1`) + `{}`, 400, 117, ""},
		{"a key twice", conversations, with(`"phone_id":"` + phoneID + `"`), 400, 117, ""},
		{"a key twice inside", messages, `{"content":"x","direction":1,"attachments":[{"a":1,"a":1}]}`, 400, 117, ""},
		{"too deep", messages, `{"content":"x","direction":1,"attachments":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, 400, 117, ""},

		{"unknown phone", conversations, `{"phone_id":"` + unknownID + `"}`, 422, 120, ""},
		{"unknown contact", conversations, with(`"recipient_contact_id":"` + unknownID + `"`), 422, 120, ""},
		{"account for a contact", conversations, with(`"recipient_contact_id":"` + accountID + `"`), 422, 120, ""},
		{"deleted conversation", messages, `{"content":"x","direction":1,"text_message_conversation_id":"` + deleted + `"}`, 422, 120, ""},

		{"relation without a conversation", relations, `{"account_id":"` + accountID + `"}`, 422, 40000, "text_message_conversation_id"},
		{"relation to nothing", relations, relation(``), 422, 40000, "account_id,contact_id,lead_oppty_id,project_id,quote_id"},
		{"relation to two", relations, relation(`,"account_id":"` + accountID + `","quote_id":"` + quoteID + `"`), 422, 40000, "account_id,quote_id"},
		{"relation to the wrong kind", relations, relation(`,"account_id":"` + contactID + `"`), 422, 120, ""},

		{"message without content", messages, `{"direction":1}`, 422, 40000, "content"},
		{"message with empty content", messages, `{"content":"","direction":1}`, 422, 40000, "content"},
		{"message without a direction", messages, `{"content":"x"}`, 422, 40000, "direction"},
		{"unknown direction", messages, `{"content":"x","direction":3}`, 422, 40000, "direction"},
		{"direction in words", messages, `{"content":"x","direction":"outgoing"}`, 422, 40000, "direction"},
		{"unknown status", messages, `{"content":"x","direction":1,"status":6}`, 422, 40000, "status"},
		{"no time", messages, `{"content":"x","direction":1,"datetime_sent":"yesterday"}`, 422, 40000, "datetime_sent"},
		{"no number", messages, `{"content":"x","direction":1,"score":"high"}`, 422, 40000, "score"},
		{"no attachments", messages, `{"content":"x","direction":1,"attachments":"file"}`, 422, 40000, "attachments"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMock(t, nil)
			must(t, m.Seed(seeds{conversations: {
				{"id": conversation, "phone_id": phoneID}, {"id": deleted, "phone_id": phoneID, "is_deleted": true},
			}}))
			revision, records := m.Revision(), len(m.Records(test.entity))
			m.do(t, http.MethodPost, test.entity, test.body).wantError(t, test.status, test.code, test.fields)
			if m.Revision() != revision || len(m.Records(test.entity)) != records {
				t.Error("a refused create has left something")
			}
		})
	}
}

func TestCreate_nulls(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	body := `{"content":"<&>","direction":1,"text_message_conversation_id":null,"chat_conversation_id":null,"datetime_sent":null,` +
		`"message_sid":null,"score":null,"status":null,"attachments":null}`
	got := m.do(t, http.MethodPost, messages, body).wantStatus(t, http.StatusCreated)
	if !strings.Contains(got.text, `"<&>"`) {
		t.Errorf("the reply is escaped for HTML: %s", got.text)
	}
	body = `{"phone_id":"` + phoneID + `","recipient_account_id":null,"recipient_contact_id":null,"recipient_phone_number":null}`
	m.do(t, http.MethodPost, conversations, body).wantStatus(t, http.StatusCreated)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, map[string]any{"recipient_account_id": accountID})
	before := m.record(t, conversations, id)

	path := conversations + "/" + strings.ToUpper(id)
	data := m.do(t, http.MethodPatch, path, `{"recipient_contact_id":"`+strings.ToUpper(contactID)+`"}`).
		wantStatus(t, http.StatusOK).data(t)
	wantDiff(t, "contact", any(contactID), data["recipient_contact_id"])
	wantDiff(t, "untouched account", any(accountID), data["recipient_account_id"])
	wantDiff(t, "revision", any(float64(m.Revision())), data["revision"])
	wantDiff(t, "created", before["created"], data["created"])
	if data["modified"] == before["modified"] {
		t.Error("modified has not changed")
	}

	data = m.do(t, http.MethodPatch, path, `{"recipient_contact_id":null}`).wantStatus(t, http.StatusOK).data(t)
	wantDiff(t, "contact", nil, data["recipient_contact_id"])

	for _, test := range []struct {
		id, body     string
		status, code int
		fields       string
	}{
		{id, `{"phone_id":null}`, 422, 40000, "phone_id"},
		{id, `{"id":"` + id + `"}`, 422, 40000, "id"},
		{id, `{"phone_id":"` + unknownID + `"}`, 422, 120, ""},
		{unknownID, `{}`, 404, 2003, ""},
		{"no-uuid", `{}`, 404, 2003, ""},
	} {
		m.do(t, http.MethodPatch, conversations+"/"+test.id, test.body).wantError(t, test.status, test.code, test.fields)
	}
}

func TestUpdate_modifiedAlwaysChanges(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, nil)
	must(t, m.Edit(conversations, id, map[string]any{"modified": "2999-01-01T00:00:00Z"}))
	m.do(t, http.MethodPatch, conversations+"/"+id, `{}`).wantStatus(t, http.StatusOK)
	wantDiff(t, "modified", any("2999-01-01 00:00:00.000001+00:00"), m.record(t, conversations, id)["modified"])

	must(t, m.Edit(conversations, id, map[string]any{"modified": "2000-01-01"}))
	m.do(t, http.MethodPatch, conversations+"/"+id, `{}`).wantStatus(t, http.StatusOK)
	wantMatch(t, m.record(t, conversations, id)["modified"], time.Now().UTC().Format("^2006-01-02 "))
}

func TestPhoneNumber(t *testing.T) {
	t.Parallel()
	const invalid, final = "is not a valid phone number", "cannot be changed once the conversation has started"
	for _, test := range []struct {
		before any
		now    any
		want   string // of the refusal
	}{
		{nil, "+1 (555) 010-0000", ""},
		{nil, "555.0100/7 ext. 12", ""},
		{nil, "555 0100 x7", ""},
		{nil, "555-0100X 7 ", ""},
		{nil, "123", ""},
		{nil, "12", invalid},
		{nil, "", invalid},
		{nil, "CALL-ME-555", invalid},
		{nil, "x123", invalid},
		{nil, "555 0100 ext", invalid},
		{nil, "555\t0100", invalid},
		{nil, "５５５0100123", invalid},
		{nil, nil, ""},
		{"+15550100", "1 (555) 0100", ""},
		{"+15550100", "+15550100", ""},
		{"+15550100", "+15550101", final},
		{"+15550100", nil, final},
		{"+15550100", "", final},
	} {
		m := newMock(t, nil)
		id := m.newConversation(t, map[string]any{"recipient_phone_number": test.before})
		got := m.do(t, http.MethodPatch, conversations+"/"+id, toJSON(t, map[string]any{"recipient_phone_number": test.now}))
		want := test.now
		if test.want != "" {
			got.wantError(t, 422, 40000, "recipient_phone_number")
			if !strings.Contains(got.text, test.want) {
				t.Errorf("%v -> %v: refused with %s", test.before, test.now, got.text)
			}
			want = test.before
		}
		wantDiff(t, "number", want, m.record(t, conversations, id)["recipient_phone_number"])
	}
}

func TestValidationLevel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query  string
		status int
	}{
		{"", http.StatusCreated},
		{"?validation-level=0", http.StatusCreated},
		{"?validation-level=2", http.StatusCreated},
		{"?validation-level=6", http.StatusCreated},
		{"?validation-level=30", http.StatusCreated},
		{"?validation-level=1", http.StatusBadRequest},
		{"?validation-level=32", http.StatusBadRequest},
		{"?validation-level=-2", http.StatusBadRequest},
		{"?validation-level=", http.StatusBadRequest},
		{"?validation-level=x", http.StatusBadRequest},
		{"?validation-level=0&validation-level=0", http.StatusBadRequest},
		{"?rollback-method=0", http.StatusBadRequest},
		{"?nonsense=1", http.StatusBadRequest},
		{"?filter[id]=1", http.StatusBadRequest},
		{"?validation-level=%zz", http.StatusBadRequest},
	} {
		got := newMock(t, nil).do(t, http.MethodPost, "Phones"+test.query, `{}`)
		if got.status != test.status {
			t.Errorf("%s: status is %d, want %d", test.query, got.status, test.status)
		}
		if test.status == http.StatusBadRequest {
			got.wantError(t, 400, 117, "")
		}
	}
}

func TestValidationLevel_override(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	body := `{"id":"` + unknownID + `","created":"2020-02-03T04:05:06Z","modified":"2020-02-03T05:05:06+01:00","is_delete_protected":true}`
	data := m.do(t, http.MethodPost, "Phones?validation-level=8", body).wantStatus(t, http.StatusCreated).data(t)
	wantDiff(t, "id", any(unknownID), data["id"])
	wantDiff(t, "created", any("2020-02-03 04:05:06+00:00"), data["created"])
	wantDiff(t, "modified", any("2020-02-03 04:05:06+00:00"), data["modified"])
	wantDiff(t, "is_delete_protected", any(true), data["is_delete_protected"])

	m.do(t, http.MethodPost, "Phones?validation-level=8", body).wantError(t, 422, 40000, "id")
	m.do(t, http.MethodPatch, "Phones/"+phoneID+"?validation-level=8", body).wantError(t, 422, 40000, "id")
	m.do(t, http.MethodPost, "Phones?validation-level=8", `{"is_deleted":true}`).wantError(t, 422, 40000, "is_deleted")
	m.do(t, http.MethodPost, "Phones?validation-level=8", `{"created":null}`).wantError(t, 422, 40000, "created")
}

func TestValidationLevel_deletedRelationship(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	must(t, m.SoftDelete("Accounts", accountID))
	body := `{"phone_id":"` + phoneID + `","recipient_account_id":"` + accountID + `"}`
	m.do(t, http.MethodPost, conversations, body).wantError(t, 422, 120, "")
	m.do(t, http.MethodPost, conversations+"?validation-level=8", body).wantError(t, 422, 120, "")
	data := m.do(t, http.MethodPost, conversations+"?validation-level=16", body).wantStatus(t, http.StatusCreated).data(t)

	// An update does not check a reference again that it leaves as it is.
	id, _ := data["id"].(string)
	m.do(t, http.MethodPatch, conversations+"/"+id, `{"recipient_account_id":"`+accountID+`"}`).wantStatus(t, http.StatusOK)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, map[string]any{"account_relations": []any{accountID}})
	protected := m.newConversation(t, map[string]any{"is_delete_protected": true})
	path := conversations + "/" + id

	for _, query := range []string{"?nonsense=1", "?rollback-method=0", "?validation-level=1"} {
		m.do(t, http.MethodDelete, path+query, "").wantError(t, 400, 117, "")
	}
	m.do(t, http.MethodDelete, path+"?validation-level=2", "").wantStatus(t, http.StatusOK)
	wantDiff(t, "is_deleted", any(true), m.record(t, conversations, id)["is_deleted"])
	wantDiff(t, "links of the deleted", []string{accountID}, m.Links(id, "account_relations"))
	wantDiff(t, "listed", 1, m.list(t, conversations).Total)
	wantDiff(t, "listed with deleted", 2, m.list(t, conversations+"?include-deleted=true").Total)

	m.do(t, http.MethodDelete, path, "").wantError(t, 404, 2003, "")
	m.do(t, http.MethodPatch, path, "{}").wantError(t, 404, 2003, "")
	m.do(t, http.MethodDelete, conversations+"/"+unknownID, "").wantError(t, 404, 2003, "")
	m.do(t, http.MethodDelete, conversations+"/"+protected, "").wantError(t, 403, 2010, "")
	wantDiff(t, "protected", any(false), m.record(t, conversations, protected)["is_deleted"])

	restored := m.do(t, http.MethodPost, conversations+"/batch-restore", toJSON(t, []string{id, protected})).ids(t)
	wantDiff(t, "restored", []string{id, protected}, restored)
	wantDiff(t, "is_deleted", any(false), m.record(t, conversations, id)["is_deleted"])
}
