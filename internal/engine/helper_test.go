package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
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
	unknown     = idOf("00000000-0000-4000-8000-00000000ffff") // names nothing
)

const (
	conversationSegment = "TextMessageConversations"
	relationSegment     = "TextMessageConversationRelationses"

	testUser     = "user"
	testPassword = "correct horse battery"
)

func idOf(s string) client.ID {
	id, err := client.ParseID(s)
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

func wantProblem(t testing.TB, err error, want client.Problem) {
	t.Helper()
	if got := client.ProblemOf(err); got != want || err == nil {
		t.Errorf("the problem is %d, want %d: %v", got, want, err)
	}
}

// comparable ones whose fields cmp can't see.
var comparers = cmp.Options{
	cmp.Comparer(func(a, b client.ID) bool { return a == b }),
	cmp.Comparer(func(a, b client.Time) bool { return a.Equal(b.Time) }),
	cmpopts.IgnoreUnexported(client.APIError{}),
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

// A testConfig is all that can be set.
type testConfig struct {
	client.Config
	Settings
}

// scriptedEngine returns an engine whose requests are answered by next.
func scriptedEngine(t testing.TB, next roundTripper, configure ...func(*testConfig)) *Engine {
	t.Helper()
	config := testConfig{client.Defaults(), Defaults()}
	config.ServiceURL, config.SpaceID = "https://crm.example", "acme_sales"
	config.Username, config.Password = testUser, testPassword
	for _, f := range configure {
		f(&config)
	}
	config.Transport = next
	return newEngine(t, config)
}

func newEngine(t testing.TB, config testConfig) *Engine {
	t.Helper()
	c, err := client.New(config.Config)
	must(t, err)
	e, err := New(c, config.Settings)
	must(t, err)
	return e
}

// A network stands between an engine and the mock. It can be exchanged.
type network struct{ http.RoundTripper }

// A testSpace is a mock of the CRM with an engine and its client.
type testSpace struct {
	*mockserver.Server
	network *network
	client  *client.Client
	engine  *Engine
}

// newSpace must be called inside the synctest bubble, if there is one.
func newSpace(t testing.TB, behavior mockserver.Behavior, configure ...func(*testConfig)) testSpace {
	t.Helper()
	mock, err := mockserver.New(mockserver.Options{Username: testUser, Password: testPassword, Space: "acme_sales", Behavior: behavior, Latency: time.Millisecond})
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
	n := &network{mockserver.InProcess(mock)}
	e := scriptedEngine(t, func(r *http.Request) (*http.Response, error) { return n.RoundTrip(r) }, configure...)
	return testSpace{mock, n, e.api, e}
}

// seed creates n conversations as others would, and returns their ids.
func (s testSpace) seed(t testing.TB, n int) []client.ID {
	t.Helper()
	ids := make([]client.ID, n)
	for i := range ids {
		id, err := s.Create(conversationSegment, map[string]any{"phone_id": frontDesk, "recipient_phone_number": numberOf(100_000 + i)})
		must(t, err)
		ids[i] = idOf(id)
	}
	return ids
}

// live returns the conversations that the server holds and that are not deleted.
func (s testSpace) live() []map[string]any {
	var live []map[string]any
	for _, r := range s.Records(conversationSegment) {
		if r["is_deleted"] != true {
			live = append(live, r)
		}
	}
	return live
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

// newConversation is the input for a conversation with the i-th number.
func newConversation(i int) conversationChange {
	return conversationChange{Input: inputOf(i)}
}

type (
	conversationChange = Change[client.ConversationInput]
	messageChange      = Change[client.MessageInput]
)

// inputOf is what a conversation with the i-th number is created with.
func inputOf(i int) client.ConversationInput {
	return client.ConversationInput{PhoneID: client.Value(frontDesk), RecipientPhoneNumber: client.Value(numberOf(i))}
}

// create is CreateOrUpdate of a conversation with the i-th number, which must go well.
func (s testSpace) create(ctx context.Context, t testing.TB, i int) client.Conversation {
	t.Helper()
	got, err := s.engine.Conversations.writeOne(ctx, newConversation(i), 0)
	must(t, err)
	return got
}

// linked returns an input with its accounts.
func linked(change conversationChange, accounts ...client.ID) conversationChange {
	change.Input.AccountRelations = client.RelationKinds[0].Links(accounts)
	return change
}

// change is the input that updates the conversation.
func change(c client.Conversation) conversationChange {
	return conversationChange{Input: client.ConversationInput{Head: client.Head{ID: client.Value(c.ID), Revision: client.Value(c.Revision)}}}
}

func texts(ids ...client.ID) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
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

func sorted(ids []client.ID) []client.ID {
	return slices.SortedFunc(slices.Values(ids), func(a, b client.ID) int { return strings.Compare(a.String(), b.String()) })
}

// replaced returns the response with all of from replaced by to.
func replaced(response *http.Response, err error, from, to string) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte(from), []byte(to))
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, nil
}

// writeOne is CreateOrUpdate for tests to which only the record and the error matter.
func (c *Collection[T, In]) writeOne(ctx context.Context, change Change[In], validationLevel int64) (T, error) {
	result := c.CreateOrUpdate(ctx, change, validationLevel)
	return result.Value, result.Err
}

// replyingEngine returns an engine whose client gets the same reply again and again.
func replyingEngine(t testing.TB, body string) *Engine {
	t.Helper()
	next := func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK, body), nil }
	return scriptedEngine(t, next, func(c *testConfig) { c.MaxRetries = 0 })
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
	_ = client.ProblemOf(err)
	if api, ok := errors.AsType[*client.APIError](err); ok {
		for _, field := range api.FieldErrors {
			_ = field.Text()
		}
	}
}
