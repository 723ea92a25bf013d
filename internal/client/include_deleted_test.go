package client

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A list and a get show a deleted record, whichever spelling of include-deleted the service honors,
// and whether it ignores or refuses the other one. What it refuses is asked for once.
func TestIncludeDeleted(t *testing.T) {
	t.Parallel()
	for honored, requests := range map[string]int{
		mockserver.Either: 1, mockserver.Hyphen: 1, mockserver.Underscore: 1, mockserver.UnderscoreOnly: 2, mockserver.HyphenOnly: 3,
	} {
		t.Run(honored, func(t *testing.T) {
			t.Parallel()
			mock := apitest.NewServer(t, mockserver.Behavior{IncludeDeleted: honored})
			s := testSpace{mock, scripted(t, mockserver.InProcess(mock).RoundTrip)}
			id := s.seed(t, 1)[0]
			apitest.Must(t, mock.SoftDelete(apitest.ConversationSegment, id.String()))
			deletedToo := Query{IncludeDeleted: true}

			// A refusal of something else decides nothing.
			_, err := s.client.Conversations.List(t.Context(), Query{IncludeDeleted: true, Filters: []Filter{{Field: "nonsense"}}})
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
