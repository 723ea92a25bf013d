// Package apitest contains what the tests of the client and of the engine share: a space of the mock, replies without
// a network, and a short form of requests.
package apitest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// These records are in the space of a test from the start.
const (
	FrontDesk   = "00000000-0000-4000-8000-0000000000a1" // a phone
	Acme        = "00000000-0000-4000-8000-0000000000b1" // accounts
	Zenith      = "00000000-0000-4000-8000-0000000000b2"
	Initech     = "00000000-0000-4000-8000-0000000000b3"
	Jones       = "00000000-0000-4000-8000-0000000000c1" // contacts
	Smith       = "00000000-0000-4000-8000-0000000000c2"
	Opportunity = "00000000-0000-4000-8000-0000000000d2"
	Quote       = "00000000-0000-4000-8000-0000000000f1"
)

// No record of a space has one of these ids.
const (
	ID1 = "0190978c-d6d1-de35-3f6d-7cf0a0e264db"
	ID2 = "0190978c-d6d1-de35-3f6d-7cf0a0e264dc"
	ID3 = "0190978c-d6d1-de35-3f6d-7cf0a0e264dd"
)

// Path segments, and the credentials of the space.
const (
	ConversationSegment = "TextMessageConversations"
	RelationSegment     = "TextMessageConversationRelationses"

	User     = "user"
	Password = "correct horse battery"
)

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewServer returns a mock with these records. It must be called inside the synctest
// bubble, if there is one.
func NewServer(t testing.TB, behavior mockserver.Behavior) *mockserver.Server {
	t.Helper()
	mock, err := mockserver.New(mockserver.Options{Username: User, Password: Password, Space: "acme_sales", Behavior: behavior, Latency: time.Millisecond})
	Must(t, err)
	Must(t, mock.Seed(map[string][]map[string]any{
		"Phones":        {{"id": FrontDesk, "name": "Front desk"}},
		"Accounts":      {{"id": Acme, "name": "Acme"}, {"id": Zenith, "name": "Zenith"}, {"id": Initech, "name": "Initech"}},
		"Contacts":      {{"id": Jones, "last_name": "Jones"}, {"id": Smith, "last_name": "Smith"}},
		"Opportunities": {{"id": Opportunity, "name": "Opportunity"}},
		"Quotes":        {{"id": Quote, "name": "Quote"}},
	}))
	return mock
}

// Seed creates n conversations as other users would, and returns their ids.
func Seed(t testing.TB, s *mockserver.Server, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		id, err := s.Create(ConversationSegment, map[string]any{"phone_id": FrontDesk, "recipient_phone_number": NumberOf(100_000 + i)})
		Must(t, err)
		ids[i] = id
	}
	return ids
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// Requests returns the request log. A request is its method and its path below
// /entities/, followed by the fault that hit it.
func Requests(s *mockserver.Server) []string {
	var got []string
	for _, r := range s.Requests() {
		path := strings.TrimPrefix(r.Path, "/entities/")
		path = uuidPattern.ReplaceAllString(path, "{id}")
		path = strings.NewReplacer(RelationSegment, "relations", ConversationSegment, "conversations").Replace(path)
		got = append(got, strings.TrimRight(r.Method+" "+path+" "+r.Fault, " "))
	}
	return got
}

// These are requests in the form that [Requests] returns.
const (
	ListConversations = "GET conversations"
	GetConversation   = "GET conversations/{id}"
	BatchModify       = "POST conversations/batch-modify"
	BatchDelete       = "POST conversations/batch-delete"
	ListRelations     = "GET relations"
	BatchRestore      = "POST conversations/batch-restore"
	DeleteRelations   = "POST relations/batch-delete"
)

// A RoundTripper stands in for the network.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// WroteHeaders tells the client that its request has been sent, as a network connection does.
func WroteHeaders(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
}

// Answer returns a reply. Each header has the form "Name: value".
func Answer(r *http.Request, status int, body string, headers ...string) *http.Response {
	header := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// NumberOf returns the i-th phone number.
func NumberOf(i int) string { return fmt.Sprintf("+1555%07d", i) }

// ParseQuery returns the parameters of a request.
func ParseQuery(t testing.TB, raw string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(raw)
	Must(t, err)
	return values
}

// WithinBubble checks how long something took, by the clock of a synctest bubble.
func WithinBubble(t testing.TB, begin time.Time, least, most time.Duration) {
	t.Helper()
	if took := time.Since(begin); took < least || took > most {
		t.Errorf("took %s of the bubble's time; want %s to %s", took, least, most)
	}
}

// ValidationReply is the reply of a service that refuses a record.
const ValidationReply = `{
  "code": 40000,
  "name": "ERROR_ENTITY_VALIDATION",
  "message": "\nNon-null field 'phone_id' is null or empty.\nField 'recipient_phone_number' is not a phone number.",
  "entity_id": "0190978c-d6d1-de35-3f6d-7cf0a0e264db",
  "entity_name": "TextMessageConversation",
  "entity_index": 3,
  "entity_errors": [{"code": 119, "name": "ERROR_PARAMETER_MISSING", "message": "Non-null field 'phone_id' is null or empty."}],
  "field_errors": [{
    "field_id": "200398aa-3921-0557-9bda-bb8f3e529a57", "field_name": "recipient_phone_number",
    "code": 40002, "name": "ERROR_FIELD_VALIDATION",
    "errors": [{"code": 117, "name": "ERROR_PARAMETER_INVALID", "message": "Field 'recipient_phone_number' is not a phone number.", "field_name": "recipient_phone_number"}]
  }],
  "step_checklist_errors": [],
  "http_status": 422,
  "success": false
}`

// Together runs f n times concurrently, and waits for all.
func Together(n int, f func(i int)) {
	var callers sync.WaitGroup
	for i := range n {
		callers.Go(func() { f(i) })
	}
	callers.Wait()
}

// ReplySeeds are replies of all kinds.
var ReplySeeds = []string{
	"", "null", "[]", "<html>", `"` + ID1 + `"`, ValidationReply,
	`{"success":true,"data":{"id":"` + ID1 + `","revision":7,"account_relations":["` + ID2 + `"]}}`,
	`{"success":true,"data":{"id":"` + ID1 + `","revision":7,"created":"2024-07-09 12:51:48.050073+00:00","account_relations":[{"id":"` + ID2 + `","account_id":null}]}}`,
	`{"success":true,"total":2,"page_info":{"end_cursor":"x","has_next_page":true},"data":[{"id":"` + ID1 + `","revision":7,"revision":7},{"id":null}]}`,
	`{"success":true,"data":["` + ID1 + `",{"success":false,"http_status":422}]}`,
	`{"success":true,"data":[{"id":"` + ID1 + `","revision":7},null]}`,
	`{"status":404,"message":"x","errorcode":null,"traceback":null}`,
	`{"success":true,"data":[` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `]}`,
}

// ErrForEver stops a caller that would never stop asking.
var ErrForEver = errors.New("asks for ever")

// Repeating answers every request in the same way. After 1000 requests, it returns
// [ErrForEver].
func Repeating(status int, body, retryAfter string) RoundTripper {
	var asked atomic.Int64
	return func(r *http.Request) (*http.Response, error) {
		if asked.Add(1) > 1000 {
			return nil, ErrForEver
		}
		WroteHeaders(r)
		return Answer(r, status, body, "Retry-After: "+retryAfter), nil
	}
}
