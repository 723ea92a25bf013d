package client

import (
	"errors"
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

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// What the space of a test holds at its beginning.
var (
	frontDesk   = idOf("00000000-0000-4000-8000-0000000000a1") // a phone
	acme        = idOf("00000000-0000-4000-8000-0000000000b1") // accounts
	zenith      = idOf("00000000-0000-4000-8000-0000000000b2")
	initech     = idOf("00000000-0000-4000-8000-0000000000b3")
	jones       = idOf("00000000-0000-4000-8000-0000000000c1") // contacts
	smith       = idOf("00000000-0000-4000-8000-0000000000c2")
	lead        = idOf("00000000-0000-4000-8000-0000000000d1")
	opportunity = idOf("00000000-0000-4000-8000-0000000000d2")
	project     = idOf("00000000-0000-4000-8000-0000000000e1")
	quote       = idOf("00000000-0000-4000-8000-0000000000f1")
)

const (
	conversationSegment = "TextMessageConversations"
	relationSegment     = "TextMessageConversationRelationses"

	testUser     = "user"
	testPassword = "correct horse battery"
)

func idOf(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantProblem(t testing.TB, err error, want Problem) {
	t.Helper()
	if got := ProblemOf(err); got != want || err == nil {
		t.Errorf("the problem is %d, want %d: %v", got, want, err)
	}
}

// comparable ones whose fields cmp can't see.
var comparers = cmp.Options{
	cmp.Comparer(func(a, b ID) bool { return a == b }),
	cmp.Comparer(func(a, b Time) bool { return a.Equal(b.Time) }),
	cmpopts.IgnoreUnexported(APIError{}),
}

func wantEqual(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, comparers); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// A roundTripper stands in for the network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// wroteHeaders does what the network does when a request is on its way.
func wroteHeaders(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
}

// answer returns a reply with these headers, each as "Name: value".
func answer(r *http.Request, status int, body string, headers ...string) *http.Response {
	header := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// scripted returns a client whose requests are answered by next.
func scripted(t testing.TB, next roundTripper, configure ...func(*Config)) *Client {
	t.Helper()
	config := Defaults()
	config.ServiceURL, config.SpaceID = "https://crm.example", "acme_sales"
	config.Username, config.Password = testUser, testPassword
	for _, f := range configure {
		f(&config)
	}
	config.Transport = next
	c, err := New(config)
	must(t, err)
	return c
}

// A testSpace is a mock of the CRM with a client of it.
type testSpace struct {
	*mockserver.Server
	client *Client
}

// newSpace must be called inside the synctest bubble, if there is one.
func newSpace(t testing.TB) testSpace {
	t.Helper()
	mock, err := mockserver.New(mockserver.Options{Username: testUser, Password: testPassword, Space: "acme_sales", Latency: time.Millisecond})
	must(t, err)
	must(t, mock.Seed(map[string][]map[string]any{
		"Phones":        {{"id": frontDesk, "name": "Front desk"}},
		"Accounts":      {{"id": acme, "name": "Acme"}, {"id": zenith, "name": "Zenith"}, {"id": initech, "name": "Initech"}},
		"Contacts":      {{"id": jones, "last_name": "Jones"}, {"id": smith, "last_name": "Smith"}},
		"Leads":         {{"id": lead, "name": "Lead"}},
		"Opportunities": {{"id": opportunity, "name": "Opportunity"}},
		"Projects":      {{"id": project, "name": "Project"}},
		"Quotes":        {{"id": quote, "name": "Quote"}},
	}))
	return testSpace{mock, scripted(t, mockserver.InProcess(mock).RoundTrip)}
}

// seed creates n conversations as others would, and returns their ids.
func (s testSpace) seed(t testing.TB, n int) []ID {
	t.Helper()
	ids := make([]ID, n)
	for i := range ids {
		id, err := s.Create(conversationSegment, map[string]any{"phone_id": frontDesk, "recipient_phone_number": numberOf(100_000 + i)})
		must(t, err)
		ids[i] = idOf(id)
	}
	return ids
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// wantRequests checks and forgets the request log. A request is its method and
// its path below /entities/, with the fault that hit it behind.
func (s testSpace) wantRequests(t testing.TB, want ...string) {
	t.Helper()
	wantEqual(t, "requests", want, s.requests())
	s.ResetRequests()
}

func (s testSpace) requests() []string {
	var got []string
	for _, r := range s.Requests() {
		path := strings.TrimPrefix(r.Path, "/entities/")
		path = uuidPattern.ReplaceAllString(path, "{id}")
		path = strings.NewReplacer(relationSegment, "relations", conversationSegment, "conversations").Replace(path)
		got = append(got, strings.TrimRight(r.Method+" "+path+" "+r.Fault, " "))
	}
	return got
}

const (
	listConversations = "GET conversations"
	getConversation   = "GET conversations/{id}"
	batchModify       = "POST conversations/batch-modify"
	batchDelete       = "POST conversations/batch-delete"
	listRelations     = "GET relations"
	batchRestore      = "POST conversations/batch-restore"
	deleteRelations   = "POST relations/batch-delete"
)

func numberOf(i int) string { return "+1555" + leftPad(i) }

func leftPad(i int) string {
	digits := "0000000"
	for n := len(digits) - 1; n >= 0 && i > 0; n-- {
		digits = digits[:n] + string(rune('0'+i%10)) + digits[n+1:]
		i /= 10
	}
	return digits
}

// inputOf is what a conversation with the i-th number is created with.
func inputOf(i int) ConversationInput {
	return ConversationInput{PhoneID: Value(frontDesk), RecipientPhoneNumber: Value(numberOf(i))}
}

func parseQuery(t testing.TB, raw string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(raw)
	must(t, err)
	return values
}

func withinBubble(t testing.TB, begin time.Time, least, most time.Duration) {
	t.Helper()
	if took := time.Since(begin); took < least || took > most {
		t.Errorf("took %s of the bubble's time; want %s to %s", took, least, most)
	}
}

const (
	id1 = "0190978c-d6d1-de35-3f6d-7cf0a0e264db"
	id2 = "0190978c-d6d1-de35-3f6d-7cf0a0e264dc"
	id3 = "0190978c-d6d1-de35-3f6d-7cf0a0e264dd"
)

// What the service answers when it refuses a record.
const validationReply = `{
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

// together runs f n times side by side.
func together(n int, f func(i int)) {
	var callers sync.WaitGroup
	for i := range n {
		callers.Go(func() { f(i) })
	}
	callers.Wait()
}

// firsts returns what page sizes were asked for, and forgets the requests.
func (s testSpace) firsts() []string {
	var firsts []string
	for _, request := range s.Requests() {
		firsts = append(firsts, request.Query.Get("first"))
	}
	s.ResetRequests()
	return firsts
}

var replySeeds = []string{
	"", "null", "[]", "<html>", `"` + id1 + `"`, validationReply,
	`{"success":true,"data":{"id":"` + id1 + `","revision":7,"account_relations":["` + id2 + `"]}}`,
	`{"success":true,"data":{"id":"` + id1 + `","revision":7,"created":"2024-07-09 12:51:48.050073+00:00","account_relations":[{"id":"` + id2 + `","account_id":null}]}}`,
	`{"success":true,"total":2,"page_info":{"end_cursor":"x","has_next_page":true},"data":[{"id":"` + id1 + `","revision":7,"revision":7},{"id":null}]}`,
	`{"success":true,"data":["` + id1 + `",{"success":false,"http_status":422}]}`,
	`{"success":true,"data":[{"id":"` + id1 + `","revision":7},null]}`,
	`{"status":404,"message":"x","errorcode":null,"traceback":null}`,
	`{"success":true,"data":[` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `]}`,
}

var errForEver = errors.New("asks for ever")

// repeating answers every request in the same way, but not for ever.
func repeating(status int, body, retryAfter string) roundTripper {
	var asked atomic.Int64
	return func(r *http.Request) (*http.Response, error) {
		if asked.Add(1) > 1000 {
			return nil, errForEver
		}
		wroteHeaders(r)
		return answer(r, status, body, "Retry-After: "+retryAfter), nil
	}
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_ = err.Error()
	if errors.Is(err, errForEver) {
		t.Error(err)
	}
	_ = ProblemOf(err)
	if reply, ok := errors.AsType[*ReplyError](err); ok {
		wantPrintable(t, reply.Snippet)
	}
	if api, ok := errors.AsType[*APIError](err); ok {
		for _, field := range api.FieldErrors {
			_ = field.Text()
		}
	}
}
