package mockserver_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The shapes of replies are those that were recorded from the service.

func TestShape_record(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	reply := m.do(t, http.MethodPost, conversations, toJSON(t, map[string]any{
		"phone_id": phoneID, "recipient_contact_id": contactID,
		"account_relations": []any{map[string]any{"account_id": accountID}},
	})).wantStatus(t, http.StatusCreated)

	wantDiff(t, "envelope", []string{"data", "success"}, slices.Sorted(maps.Keys(reply.body)))
	data := reply.data(t)
	links, _ := data["account_relations"].([]any)
	if len(links) != 1 {
		t.Fatalf("account_relations is %v", data["account_relations"])
	}
	wantURI(t, links[0], relations)
	delete(data, "account_relations")

	wantMatch(t, data["id"], `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for _, name := range []string{"created", "modified"} {
		wantMatch(t, data[name], `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?\+00:00$`)
	}
	for _, name := range []string{"id", "created", "modified"} {
		delete(data, name)
	}
	wantDiff(t, "record", map[string]any{
		"is_deleted": false, "is_delete_protected": false, "revision": float64(m.Revision() - 1),
		"phone_id": phoneID, "phone": baseURL + "/entities/Phones/" + phoneID,
		"recipient_contact_id": contactID, "recipient_contact": baseURL + "/entities/Contacts/" + contactID,
		"recipient_account_id": nil, "recipient_account": nil, "recipient_phone_number": nil,
		"messages": []any{}, "contact_relations": []any{}, "project_relations": []any{},
		"lead_relations": []any{}, "opportunity_relations": []any{}, "quote_relations": []any{},
	}, data)
}

func wantMatch(t *testing.T, got any, pattern string) {
	t.Helper()
	if s, ok := got.(string); !ok || !regexp.MustCompile(pattern).MatchString(s) {
		t.Errorf("%v doesn't match %s", got, pattern)
	}
}

func wantURI(t *testing.T, got any, segment string) {
	t.Helper()
	wantMatch(t, got, "^"+regexp.QuoteMeta(baseURL+"/entities/"+segment+"/")+"[0-9a-f-]{36}$")
}

func TestShape_relationAndMessage(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	conversation := m.newConversation(t, nil)
	common := []string{"created", "id", "is_delete_protected", "is_deleted", "modified", "revision"}
	for _, test := range []struct {
		entity, body string
		fields       []string
	}{
		{
			relations, `{"text_message_conversation_id":"` + conversation + `","lead_oppty_id":"` + opportunityID + `"}`,
			[]string{
				"account", "account_id", "contact", "contact_id", "lead", "lead_oppty_id", "oppty", "project",
				"project_id", "quote", "quote_id", "text_message_conversation", "text_message_conversation_id",
			},
		},
		{
			messages, `{"content":"Hello","direction":1,"score":0.5,"attachments":[{"a":[1]}]}`,
			[]string{
				"attachments", "chat_conversation_id", "content", "datetime_sent", "direction", "message_sid", "score",
				"status", "text_message_conversation", "text_message_conversation_id",
			},
		},
	} {
		data := m.do(t, http.MethodPost, test.entity, test.body).wantStatus(t, http.StatusCreated).data(t)
		want := slices.Sorted(slices.Values(slices.Concat(common, test.fields)))
		wantDiff(t, test.entity, want, slices.Sorted(maps.Keys(data)))
		if test.entity == relations {
			wantDiff(t, "lead", nil, data["lead"])
			wantURI(t, data["oppty"], "Opportunities")
		}
	}
}

func TestShape_validationError(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	got := m.do(t, http.MethodPost, conversations, `{"revision":"x"}`).wantStatus(t, http.StatusUnprocessableEntity).body

	id, _ := got["entity_id"].(string)
	missing := "Non-null field 'TextMessageConversation'[" + id + "].phone_id' is null or empty."
	wrong := "Field 'revision' must be an integer."
	field := func(name string, code float64, codeName, message string) map[string]any {
		return map[string]any{
			"field_name": name, "code": float64(40002), "name": "ERROR_FIELD_VALIDATION",
			"errors": []any{map[string]any{"code": code, "name": codeName, "message": message, "field_name": name}},
		}
	}
	want := map[string]any{
		"code": float64(40000), "name": "ERROR_ENTITY_VALIDATION", "message": "\n" + wrong + "\n" + missing,
		"entity_id": id, "entity_name": "TextMessageConversation", "entity_index": nil,
		"entity_errors": []any{}, "step_checklist_errors": []any{},
		"field_errors": []any{
			field("revision", 117, "ERROR_PARAMETER_INVALID", wrong),
			field("phone_id", 119, "ERROR_PARAMETER_MISSING", missing),
		},
		"http_status": float64(422), "success": false,
	}
	isID := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == `["field_id"]` }, cmp.Ignore())
	if diff := cmp.Diff(want, got, isID); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if !strings.Contains(toJSON(t, got), `"field_id":"`) {
		t.Error("there is no field_id")
	}
}

// Several errors of one field are in one field error.
func TestShape_twoErrorsOfAField(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	got := m.do(t, http.MethodPost, conversations, `{"phone_id":"`+phoneID+`","messages":[1,2]}`).body
	list, _ := got["field_errors"].([]any)
	if len(list) != 1 {
		t.Fatalf("field_errors is %v", list)
	}
	nested, _ := list[0].(map[string]any)["errors"].([]any)
	wantDiff(t, "errors", 2, len(nested))
}

func TestShape_get(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	got := m.do(t, http.MethodGet, "Quotes/"+strings.ToUpper(quoteID)+"?load-only=name", "").wantStatus(t, http.StatusOK).text
	wantDiff(t, "reply", `{"success":true,"data":{"name":"Quote"}}`, got)
}

func TestShape_delete(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, nil)
	got := m.do(t, http.MethodDelete, conversations+"/"+id, "").wantStatus(t, http.StatusOK).text
	wantDiff(t, "reply", `{"success":true,"data":"`+id+`"}`, got)
}

func TestShape_outsideTheAPI(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, url := range []string{
		"http://example.com/", "http://example.com/api/v100/rest/spaces/other/entities/Phones", baseURL, baseURL + "/",
		baseURL + "/entities", baseURL + "/entities/", baseURL + "/entities/Phones/", baseURL + "/other/Phones",
		baseURL + "/entities/Phones/" + phoneID + "/more",
	} {
		r := httptest.NewRequest(http.MethodGet, url, nil)
		r.SetBasicAuth("user", "password")
		got := serve(t, m, r).wantStatus(t, http.StatusNotFound).text
		want := `{"status":404,"message":"The requested URL was not found on the server. If you entered the URL ` +
			`manually please check your spelling and try again.","errorcode":null,"traceback":null}`
		wantDiff(t, url, want, got)
	}
}

func TestShape_requestErrors(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, test := range []struct{ method, path, body, want string }{
		{
			http.MethodGet, "Contact", "",
			`{"code":2006,"name":"ERROR_UNKNOWN_TYPE","message":"cannot determine entity type from Contact","http_status":404,"success":false}`,
		},
		{
			http.MethodPost, "Phones", "",
			`{"code":117,"name":"ERROR_PARAMETER_INVALID","message":"Missing or invalid JSON data.","http_status":400,"success":false}`,
		},
	} {
		wantDiff(t, test.path, test.want, m.do(t, test.method, test.path, test.body).text)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	m, err := mockserver.New(mockserver.Options{Username: "me", Password: "secret", Space: "my_space"})
	must(t, err)
	for _, test := range []struct {
		user, password string
		want           int
	}{
		{"me", "secret", http.StatusOK},
		{"me", "wrong", http.StatusUnauthorized},
		{"you", "secret", http.StatusUnauthorized},
		{"", "", http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://example.com"+m.SpacePath()+"/entities/Phones", nil)
		if test.user != "" {
			r.SetBasicAuth(test.user, test.password)
		}
		got := serve(t, m, r).wantStatus(t, test.want)
		if test.want == http.StatusUnauthorized {
			wantMatch(t, got.header.Get("WWW-Authenticate"), "^Basic ")
			wantDiff(t, "success", any(false), got.body["success"])
		}
	}
	if log := toJSON(t, m.Requests()); strings.Contains(log, "secret") || !strings.Contains(log, `"status":401`) {
		t.Errorf("log is %s", log)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, test := range []struct{ method, path, allow string }{
		{http.MethodPut, "Phones", "GET, POST"},
		{http.MethodDelete, "Phones", "GET, POST"},
		{http.MethodPost, "Phones/" + phoneID, "DELETE, GET, PATCH"},
		{http.MethodPut, "Phones/" + phoneID, "DELETE, GET, PATCH"},
		{http.MethodGet, "Phones/batch-modify", "POST"},
		{http.MethodGet, "Phones/batch-delete", "POST"},
		{http.MethodGet, "Phones/batch-restore", "POST"},
	} {
		got := m.do(t, test.method, test.path, "").wantStatus(t, http.StatusMethodNotAllowed)
		wantDiff(t, test.method+" "+test.path, test.allow, got.header.Get("Allow"))
	}
}

func TestSchemeOfURIs(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	m.newConversation(t, nil)
	r := httptest.NewRequest(http.MethodGet, strings.Replace(baseURL, "http:", "https:", 1)+"/entities/"+conversations, nil)
	r.SetBasicAuth("user", "password")
	if got := serve(t, m, r).text; !strings.Contains(got, `"phone":"https://example.com/api/`) {
		t.Errorf("the URIs are not https: %s", got)
	}
}
