package client

import (
	"net/http"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A list and a get show a deleted record, whichever name of include-deleted the service honors, and whether it
// ignores or refuses the other one. The client sends a refused name only once.
func TestIncludeDeleted(t *testing.T) {
	t.Parallel()
	for honored, requests := range map[string]int{
		mockserver.Either: 1, mockserver.Hyphen: 1, mockserver.Underscore: 1, mockserver.HyphenOnly: 2, mockserver.UnderscoreOnly: 3,
	} {
		t.Run(honored, func(t *testing.T) {
			t.Parallel()
			mock := apitest.NewServer(t, mockserver.Behavior{IncludeDeleted: honored})
			s := testSpace{mock, scripted(t, mockserver.InProcess(mock).RoundTrip)}
			id := s.seed(t, 1)[0]
			apitest.Must(t, mock.SoftDelete(apitest.ConversationSegment, id.String()))
			deletedToo := Query{IncludeDeleted: true}

			// A refusal of something else and the reply of a proxy decide nothing.
			s.Inject(mockserver.Fault{Kind: mockserver.ReplaceReply, Reply: "<html>Log in</html>", Times: 1})
			_, err := s.client.Conversations.List(t.Context(), deletedToo)
			wantProblem(t, err, UnexpectedReply)
			_, err = s.client.Conversations.List(t.Context(), Query{IncludeDeleted: true, Filters: []Filter{{Field: "nonsense"}}})
			wantProblem(t, err, Refused)
			s.ResetRequests()
			page, err := s.client.Conversations.List(t.Context(), deletedToo)
			apitest.Must(t, err)
			wantEqual(t, "listed", 1, len(page.Records))
			wantEqual(t, "requests", requests, len(s.requests()))
			s.ResetRequests()

			got, err := s.client.Conversations.Get(t.Context(), id, deletedToo)
			apitest.Must(t, err)
			wantEqual(t, "is deleted", true, got.IsDeleted)
			_, err = s.client.Conversations.List(t.Context(), Query{IncludeDeleted: true, Filters: []Filter{{Field: "nonsense"}}})
			wantProblem(t, err, Refused)
			wantEqual(t, "further requests", 2, len(s.requests()))
		})
	}
}

// A service may refuse a parameter with an error object in a reply that has the status 200.
func TestIncludeDeletedRefusedWithStatus200(t *testing.T) {
	t.Parallel()
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Has("include_deleted") {
			return apitest.Answer(r, http.StatusOK, `{"success":false,"http_status":400,"code":117,"name":"X","message":"Unknown parameter"}`), nil
		}
		return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[]}`), nil
	})
	_, err := c.Conversations.List(t.Context(), Query{IncludeDeleted: true})
	apitest.Must(t, err)
}
