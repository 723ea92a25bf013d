package engine

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create drops the record that it has adopted, because the service refuses to update it. The
// owner of the record, who claims it later, is not told that it was adopted.
func TestDisownedIsNotAdopted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{})
		create := s.openAttempt(t)
		theirs := s.stranger(t, apitest.NumberOf(5))
		create.Input.RecipientContactID = client.Value(jones)
		s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Envelope: true})
		wantProblem(t, s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0).Err, client.Refused)
		taken, _ := s.engine.Conversations.Known(theirs)
		wantEqual(t, "taken", 0, len(taken))
	})
}
