package mockserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// service is a mock behind a real connection.
type service struct {
	mock
	url    string
	client *http.Client
}

func newService(t *testing.T) service {
	t.Helper()
	m := newMock(t, nil)
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	// Each request gets its own connection, because Go repeats a GET on a kept-open one.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return service{m, server.URL + m.SpacePath() + "/entities/", client}
}

// ask returns the answer and the error of the transport or of reading the body.
func (s service) ask(t *testing.T, ctx context.Context, method, path, body string) (response, error) { //nolint:revive // t first
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	must(t, err)
	r.SetBasicAuth("user", "password")
	answer, err := s.client.Do(r)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	return read(answer)
}

const newPhone = `{"name":"New"}`

func TestFault_kinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault      mockserver.Fault
		carriedOut bool
		err        error
		status     int // in the log; 0 if there was no answer
		text       string
		header     map[string]string
	}{
		{
			fault:      mockserver.Fault{Kind: mockserver.Latency, Latency: time.Millisecond},
			carriedOut: true, status: 201, text: `"name":"New"`,
		},
		{
			fault:  mockserver.Fault{Kind: mockserver.StatusReply},
			status: 503, text: "<h1>503 Service Unavailable</h1>", header: map[string]string{"Content-Type": "text/html"},
		},
		{
			fault:  mockserver.Fault{Kind: mockserver.StatusReply, Status: 429, RetryAfter: "7"},
			status: 429, header: map[string]string{"Retry-After": "7", "Content-Type": "", "Content-Length": "0"},
		},
		{fault: mockserver.Fault{Kind: mockserver.StatusReply, Status: 502}, status: 502, text: "<h1>502 Bad Gateway</h1>"},
		{
			fault:  mockserver.Fault{Kind: mockserver.StatusReply, Status: 502, ContentType: "text/plain"},
			status: 502, text: "<h1>502 Bad Gateway</h1>", header: map[string]string{"Content-Type": "text/plain"},
		},
		{fault: mockserver.Fault{Kind: mockserver.StatusReply, Status: 504}, status: 504, text: "<h1>504 Gateway Timeout</h1>"},
		{
			fault:  mockserver.Fault{Kind: mockserver.StatusReply, Status: 403},
			status: 403, text: `"http_status":403,"success":false`, header: map[string]string{"Content-Type": "application/json"},
		},
		{
			fault:  mockserver.Fault{Kind: mockserver.StatusReply, Status: 403, Reply: `{"a":1}`},
			status: 403, text: `{"a":1}`, header: map[string]string{"Content-Type": "application/json"},
		},
		{
			fault:  mockserver.Fault{Kind: mockserver.StatusReply, Status: 302, RetryAfter: "1"},
			status: 302, header: map[string]string{"Retry-After": "1"},
		},
		{fault: mockserver.Fault{Kind: mockserver.StatusReply, Status: 7}, status: 500, text: `"http_status":500`},
		{fault: mockserver.Fault{Kind: mockserver.DropBefore}, err: io.EOF},
		{fault: mockserver.Fault{Kind: mockserver.DropAfter}, carriedOut: true, err: io.EOF},
		{
			fault:      mockserver.Fault{Kind: mockserver.StatusAfter, Status: 504},
			carriedOut: true, status: 504, text: "<h1>504 Gateway Timeout</h1>",
		},
		{
			fault:      mockserver.Fault{Kind: mockserver.Truncate},
			carriedOut: true, status: 201, err: io.ErrUnexpectedEOF, text: `{"success":true`,
		},
		{
			fault:      mockserver.Fault{Kind: mockserver.ReplaceReply, Reply: "<p>hello"},
			carriedOut: true, status: 200, text: "<p>hello", header: map[string]string{"Content-Type": "text/html"},
		},
		{
			fault: mockserver.Fault{
				Kind: mockserver.ReplaceReply, Reply: "{}", Status: 207, ContentType: "text/plain", RetryAfter: "3",
			},
			carriedOut: true, status: 207, text: "{}",
			header: map[string]string{"Content-Type": "text/plain", "Retry-After": "3"},
		},
		{fault: mockserver.Fault{Kind: mockserver.ReplaceReply}, carriedOut: true, status: 200},
		{fault: mockserver.Fault{Kind: mockserver.ShortArray}, carriedOut: true, status: 201, text: `"name":"New"`},
		{fault: mockserver.Fault{Kind: "nonsense"}, status: 500, text: "nonsense"},
	} {
		t.Run(string(test.fault.Kind), func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.Inject(test.fault)
			got, err := s.ask(t, t.Context(), http.MethodPost, "Phones", newPhone)
			if !errors.Is(err, test.err) {
				t.Errorf("error is %v, want %v", err, test.err)
			}
			wantDiff(t, "carried out", test.carriedOut, len(s.Records("Phones")) == 2)
			wantDiff(t, "status", test.status, got.status)
			if !strings.Contains(got.text, test.text) || test.text == "" && got.text != "" {
				t.Errorf("answer is %s", got.text)
			}
			for name, want := range test.header {
				wantDiff(t, name, want, got.header.Get(name))
			}
			log := s.Requests()
			wantDiff(t, "log", []mockserver.Request{{
				Method: "POST", Path: "/entities/Phones", Query: log[0].Query, Body: []byte(newPhone),
				Status: test.status, Fault: string(test.fault.Kind),
			}}, log)
		})
	}
}

func TestFault_truncateAnnouncesTheWholeLength(t *testing.T) {
	t.Parallel()
	s := newService(t)
	whole, err := s.ask(t, t.Context(), http.MethodGet, "Phones", "")
	must(t, err)
	s.Inject(mockserver.Fault{Kind: mockserver.Truncate})
	cut, err := s.ask(t, t.Context(), http.MethodGet, "Phones", "")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
	wantDiff(t, "announced", whole.header.Get("Content-Length"), cut.header.Get("Content-Length"))
	wantDiff(t, "sent", whole.text[:len(whole.text)/2], cut.text)
}

func TestFault_arrays(t *testing.T) {
	t.Parallel()
	for kind, want := range map[mockserver.Kind][]int{mockserver.ShortArray: {2, 1, 0}, mockserver.LongArray: {4, 3, 0}} {
		m := newMock(t, nil)
		m.Inject(mockserver.Fault{Kind: kind})
		count := func(r response) int {
			data, _ := r.wantStatus(t, http.StatusOK).body["data"].([]any)
			return len(data)
		}
		got := []int{
			count(m.do(t, http.MethodPost, "Phones/batch-modify", `[{},{},{}]`)),
			count(m.do(t, http.MethodGet, "Accounts", "")),
			count(m.do(t, http.MethodGet, "Accounts?filter[name]=none", "")),
		}
		wantDiff(t, string(kind), want, got)
		wantDiff(t, "created", 4, len(m.Records("Phones")))
		wantDiff(t, "total", 2, m.list(t, "Accounts").Total)
	}
}

func TestFault_matching(t *testing.T) {
	t.Parallel()
	const hit, miss = http.StatusTeapot, http.StatusCreated
	for _, test := range []struct {
		name   string
		faults []mockserver.Fault
		want   []int // for the same request, sent several times
	}{
		{"always", []mockserver.Fault{{}}, []int{hit, hit, hit}},
		{"times", []mockserver.Fault{{Times: 2}}, []int{hit, hit, miss, miss}},
		{"skip", []mockserver.Fault{{Skip: 1, Times: 1}}, []int{miss, hit, miss}},
		{"skip and always", []mockserver.Fault{{Skip: 2}}, []int{miss, miss, hit, hit}},
		{"method", []mockserver.Fault{{Method: "post", Times: 1}}, []int{hit}},
		{"other method", []mockserver.Fault{{Method: "GET"}}, []int{miss}},
		{"path", []mockserver.Fault{{Path: "ies/Pho"}}, []int{hit}},
		{"other path", []mockserver.Fault{{Path: "Accounts"}}, []int{miss}},
		{"not the path of the space", []mockserver.Fault{{Path: "spaces"}}, []int{miss}},
		{"body", []mockserver.Fault{{Body: `"New"`}}, []int{hit}},
		{"other body", []mockserver.Fault{{Body: "Old"}}, []int{miss}},
		{"in order", []mockserver.Fault{{Times: 1, Status: 599}, {Times: 1}}, []int{599, hit, miss}},
		{"while one is skipped", []mockserver.Fault{{Skip: 1, Status: 599}, {Times: 1}}, []int{hit, 599}},
		{"one that doesn't match", []mockserver.Fault{{Path: "Accounts"}, {}}, []int{hit}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMock(t, nil)
			for _, f := range test.faults {
				f.Kind = mockserver.StatusReply
				if f.Status == 0 {
					f.Status = hit
				}
				m.Inject(f)
			}
			var got []int
			for range test.want {
				got = append(got, m.do(t, http.MethodPost, "Phones", newPhone).status)
			}
			wantDiff(t, "statuses", test.want, got)
			m.ClearFaults()
			m.do(t, http.MethodPost, "Phones", newPhone).wantStatus(t, miss)
		})
	}
}

func TestFault_do(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, nil)
	edit := func() { must(t, m.Edit(conversations, id, map[string]any{"recipient_account_id": accountID})) }
	m.Inject(mockserver.Fault{Method: http.MethodGet, Times: 1, Do: edit})
	data := m.do(t, http.MethodGet, conversations+"/"+id, "").wantStatus(t, http.StatusOK).data(t)
	wantDiff(t, "edited before", any(accountID), data["recipient_account_id"])
	wantDiff(t, "fault in the log", "do", m.Requests()[0].Fault)

	called := false
	m.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: 404, Do: func() { called = true }})
	m.do(t, http.MethodGet, conversations+"/"+id, "").wantStatus(t, http.StatusNotFound)
	wantDiff(t, "called", true, called)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := mockserver.New(mockserver.Options{Latency: time.Second})
		must(t, err)
		m.Inject(mockserver.Fault{Kind: mockserver.Latency, Latency: time.Minute, Times: 1})
		for _, want := range []time.Duration{time.Second + time.Minute, time.Second} {
			start := time.Now()
			mock{m}.do(t, http.MethodGet, "Phones", "").wantStatus(t, http.StatusOK)
			wantDiff(t, "time", want, time.Since(start))
		}
	})
}

// A client that gives up does not wait, and its request is not carried out.
func TestLatency_givenUp(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]mockserver.Options{"server": {Latency: time.Hour}, "fault": {}} {
		synctest.Test(t, func(t *testing.T) {
			m, err := mockserver.New(options)
			must(t, err)
			m.Inject(mockserver.Fault{Kind: mockserver.Latency, Latency: time.Hour})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			r := httptest.NewRequest(http.MethodPost, baseURL+"/entities/Phones", strings.NewReader(newPhone))
			r.SetBasicAuth("user", "password")
			start := time.Now()
			func() {
				defer func() {
					if abort := recover(); abort != http.ErrAbortHandler { //nolint:errorlint // the panic value itself
						t.Errorf("%s: ended with %v", name, abort)
					}
				}()
				m.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
			}()
			wantDiff(t, name+" time", time.Second, time.Since(start))
			wantDiff(t, name+" records", 0, len(m.Records("Phones")))
			wantDiff(t, name+" status", 0, m.Requests()[0].Status)
		})
	}
}

func TestFault_JSON(t *testing.T) {
	t.Parallel()
	fault := mockserver.Fault{
		Method: "POST", Path: "batch", Body: "x", Skip: 1, Times: 2, Kind: mockserver.CommitLater, Status: 504,
		RetryAfter: "5", Location: "/x", Reply: "<p>", ContentType: "text/html", Envelope: true,
		Latency: 1500 * time.Millisecond, CommitAfter: time.Minute, For: time.Second,
	}
	text := `{"method":"POST","path":"batch","body":"x","skip":1,"times":2,"kind":"commit_later","status":504,` +
		`"retry_after":"5","location":"/x","reply":"<p>","content_type":"text/html","envelope":true,` +
		`"latency":"1.5s","commit_after":"1m0s","for":"1s"}`
	var read mockserver.Fault
	must(t, json.Unmarshal([]byte(text), &read))
	wantDiff(t, "read", fault, read)
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	must(t, encoder.Encode(fault))
	wantDiff(t, "written", text+"\n", strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(buffer.String()))
	wantDiff(t, "with a field", `{"kind":"null_field","field":"id"}`, toJSON(t, mockserver.Fault{Kind: mockserver.NullField, Field: "id"}))
	wantDiff(t, "short", `{"kind":"truncate"}`, toJSON(t, mockserver.Fault{Kind: mockserver.Truncate}))
}
