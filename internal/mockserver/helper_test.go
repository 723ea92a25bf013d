package mockserver_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const (
	conversations = "TextMessageConversations"
	relations     = "TextMessageConversationRelationses"
	messages      = "TextMessages"
	numberField   = "recipient_phone_number"

	phoneID       = "00000000-0000-4000-8000-0000000000a1"
	accountID     = "00000000-0000-4000-8000-0000000000b1"
	accountID2    = "00000000-0000-4000-8000-0000000000b2"
	contactID     = "00000000-0000-4000-8000-0000000000c1"
	leadID        = "00000000-0000-4000-8000-0000000000d1"
	opportunityID = "00000000-0000-4000-8000-0000000000d2"
	projectID     = "00000000-0000-4000-8000-0000000000e1"
	quoteID       = "00000000-0000-4000-8000-0000000000f1"
	unknownID     = "00000000-0000-4000-8000-00000000ffff"

	baseURL = "http://example.com/api/v100/rest/spaces/test_space"
)

// mock is a server with one record of each entity that a conversation can refer to.
type mock struct {
	*mockserver.Server
}

// newMock returns a mock whose behavior has these values, by the names of their switches.
func newMock(t testing.TB, behavior map[string]string) mock {
	t.Helper()
	var options mockserver.Options
	for _, sw := range mockserver.Switches {
		*sw.Field(&options.Behavior) = behavior[sw.Name]
	}
	server, err := mockserver.New(options)
	must(t, err)
	must(t, server.Seed(map[string][]map[string]any{
		"Phones":        {{"id": phoneID, "name": "Front desk"}},
		"Accounts":      {{"id": accountID, "name": "Acme", "phone2": "+1 555 0100"}, {"id": accountID2, "name": "Zenith"}},
		"Contacts":      {{"id": contactID, "last_name": "Jones", "phone1": "(1555) 0100"}},
		"Leads":         {{"id": leadID, "name": "Lead"}},
		"Opportunities": {{"id": opportunityID, "name": "Opportunity"}},
		"Projects":      {{"id": projectID, "name": "Project"}},
		"Quotes":        {{"id": quoteID, "name": "Quote"}},
	}))
	return mock{server}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantDiff(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// newConversation creates a conversation as another user would, and returns its id.
func (m mock) newConversation(t testing.TB, fields map[string]any) string {
	t.Helper()
	all := map[string]any{"phone_id": phoneID}
	maps.Copy(all, fields)
	id, err := m.Create(conversations, all)
	must(t, err)
	return id
}

func (m mock) record(t testing.TB, entity, id string) map[string]any {
	t.Helper()
	r, ok := m.Record(entity, id)
	if !ok {
		t.Fatalf("there is no %s %s", entity, id)
	}
	return r
}

// response is an answer of the API.
type response struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// do sends a request to the path below the entities.
func (m mock) do(t testing.TB, method, path, body string) response {
	t.Helper()
	r := httptest.NewRequest(method, baseURL+"/entities/"+path, strings.NewReader(body))
	r.SetBasicAuth("user", "password")
	return serve(t, m, r)
}

func serve(t testing.TB, h http.Handler, r *http.Request) response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out, err := read(w.Result())
	must(t, err)
	return out
}

func read(r *http.Response) (response, error) {
	text, err := io.ReadAll(r.Body)
	out := response{status: r.StatusCode, header: r.Header, text: string(text)}
	_ = json.Unmarshal(text, &out.body) // not every answer is an object
	return out, err
}

func (r response) wantStatus(t testing.TB, status int) response {
	t.Helper()
	if r.status != status {
		t.Fatalf("status is %d, want %d: %s", r.status, status, r.text)
	}
	return r
}

// data returns the record in the answer.
func (r response) data(t testing.TB) map[string]any {
	t.Helper()
	data, ok := r.body["data"].(map[string]any)
	if !ok {
		t.Fatalf("there is no record in %s", r.text)
	}
	return data
}

// items returns the data of a batch: for each item "ok" or the status and code of its error.
func (r response) items(t testing.TB) []string {
	t.Helper()
	data, ok := r.body["data"].([]any)
	if !ok || r.body["success"] != true {
		t.Fatalf("there is no array in %s", r.text)
	}
	var items []string
	for i, item := range data {
		e, failed := item.(map[string]any)
		switch {
		case !failed:
			items = append(items, "ok")
		case e["success"] != false || e["entity_index"] != float64(i):
			t.Errorf("item %d is neither an id nor its error: %v", i, e)
		default:
			items = append(items, fmt.Sprintf("%v/%v", e["http_status"], e["code"]))
		}
	}
	return items
}

// ids returns the data of a batch in which every item succeeded.
func (r response) ids(t testing.TB) []string {
	t.Helper()
	data, _ := r.wantStatus(t, http.StatusOK).body["data"].([]any)
	ids := []string{}
	for _, item := range data {
		id, ok := item.(string)
		if !ok {
			t.Fatalf("not an id: %v", item)
		}
		ids = append(ids, id)
	}
	return ids
}

// wantError checks the status, the code and the fields of a refusal. fields are separated by commas.
func (r response) wantError(t testing.TB, status, code int, fields string) {
	t.Helper()
	var named []string
	list, _ := r.body["field_errors"].([]any)
	for _, item := range list {
		e, _ := item.(map[string]any)
		named = append(named, fmt.Sprint(e["field_name"]))
	}
	slices.Sort(named)
	want := fmt.Sprintf("%d %d %v %s", status, code, float64(status), fields)
	got := fmt.Sprintf("%d %v %v %s", r.status, r.body["code"], r.body["http_status"], strings.Join(named, ","))
	if want != got || r.body["success"] != false {
		t.Errorf("refused with %q, want %q: %s", got, want, r.text)
	}
}

// page is the answer to a list.
type page struct {
	Success  bool
	Total    int
	PageInfo struct {
		StartCursor     string `json:"start_cursor"`
		EndCursor       string `json:"end_cursor"`
		HasPreviousPage bool   `json:"has_previous_page"`
		HasNextPage     bool   `json:"has_next_page"`
	} `json:"page_info"`
	Data []map[string]any
}

func (m mock) list(t testing.TB, path string) page {
	t.Helper()
	var p page
	must(t, json.Unmarshal([]byte(m.do(t, http.MethodGet, path, "").wantStatus(t, http.StatusOK).text), &p))
	if !p.Success {
		t.Errorf("%s has no success", path)
	}
	return p
}

// column returns one field of every record of the page.
func (p page) column(name string) []any {
	values := []any{}
	for _, r := range p.Data {
		values = append(values, r[name])
	}
	return values
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}
