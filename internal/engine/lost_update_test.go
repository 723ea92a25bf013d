package engine

import (
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A lagging copy does not show an update whose reply is lost. The engine does not send it again at once if that would
// make a link twice. It does not report it as refused if only its own revision was in the way of the second request.
func TestLostUpdateShowsLate(t *testing.T) {
	t.Parallel()
	for name, behavior := range map[string]mockserver.Behavior{
		"a link":     {ArrayUpdate: mockserver.Merge},
		"an account": {StaleRevision: mockserver.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, behavior, func(t *testing.T, s testSpace) {
				made := s.create(t.Context(), t, 1)
				update := conversationChange{Input: client.ConversationInput{Head: client.Head{ID: client.Value(made.ID), Revision: client.Value(made.Revision)}}}
				if name == "a link" {
					update.Input.AccountRelations = client.RelationKinds[0].Links([]client.ID{acme})
				} else {
					update.Input.RecipientAccountID = client.Value(acme)
				}
				s.SetLag(4 * time.Second)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				time.Sleep(10 * time.Second)
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), update, 0)
				apitest.Must(t, result.Err)
				links, _ := update.Input.AccountRelations.Get()
				wantEqual(t, "links", len(links), len(result.Value.AccountRelations))
			})
		})
	}
}
