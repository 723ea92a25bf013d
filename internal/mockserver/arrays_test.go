package mockserver_test

import (
	"net/http"
	"strings"
	"testing"
)

func uri(segment, id string) string { return baseURL + "/entities/" + segment + "/" + id }

func TestArrays_create(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	data := m.do(t, http.MethodPost, conversations, `{
		"phone_id": "`+phoneID+`",
		"account_relations": [{"account_id": "`+accountID+`"}, {"account_id": "`+accountID2+`"}],
		"contact_relations": [{"contact_id": "`+contactID+`"}],
		"lead_relations": [{"lead_oppty_id": "`+leadID+`"}],
		"opportunity_relations": [{"lead_oppty_id": "`+opportunityID+`"}],
		"project_relations": [{"project_id": "`+projectID+`"}],
		"quote_relations": [{"quote_id": "`+quoteID+`"}],
		"messages": [{"content": "Hello", "direction": 1, "datetime_sent": "2024-01-02T03:04:05Z"}]
	}`).wantStatus(t, http.StatusCreated).data(t)

	id, _ := data["id"].(string)
	for field, want := range map[string][]string{
		"account_relations":     {accountID, accountID2},
		"contact_relations":     {contactID},
		"lead_relations":        {leadID},
		"opportunity_relations": {opportunityID},
		"project_relations":     {projectID},
		"quote_relations":       {quoteID},
	} {
		wantDiff(t, field, want, m.Links(id, field))
	}
	wantDiff(t, "messages", 1, len(m.Links(id, "messages")))
	message := m.record(t, messages, m.Links(id, "messages")[0])
	wantDiff(t, "content", any("Hello"), message["content"])
	wantDiff(t, "datetime_sent", any("2024-01-02 03:04:05+00:00"), message["datetime_sent"])
	wantDiff(t, "conversation", any(id), message["text_message_conversation_id"])
}

func TestArrays_refused(t *testing.T) {
	t.Parallel()
	const other, relation = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"

	for _, test := range []struct {
		name, field, item string
		code              int
	}{
		{"no object", "account_relations", `"` + accountID + `"`, 40000},
		{"nothing", "account_relations", `{}`, 40000},
		{"two", "account_relations", `{"account_id":"` + accountID + `","contact_id":"` + contactID + `"}`, 40000},
		{"contact among accounts", "account_relations", `{"contact_id":"` + contactID + `"}`, 40000},
		{"lead among opportunities", "opportunity_relations", `{"lead_oppty_id":"` + leadID + `"}`, 40000},
		{"opportunity among leads", "lead_relations", `{"lead_oppty_id":"` + opportunityID + `"}`, 40000},
		{"unknown field", "account_relations", `{"account_id":"` + accountID + `","nonsense":1}`, 40000},
		{"another conversation", "account_relations", `{"account_id":"` + accountID + `","text_message_conversation_id":"` + other + `"}`, 40000},
		{"plain id", "account_relations", `{"id":"` + relation + `"}`, 40000},
		{"URI of an unknown relation", "account_relations", `{"id":"` + uri(relations, unknownID) + `"}`, 40000},
		{"URI of another entity", "account_relations", `{"id":"` + uri("Accounts", accountID) + `"}`, 40000},
		{"id that is no text", "account_relations", `{"id":1}`, 40000},
		{"URI of an account among quotes", "quote_relations", `{"id":"` + uri(relations, relation) + `"}`, 40000},
		{"URI and more", "account_relations", `{"id":"` + uri(relations, relation) + `","account_id":"` + accountID + `"}`, 40000},
		{"message without content", "messages", `{"direction":1}`, 40000},
		{"unknown account", "account_relations", `{"account_id":"` + unknownID + `"}`, 120},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMock(t, nil)
			must(t, m.Seed(seeds{
				conversations: {{"id": other, "phone_id": phoneID}},
				relations:     {{"id": relation, "text_message_conversation_id": other, "account_id": accountID}},
			}))
			revision, records := m.Revision(), len(m.Records(relations))
			got := m.do(t, http.MethodPost, conversations,
				`{"phone_id":"`+phoneID+`","`+test.field+`":[`+test.item+`]}`)
			if test.code == 120 {
				got.wantError(t, 422, 120, "")
			} else {
				got.wantError(t, 422, 40000, test.field)
			}
			if m.Revision() != revision || len(m.Records(relations)) != records {
				t.Error("a refused create has left something")
			}
		})
	}
}

func TestArrays_update(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		behavior     string
		relations    []string
		otherMessage bool
	}{
		{"replace", []string{accountID, accountID2}, false},
		{"merge", []string{accountID, accountID, accountID2}, true},
	} {
		m := newMock(t, map[string]string{"array-update": test.behavior})
		id := m.newConversation(t, map[string]any{
			"account_relations": []any{accountID, map[string]any{"account_id": accountID}},
			"contact_relations": []any{contactID},
			"messages":          []any{map[string]any{"content": "theirs", "direction": 2}},
		})
		before := m.record(t, conversations, id)
		kept := before["account_relations"].([]string)[0]
		dropped := before["account_relations"].([]string)[1]
		theirs := m.Links(id, "messages")[0]
		untouched := m.record(t, relations, kept)

		m.do(t, http.MethodPatch, conversations+"/"+id, `{
			"account_relations": [{"id": "`+uri(relations, kept)+`"}, {"account_id": "`+accountID2+`"}],
			"messages": [{"content": "ours", "direction": 1}]
		}`).wantStatus(t, http.StatusOK)

		wantDiff(t, test.behavior+" relations", test.relations, m.Links(id, "account_relations"))
		wantDiff(t, "kept relation", untouched, m.record(t, relations, kept))
		wantDiff(t, "untouched", []string{contactID}, m.Links(id, "contact_relations"))
		wantDiff(t, "other message deleted", any(!test.otherMessage), m.record(t, messages, theirs)["is_deleted"])
		wantDiff(t, "other relation deleted", any(test.behavior == "replace"), m.record(t, relations, dropped)["is_deleted"])
	}
}

func TestArrays_attach(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	loose, err := m.Create(messages, map[string]any{"content": "loose", "direction": 1})
	must(t, err)
	id := m.newConversation(t, nil)
	revision := m.Revision()
	attach := `{"messages":[{"id":"` + strings.ToUpper(uri(messages, loose)[len(baseURL):]) + `"}]}`
	m.do(t, http.MethodPatch, conversations+"/"+id, attach).wantError(t, 422, 40000, "messages") // case matters in the path
	attach = `{"messages":[{"id":"` + uri(messages, strings.ToUpper(loose)) + `"}]}`
	m.do(t, http.MethodPatch, conversations+"/"+id, attach).wantStatus(t, http.StatusOK)
	wantDiff(t, "messages", []string{loose}, m.Links(id, "messages"))
	wantDiff(t, "revision", revision+2, m.Revision())
	wantDiff(t, "conversation", any(id), m.record(t, messages, loose)["text_message_conversation_id"])

	must(t, m.SoftDelete(messages, loose))
	wantDiff(t, "messages", []string{}, m.Links(id, "messages"))
	m.do(t, http.MethodPatch, conversations+"/"+id, attach).wantError(t, 422, 120, "")
}

func TestArrays_protectedMember(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, map[string]any{"messages": []any{
		map[string]any{"content": "x", "direction": 1, "is_delete_protected": true},
	}})
	revision := m.Revision()
	m.do(t, http.MethodPatch, conversations+"/"+id, `{"messages":[]}`).wantStatus(t, http.StatusForbidden)
	wantDiff(t, "revision", revision, m.Revision())
	wantDiff(t, "messages", 1, len(m.Links(id, "messages")))
}

func TestArrays_ofTheirOwnEntity(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, nil)
	other := m.newConversation(t, nil)
	data := m.do(t, http.MethodPost, relations, `{"text_message_conversation_id":"`+id+`","quote_id":"`+quoteID+`"}`).
		wantStatus(t, http.StatusCreated).data(t)
	relation, _ := data["id"].(string)
	wantDiff(t, "created", []string{quoteID}, m.Links(id, "quote_relations"))

	m.do(t, http.MethodPatch, relations+"/"+relation, `{"text_message_conversation_id":"`+other+`"}`).wantStatus(t, http.StatusOK)
	wantDiff(t, "moved away", []string{}, m.Links(id, "quote_relations"))
	wantDiff(t, "moved", []string{quoteID}, m.Links(other, "quote_relations"))
	revision := m.Revision()
	m.do(t, http.MethodPatch, relations+"/"+relation, `{}`).wantStatus(t, http.StatusOK)
	wantDiff(t, "revision after the relation and its conversation", revision+2, m.Revision())

	m.do(t, http.MethodPatch, relations+"/"+relation, `{"account_id":"`+accountID+`"}`).wantError(t, 422, 40000, "account_id,quote_id")

	m.do(t, http.MethodDelete, relations+"/"+relation, "").wantStatus(t, http.StatusOK)
	wantDiff(t, "deleted", []string{}, m.Links(other, "quote_relations"))
	m.do(t, http.MethodPost, relations+"/batch-restore", `["`+relation+`"]`).ids(t)
	wantDiff(t, "restored", []string{quoteID}, m.Links(other, "quote_relations"))
}
