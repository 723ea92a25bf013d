package client

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Records that the space of a test has from the start.
var (
	frontDesk   = idOf(apitest.FrontDesk)
	acme        = idOf(apitest.Acme)
	zenith      = idOf(apitest.Zenith)
	jones       = idOf(apitest.Jones)
	opportunity = idOf(apitest.Opportunity)
)

func idOf(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

func wantProblem(t testing.TB, err error, want Problem) {
	t.Helper()
	if got := ProblemOf(err); got != want || err == nil {
		t.Errorf("the problem is %d, want %d: %v", got, want, err)
	}
}

// comparers compare types whose fields cmp can't see.
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

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// scripted returns a client whose requests are answered by next.
func scripted(t testing.TB, next apitest.RoundTripper, configure ...func(*Config)) *Client {
	t.Helper()
	config := Defaults()
	config.ServiceURL, config.SpaceID = "https://crm.example", "acme_sales"
	config.Username, config.Password = apitest.User, apitest.Password
	for _, f := range configure {
		f(&config)
	}
	config.Transport = next
	c, err := New(config)
	apitest.Must(t, err)
	return c
}

// A testSpace is a mock of the CRM with a client.
type testSpace struct {
	*mockserver.Server
	client *Client
}

// newSpace must be called inside the synctest bubble, if there is one.
func newSpace(t testing.TB) testSpace {
	t.Helper()
	mock := apitest.NewServer(t, mockserver.Behavior{})
	return testSpace{mock, scripted(t, mockserver.InProcess(mock).RoundTrip)}
}

// seed creates n conversations as others would, and returns their ids.
func (s testSpace) seed(t testing.TB, n int) []ID {
	t.Helper()
	ids := make([]ID, n)
	for i, id := range apitest.Seed(t, s.Server, n) {
		ids[i] = idOf(id)
	}
	return ids
}

// wantRequests checks and forgets the request log. A request is its method and
// its path below /entities/, followed by the fault that hit it.
func (s testSpace) wantRequests(t testing.TB, want ...string) {
	t.Helper()
	wantEqual(t, "requests", want, s.requests())
	s.ResetRequests()
}

func (s testSpace) requests() []string { return apitest.Requests(s.Server) }

// inputOf returns the input that creates a conversation with the i-th number.
func inputOf(i int) ConversationInput {
	return ConversationInput{ConversationWrites: ConversationWrites{PhoneID: Value(frontDesk), RecipientPhoneNumber: Value(apitest.NumberOf(i))}}
}

// firsts returns the page sizes of the requests, and forgets the requests.
func (s testSpace) firsts() []string {
	var firsts []string
	for _, request := range s.Requests() {
		firsts = append(firsts, request.Query.Get("first"))
	}
	s.ResetRequests()
	return firsts
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
