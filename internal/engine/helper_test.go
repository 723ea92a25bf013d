package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Records that the space of a test has from the start.
var (
	frontDesk   = idOf(apitest.FrontDesk)
	acme        = idOf(apitest.Acme)
	zenith      = idOf(apitest.Zenith)
	initech     = idOf(apitest.Initech)
	jones       = idOf(apitest.Jones)
	smith       = idOf(apitest.Smith)
	opportunity = idOf(apitest.Opportunity)
	quote       = idOf(apitest.Quote)
	unknown     = idOf("00000000-0000-4000-8000-00000000ffff") // names nothing
)

func idOf(s string) client.ID {
	id, err := client.ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

func wantProblem(t testing.TB, err error, want client.Problem) {
	t.Helper()
	if got := client.ProblemOf(err); got != want || err == nil {
		t.Errorf("the problem is %d, want %d: %v", got, want, err)
	}
}

// comparers compare types whose fields cmp can't see.
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

// A testConfig has all settings of a client and an engine.
type testConfig struct {
	client.Config
	Settings
}

// scriptedEngine returns an engine whose requests are answered by next.
func scriptedEngine(t testing.TB, next apitest.RoundTripper, configure ...func(*testConfig)) *Engine {
	t.Helper()
	config := testConfig{client.Defaults(), Defaults()}
	config.ServiceURL, config.SpaceID = "https://crm.example", "acme_sales"
	config.Username, config.Password = apitest.User, apitest.Password
	for _, f := range configure {
		f(&config)
	}
	config.Transport = next
	return newEngine(t, config)
}

func newEngine(t testing.TB, config testConfig) *Engine {
	t.Helper()
	c, err := client.New(config.Config)
	apitest.Must(t, err)
	e, err := New(c, config.Settings)
	apitest.Must(t, err)
	return e
}

// A network stands between an engine and the mock. A test can replace it.
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
	mock := apitest.NewServer(t, behavior)
	n := &network{mockserver.InProcess(mock)}
	e := scriptedEngine(t, func(r *http.Request) (*http.Response, error) { return n.RoundTrip(r) }, configure...)
	return testSpace{mock, n, e.api, e}
}

// intercept lets a test answer the requests of the engine, with what the mock or an earlier
// interception answers to them.
func (s testSpace) intercept(answer func(r *http.Request, mock http.RoundTripper) (*http.Response, error)) {
	mock := s.network.RoundTripper
	s.network.RoundTripper = apitest.RoundTripper(func(r *http.Request) (*http.Response, error) { return answer(r, mock) })
}

// inSpace runs a parallel test in a synctest bubble, where waiting takes no time.
func inSpace(t *testing.T, behavior mockserver.Behavior, test func(t *testing.T, s testSpace), configure ...func(*testConfig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newSpace(t, behavior, configure...)) })
}

// seed creates n conversations as others would, and returns their ids.
func (s testSpace) seed(t testing.TB, n int) []client.ID {
	t.Helper()
	ids := make([]client.ID, n)
	for i, id := range apitest.Seed(t, s.Server, n) {
		ids[i] = idOf(id)
	}
	return ids
}

// live returns the conversations that the server holds and that are not deleted.
func (s testSpace) live() []map[string]any {
	var live []map[string]any
	for _, r := range s.Records(apitest.ConversationSegment) {
		if r["is_deleted"] != true {
			live = append(live, r)
		}
	}
	return live
}

// wantRequests checks and forgets the request log. A request is its method and
// its path below /entities/, followed by the fault that hit it.
func (s testSpace) wantRequests(t testing.TB, want ...string) {
	t.Helper()
	wantEqual(t, "requests", want, s.requests())
	s.ResetRequests()
}

func (s testSpace) requests() []string { return apitest.Requests(s.Server) }

// newConversation is the input for a conversation with the i-th number.
func newConversation(i int) conversationChange {
	return conversationChange{Input: inputOf(i)}
}

type (
	conversationChange = Change[client.ConversationInput]
	messageChange      = Change[client.MessageInput]
)

// inputOf is the client's input for a conversation with the i-th number.
func inputOf(i int) client.ConversationInput {
	return client.ConversationInput{ConversationWrites: client.ConversationWrites{PhoneID: client.Value(frontDesk), RecipientPhoneNumber: client.Value(apitest.NumberOf(i))}}
}

// create creates a conversation with the i-th number, and fails the test if that fails.
func (s testSpace) create(ctx context.Context, t testing.TB, i int) client.Conversation {
	t.Helper()
	got, err := s.engine.Conversations.writeOne(ctx, newConversation(i), 0)
	apitest.Must(t, err)
	return got
}

// linked returns the change with links to the accounts.
func linked(change conversationChange, accounts ...client.ID) conversationChange {
	change.Input.AccountRelations = client.RelationKinds[0].Links(accounts)
	return change
}

// change returns an update of the conversation that sets nothing yet.
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

// writeOne is CreateOrUpdate for tests that only need the record and the error.
func (c *Collection[T, In]) writeOne(ctx context.Context, change Change[In], validationLevel int64) (T, error) {
	result := c.CreateOrUpdate(ctx, change, validationLevel)
	return result.Value, result.Err
}

// Read returns one record, as ReadMany does.
func (c *Collection[T, In]) Read(ctx context.Context, id client.ID) (T, error) {
	found, err := c.ReadMany(ctx, []client.ID{id})
	record, isThere := found[id]
	if err == nil && !isThere {
		err = &GoneError{ID: id}
	}
	return record, err
}

// replyingEngine returns an engine whose client always gets the same reply.
func replyingEngine(t testing.TB, body string) *Engine {
	t.Helper()
	next := func(r *http.Request) (*http.Response, error) { return apitest.Answer(r, http.StatusOK, body), nil }
	return scriptedEngine(t, next, func(c *testConfig) { c.MaxRetries = 0 })
}

// texts returns what a record holds, by the name of the field, as in the Fields of a [Baseline].
func (f fields[T, In]) texts(record *T) map[string]string {
	held := make(map[string]string, len(f))
	for _, field := range f {
		if field.held != nil {
			held[field.name] = field.held(record)
		}
	}
	return held
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_ = err.Error()
	if errors.Is(err, apitest.ErrForEver) {
		t.Error(err)
	}
	_ = client.ProblemOf(err)
	if api, ok := errors.AsType[*client.APIError](err); ok {
		for _, field := range api.FieldErrors {
			_ = field.Text()
		}
	}
}
