package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// n reads in a space of t records cost at most 2·min(n, ⌈t/100⌉)+2 requests, in any order
// and with any concurrency. A few reads cost half of that.
func TestReadsAreBalanced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ reads, space, atOnce int }{
		{1, 1, 1},
		{1, 1500, 1},
		{2, 1500, 1},
		{2, 100, 1},
		{12, 1500, 1},
		{30, 1500, 1},
		{60, 1500, 1},
		{200, 1500, 1},
		{1000, 1000, 1},
		{1000, 1000, 10},
		{50, 1500, 10},
		{1500, 1500, 10},
		{101, 101, 3},
	} {
		t.Run(fmt.Sprintf("%d of %d, %d at once", test.reads, test.space, test.atOnce), func(t *testing.T) {
			t.Parallel()
			space := newSpace(t, mockserver.Behavior{})
			ids := space.seed(t, test.space)
			work := make(chan client.ID, test.reads)
			for i := range test.reads {
				work <- ids[len(ids)-1-i*len(ids)/test.reads] // spread over all, newest first
			}
			close(work)
			var readers sync.WaitGroup
			for range test.atOnce {
				readers.Go(func() {
					for id := range work {
						got, err := space.engine.Conversations.Read(context.Background(), id)
						if err != nil || got.ID != id || got.PhoneID != frontDesk {
							t.Errorf("Read(%s) = %v, %v", id, got.ID, err)
						}
					}
				})
			}
			readers.Wait()
			pages := pagesFor(test.space)
			most := 2*min(test.reads, pages) + 2
			if test.reads < pages { // a page, and a get for each record
				most = test.reads + 1
			}
			if made := len(space.Requests()); made > most {
				t.Errorf("%d requests; want at most %d", made, most)
			}
		})
	}
}

// A list never answers for a record that has changed since, and for no record twice.
func TestReadIsCurrent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	space := newSpace(t, mockserver.Behavior{})
	ids := space.seed(t, 10)
	for _, id := range ids[:5] { // from the second read on, a list answers
		_, err := space.engine.Conversations.Read(ctx, id)
		apitest.Must(t, err)
	}
	edited := func(id client.ID) {
		apitest.Must(t, space.Edit(apitest.ConversationSegment, id.String(), map[string]any{"recipient_account_id": acme.String()}))
	}
	current := func(what string, id client.ID) {
		t.Helper()
		got, err := space.engine.Conversations.Read(ctx, id)
		apitest.Must(t, err)
		wantEqual(t, what, acme, got.RecipientAccountID)
	}
	_, err := space.engine.Conversations.writeOne(ctx, conversationChange{Input: client.ConversationInput{Head: client.Head{ID: client.Value(ids[6]), Revision: client.Value(int64(1))}, ConversationWrites: client.ConversationWrites{RecipientAccountID: client.Value(acme)}}}, 0)
	apitest.Must(t, err)
	current("a conversation that this client has changed", ids[6])
	edited(ids[3])
	current("a conversation that is read a second time", ids[3])
	apitest.Must(t, space.Purge(apitest.ConversationSegment, ids[0].String()))
	_, err = space.engine.Conversations.Read(ctx, ids[0])
	wantProblem(t, err, client.NotFound)
}

// Reading goes on if the service refuses to list.
func TestReadWithoutList(t *testing.T) {
	t.Parallel()
	space := newSpace(t, mockserver.Behavior{})
	ids := space.seed(t, 10)
	space.Inject(mockserver.Fault{Method: "GET", Path: "/" + apitest.ConversationSegment + "/"}, mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 403})
	for _, id := range ids {
		got, err := space.engine.Conversations.Read(context.Background(), id)
		apitest.Must(t, err)
		wantEqual(t, "the record", id, got.ID)
	}
}
