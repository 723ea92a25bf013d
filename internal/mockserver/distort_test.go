package mockserver_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The request is carried out, whatever the answer.
func TestFault_statusAfter(t *testing.T) {
	t.Parallel()
	const page = "<html>Not here</html>"
	for _, test := range []struct {
		fault       mockserver.Fault
		text        string // at the beginning
		contentType string
		header      map[string]string
	}{
		{mockserver.Fault{Status: 500}, `{"code":500,`, "application/json", nil},
		{mockserver.Fault{Status: 503, Envelope: true, RetryAfter: "3"}, `{"code":503,`, "application/json", map[string]string{"Retry-After": "3"}},
		{mockserver.Fault{Status: 429, Envelope: true}, `{"code":429,`, "application/json", nil},
		{mockserver.Fault{Status: 503, RetryAfter: "3"}, "<html>", "text/html", map[string]string{"Retry-After": "3"}},
		{mockserver.Fault{Status: 303, Location: "/elsewhere"}, "", "", map[string]string{"Location": "/elsewhere"}},
		{mockserver.Fault{Status: 304}, "", "", nil},
		{mockserver.Fault{Status: 408}, `{"code":408,`, "application/json", nil},
		{mockserver.Fault{Status: 404, Reply: page}, page, "text/html", nil},
		{mockserver.Fault{Status: 413}, "<html>", "text/html", nil},
	} {
		t.Run(fmt.Sprint(test.fault.Status), func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			test.fault.Kind = mockserver.StatusAfter
			s.Inject(test.fault)
			got, err := s.ask(t, t.Context(), http.MethodPost, "Phones", newPhone)
			must(t, err)
			wantDiff(t, "status", test.fault.Status, got.status)
			wantDiff(t, "content type", test.contentType, got.header.Get("Content-Type"))
			if !strings.HasPrefix(got.text, test.text) || test.text == "" && got.text != "" {
				t.Errorf("answer is %s", got.text)
			}
			for name, want := range test.header {
				wantDiff(t, name, want, got.header.Get(name))
			}
			wantDiff(t, "phones", 2, len(s.Records("Phones")))
		})
	}
}

func TestFault_distortedBatch(t *testing.T) {
	t.Parallel()
	for kind, want := range map[mockserver.Kind]string{
		mockserver.SuccessFalse: `{"data":["ID",{"code":404,"entity_errors"`,
		mockserver.ItemObjects:  `{"data":[{"id":"ID"},{"code":404,"entity_errors"`,
	} {
		m := newMock(t, nil)
		m.Inject(mockserver.Fault{Kind: kind})
		body := `[{"id":"` + phoneID + `","name":"x"},{"id":"` + unknownID + `"}]`
		got := m.do(t, http.MethodPost, "Phones/batch-modify?rollback-method=1", body).wantStatus(t, http.StatusOK)
		wantDiff(t, string(kind)+" success", any(kind != mockserver.SuccessFalse), got.body["success"])
		text := strings.Replace(strings.Replace(got.text, phoneID, "ID", 1), `"code":2003`, `"code":404`, 1)
		if !strings.HasPrefix(text, want) {
			t.Errorf("%s answers %s", kind, got.text)
		}
		wantDiff(t, "name", any("x"), m.record(t, "Phones", phoneID)["name"])
	}
}

// An answer without records, or an answer whose data is an id, can be a failure too.
func TestFault_distortedWhole(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	m.Inject(mockserver.Fault{Kind: mockserver.SuccessFalse, Times: 2}, mockserver.Fault{Kind: mockserver.TotalTooHigh})
	got := m.do(t, http.MethodGet, "TextMessages", "")
	wantDiff(t, "an empty list", []any{false, []any{}}, []any{got.body["success"], got.body["data"]})
	got = m.do(t, http.MethodDelete, "Phones/"+phoneID, "")
	wantDiff(t, "an id", []any{false, phoneID}, []any{got.body["success"], got.body["data"]})
	wantDiff(t, "total", 1, m.list(t, "TextMessages").Total)
}

func TestFault_distortedRecords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault   mockserver.Fault
		name    string
		present bool
	}{
		{mockserver.Fault{Kind: mockserver.NullField}, "revision", true},
		{mockserver.Fault{Kind: mockserver.NullField, Field: "name"}, "name", true},
		{mockserver.Fault{Kind: mockserver.OmitField}, "revision", false},
		{mockserver.Fault{Kind: mockserver.OmitField, Field: "id"}, "id", false},
	} {
		m := newMock(t, nil)
		m.Inject(test.fault)
		records := slices.Concat(m.list(t, "Accounts").Data, []map[string]any{m.do(t, http.MethodGet, "Accounts/"+accountID, "").data(t)})
		wantDiff(t, "records", 3, len(records))
		for _, r := range records {
			value, present := r[test.name]
			wantDiff(t, fmt.Sprint(test.fault), []any{nil, test.present}, []any{value, present})
			if r["created"] == nil {
				t.Error("another field is gone too")
			}
		}
	}
}

// pages reads a list page by page, up to a number of pages.
func (m mock) pages(t *testing.T, path string, most int) []page {
	t.Helper()
	var pages []page
	for after := ""; len(pages) < most; {
		pages = append(pages, m.list(t, path+after))
		info := pages[len(pages)-1].PageInfo
		if !info.HasNextPage {
			break
		}
		after = "&after=" + url.QueryEscape(info.EndCursor)
	}
	return pages
}

func TestFault_distortedPages(t *testing.T) {
	t.Parallel()
	const none = "Accounts?filter[name]=none&first=1"
	for _, test := range []struct {
		kind  mockserver.Kind
		path  string
		pages []string
		total int
	}{
		{mockserver.RepeatRecord, "Accounts?first=1", []string{"b1", "b1 b2"}, 2},
		{mockserver.RepeatRecord, "Accounts?first=1&order-by=-name", []string{"b2", "b2 b1"}, 2},
		{mockserver.RepeatRecord, "Accounts?first=1&filter[name]=Acme", []string{"b1"}, 1},
		{mockserver.TotalTooHigh, "Accounts?first=1", []string{"b1", "b2"}, 3},
		{mockserver.EndsEarly, "Accounts?first=1", []string{"b1"}, 2},
		{mockserver.EndlessList, "Accounts?first=1", []string{"b1", "b2", "b1", "b2", "b1"}, 2},
		{mockserver.EndlessList, "Accounts?first=2&order-by=name", []string{"b1 b2", "b1 b2", "b1 b2", "b1 b2", "b1 b2"}, 2},
		{mockserver.EndlessList, none, []string{""}, 0},
	} {
		m := newMock(t, nil)
		m.Inject(mockserver.Fault{Kind: test.kind})
		var got []string
		cursors := map[string]bool{}
		pages := m.pages(t, test.path, 5)
		for _, p := range pages {
			var ids []string
			for _, id := range p.column("id") {
				ids = append(ids, fmt.Sprint(id)[34:])
			}
			got = append(got, strings.Join(ids, " "))
			cursors[p.PageInfo.EndCursor] = true
			wantDiff(t, "total", test.total, p.Total)
		}
		wantDiff(t, string(test.kind)+" "+test.path, test.pages, got)
		wantDiff(t, "cursors", len(pages), len(cursors))
	}
}
