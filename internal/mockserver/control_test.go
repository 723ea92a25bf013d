package mockserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// control sends a request to a control endpoint, without credentials.
func (m mock) control(t *testing.T, method, path, body string) response {
	t.Helper()
	return serve(t, m, httptest.NewRequest(method, "http://example.com/_mock/"+path, strings.NewReader(body)))
}

func TestControl_requests(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	wantDiff(t, "empty", "[]", m.control(t, http.MethodGet, "requests", "").text)
	m.do(t, http.MethodGet, "Phones?first=1&load-only=id", "")
	m.do(t, http.MethodPost, "Phones", ` {"name" : "x"} `)
	m.do(t, http.MethodPost, "Phones?%zz", "nonsense")
	serve(t, m, httptest.NewRequest(http.MethodGet, "http://example.com/elsewhere", nil))

	want := `[` +
		`{"method":"GET","path":"/entities/Phones","query":{"first":["1"],"load-only":["id"]},"status":200,"fault":"","body":null},` +
		`{"method":"POST","path":"/entities/Phones","query":{},"status":201,"fault":"","body":{"name":"x"}},` +
		`{"method":"POST","path":"/entities/Phones","query":{},"status":400,"fault":"","body":"nonsense"},` +
		`{"method":"GET","path":"/elsewhere","query":{},"status":404,"fault":"","body":null}]`
	wantDiff(t, "log", want, m.control(t, http.MethodGet, "requests", "").text)
	wantDiff(t, "count", `{"count":4}`, m.control(t, http.MethodGet, "requests?count", "").text)

	m.control(t, http.MethodDelete, "requests", "").wantStatus(t, http.StatusNoContent)
	wantDiff(t, "count", `{"count":0}`, m.control(t, http.MethodGet, "requests?count", "").text)
}

func TestControl_faults(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	m.control(t, http.MethodPost, "faults", `{"kind":"status","status":500,"times":1}`).wantStatus(t, http.StatusNoContent)
	m.control(t, http.MethodPost, "faults", `[{"kind":"status","status":501,"times":1},{"kind":"status","status":502}]`).
		wantStatus(t, http.StatusNoContent)
	for _, status := range []int{500, 501, 502, 502} {
		m.do(t, http.MethodGet, "Phones", "").wantStatus(t, status)
	}
	m.control(t, http.MethodDelete, "faults", "").wantStatus(t, http.StatusNoContent)
	m.do(t, http.MethodGet, "Phones", "").wantStatus(t, http.StatusOK)
}

func TestControl_refused(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for body, want := range map[string]string{
		``:                                    "it is empty, but must be JSON",
		`{`:                                   "it ends too early to be JSON",
		"{\n  x":                              "it is not JSON: line 2, column 3",
		`"x"`:                                 "it can't be a JSON string",
		`{}`:                                  "unknown kind",
		`null`:                                "unknown kind",
		`{"kind":"nonsense"}`:                 `nonsense\"; the kinds are [\"latency\"`,
		`{"kind":"status","status":"x"}`:      `\"status\" can't be a JSON string`,
		`{"kind":"status","nonsense":1}`:      `unknown field \"nonsense\"; the fields are [\"method\" \"path\" \"body\" \"skip\"`,
		`{"kind":"status","status":7}`:        "status 7",
		`{"kind":"status","times":-1}`:        "negative",
		`{"kind":"latency","latency":"soon"}`: `\"soon\" is not a duration, such as \"1.5s\" or \"200ms\"`,
		`{"kind":"latency","latency":"60"}`:   `\"60\" is not a duration`,
		`{"kind":"latency","latency":60}`:     `\"latency\" can't be a JSON number`,
		`{"kind":"commit_later"}`:             `a fault of the kind commit_later needs a commit_after, such as \"3s\"`,
		`[{"kind":"status"},{"kind":"x"}]`:    `\"x\"`,
		`{"kind":"latency"}`:                  "needs a latency",
		`{"kind":"latency","latency":"1s","retry_after":"1"}`:                      `belong to the kinds`,
		`{"kind":"drop_after","status":500}`:                                       `not to \"drop_after\"`,
		`{"kind":"status","retry_after":"soon"}`:                                   `\"soon\", but must be a number of seconds`,
		`{"kind":"status","for":"-1s"}`:                                            "negative",
		`{"kind":"status","commit_after":1}`:                                       "commit_after",
		`{"kind":"status","retry_after":"remaining"}`:                              "only with a for",
		`{"kind":"drop_after","commit_after":"3s"}`:                                `belongs to the kind \"commit_later\"`,
		`{"kind":"drop_after","field":"revision"}`:                                 "field belongs to",
		`{"before":{"delete":{"entity":"Phones","where":{"nome":null}}}}`:          `unknown field \"nome\"`,
		`{"before":{"delete":{"entity":"Phones","id":"x","values":{"name":"y"}}}}`: "only create and edit take values",
	} {
		got := m.control(t, http.MethodPost, "faults", body).wantStatus(t, http.StatusBadRequest)
		if !strings.Contains(got.text, want) {
			t.Errorf("%s is refused with %s", body, got.text)
		}
	}
	m.control(t, http.MethodGet, "faults", "").wantStatus(t, http.StatusNotFound)
	m.control(t, http.MethodGet, "nonsense", "").wantStatus(t, http.StatusNotFound)
	m.do(t, http.MethodGet, "Phones", "").wantStatus(t, http.StatusOK)
}
