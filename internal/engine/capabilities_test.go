package engine

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The engine logs each capability that the service refuses, and a listing that it gives up,
// just once.
func TestWhatWasLearnedIsSaid(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	refusing := mockserver.Behavior{RevisionFilter: mockserver.Refused, GetParameters: mockserver.Refused}
	s := newSpace(t, refusing, func(c *testConfig) {
		c.Logger = slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	ids := s.seed(t, 3)
	s.Inject(mockserver.Fault{Method: http.MethodGet, Path: "TextMessageConversations", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Times: 1})
	for range 2 {
		for _, id := range ids {
			_, err := s.engine.Conversations.Read(t.Context(), id)
			apitest.Must(t, err)
		}
		_, err := s.engine.Conversations.FetchMany(t.Context(), ids, 1)
		apitest.Must(t, err)
		s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply, Skip: 1, Times: 1})
		_, err = s.engine.Conversations.Get(t.Context(), unknown)
		wantProblem(t, err, client.NotFound)
	}
	for _, want := range []string{`capability="filter on revision"`, `capability="parameters of a get"`, `capability="filter on id"`, "giving up a listing"} {
		wantEqual(t, want, 1, strings.Count(logs.String(), want))
	}
}

// A list that is refused without the filter, too, says nothing about the filter.
func TestRefusedForAnotherReason(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	ids := s.seed(t, 3)
	s.Inject(mockserver.Fault{Method: http.MethodGet, Path: apitest.ConversationSegment, Kind: mockserver.StatusReply, Status: 422, Envelope: true, Times: 2})
	_, err := s.engine.Conversations.FetchMany(t.Context(), ids, 1)
	apitest.Must(t, err)
	wantEqual(t, "the filter is unsupported", false, s.engine.unsupported.has(revisionFilter))
}

// An entity whose records show no revisions says nothing of how the service filters and orders by
// them.
func TestEntityWithoutRevisions(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 3)[0]
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/Phones") {
				return apitest.Answer(r, http.StatusOK, `{"success":true,"total":500,"page_info":{"has_next_page":true,"end_cursor":"x"},`+
					`"data":[{"id":"`+apitest.ID1+`"},{"id":"`+apitest.ID2+`"}]}`), nil
			}
			return mock.RoundTrip(r)
		})
		s.engine.Expect(int64(s.Revision()) + 1)
		_, err := s.engine.Conversations.Read(t.Context(), id)
		wantProblem(t, err, client.Behind)
		for _, capability := range []string{revisionFilter, revisionOrder} {
			wantEqual(t, capability+" is unsupported", false, s.engine.unsupported.has(capability))
		}
	})
}
