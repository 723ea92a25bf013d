package mockserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// FuzzRequest sends any request to a server. The server must answer with JSON, and never with an internal error.
func FuzzRequest(f *testing.F) {
	id := `{"phone_id":"` + phoneID + `"`
	for _, seed := range []struct{ method, path, query, body string }{
		{http.MethodGet, "Phones", "first=1&order-by=-created&expand=x&load-only=id", ""},
		{http.MethodGet, conversations, "filter[revision]=1&filter-op[revision]=between&after=W10=", ""},
		{http.MethodGet, conversations + "/" + phoneID, "expand=account_relations.account&include-deleted=1", ""},
		{http.MethodPost, conversations, "validation-level=24", id + `,"account_relations":[{"account_id":"` + accountID + `"}]}`},
		{http.MethodPost, conversations + "/batch-modify", "rollback-method=1", `[` + id + `},{"id":"x"},null,[],{"messages":[{"id":"/"}]}]`},
		{http.MethodPost, "Phones/batch-delete", "", `["` + phoneID + `",1]`},
		{http.MethodPost, "Phones/batch-restore", "", `[]`},
		{http.MethodPatch, "Contacts/" + contactID, "validation-level=8", `{"created":"2024-07-09 12:51:48.050073+00:00","phone1":null}`},
		{http.MethodDelete, "Quotes/" + quoteID, "", ""},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		server, err := mockserver.New(mockserver.Options{})
		must(t, err)
		must(t, server.Seed(map[string][]map[string]any{
			"Phones": {{"id": phoneID}}, "Contacts": {{"id": contactID}}, "Accounts": {{"id": accountID}}, "Quotes": {{"id": quoteID}},
			conversations: {{"phone_id": phoneID, "account_relations": []string{accountID}}},
		}))
		r := &http.Request{
			Method: method, Host: "example.com", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
			URL: &url.URL{Path: server.SpacePath() + "/entities/" + path, RawQuery: query},
		}
		r.SetBasicAuth("user", "password")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
			t.Errorf("answer is %d %s", w.Code, w.Body)
		}
		log, err := json.Marshal(server.Requests())
		if must(t, err); !json.Valid(log) {
			t.Errorf("log is %s", log)
		}
	})
}
