package engine

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A thousand callers each create a conversation, while one reply in ten gets lost after the
// request was carried out. Every caller gets its own conversation, and the space holds no
// more than these.
func TestThousandCreatesWithLostReplies(t *testing.T) {
	t.Parallel()
	const creates, batch, lossesIn = 1_000, 10, 10
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize = batch })
		random := rand.New(rand.NewPCG(creates, lossesIn)) //nolint:gosec // repeatable
		var mu sync.Mutex                                  // guards random
		var lost atomic.Int64
		s.intercept(func(r *http.Request, answered http.RoundTripper) (*http.Response, error) {
			response, err := answered.RoundTrip(r)
			mu.Lock()
			lose := random.IntN(lossesIn) == 0
			mu.Unlock()
			if err != nil || !lose {
				return response, err
			}
			if r.Method == http.MethodPost {
				lost.Add(1)
			}
			return nil, mockserver.ErrDropped
		})
		ids := make([]client.ID, creates)
		apitest.Together(creates, func(i int) {
			got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i/2), 0) // each number twice
			if err != nil || got.RecipientPhoneNumber != apitest.NumberOf(i/2) {
				t.Errorf("%d: %s, %v", i, got.RecipientPhoneNumber, err)
			}
			ids[i] = got.ID
		})
		owners := map[string]int{}
		for _, id := range ids {
			owners[id.String()]++
		}
		doubled, orphans := 0, 0
		live := s.live()
		for _, record := range live {
			id, _ := record["id"].(string)
			switch owners[id] {
			case 0:
				orphans++
			case 1:
			default:
				doubled++
			}
		}
		t.Logf("%d creates in %d requests, of which %d had their reply lost: %d conversations, %d orphans, %d with several owners",
			creates, len(s.Requests()), lost.Load(), len(live), orphans, doubled)
		wantEqual(t, "conversations, owned, orphans, doubled", []int{creates, creates, 0, 0}, []int{len(live), len(owners), orphans, doubled})
		if lost.Load() == 0 {
			t.Error("no reply was lost")
		}
	})
}
