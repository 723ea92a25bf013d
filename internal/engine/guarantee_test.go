package engine

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If there are more candidates than lost creates, none is chosen, and the error names them
// all.
func TestAmbiguous(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		before := s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() { s.stranger(t, apitest.NumberOf(1)) }})
		_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
		ambiguous, _ := errors.AsType[*AmbiguousError](err)
		var want []client.ID
		for _, held := range s.live() {
			if id := idOf(held["id"].(string)); id != before[0] {
				want = append(want, id)
			}
		}
		if ambiguous == nil || sinceOf(err) == nil || !slices.Equal(sorted(want), sorted(ambiguous.IDs)) {
			t.Errorf("the error is %v; want it to name %v", err, want)
		}
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// A record that the service made after the repeat is reported as a twin, unless a lost
// create of another batch may have made it.
func TestTwins(t *testing.T) {
	t.Parallel()
	for _, lostByOthers := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.seed(t, 1)
			var late client.ID
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1},
				mockserver.Fault{Path: "batch-modify", Kind: mockserver.Latency, Times: 1, Do: func() {
					late = s.stranger(t, apitest.NumberOf(1))
					if lostByOthers {
						s.engine.claims.lose([]lostCreate{{of: Identity{frontDesk, client.PhoneNumbers{}.Canonical(apitest.NumberOf(1))}}}, 1)
					}
				}})
			result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
			apitest.Must(t, result.Err)
			if lostByOthers {
				wantEqual(t, "twins", 0, len(result.Twins))
			} else {
				wantEqual(t, "twins", []client.ID{late}, result.Twins)
			}
		})
	}
}

// An interrupt comes while the create is sent a second time. The error still names the twin.
func TestTwinsAfterAnInterrupt(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		var late client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1},
			mockserver.Fault{Path: "batch-modify", Kind: mockserver.Latency, Times: 1, Do: func() {
				late = s.stranger(t, apitest.NumberOf(1))
				interrupt()
			}})
		result := s.engine.Conversations.CreateOrUpdateMany(ctx, newConversations(2)[1:], client.WriteOptions{}, false)[0]
		apitest.Must(t, result.Err)
		wantEqual(t, "twins", []client.ID{late}, result.Twins)
	})
}

// The read-back waits for a copy that lags behind.
func TestReadBackWaitsForACopy(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		written := time.Time{}
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			switch isBehind := time.Since(written) < 3*time.Second; {
			case r.Method == http.MethodPost:
				written = time.Now()
			case isBehind && strings.HasSuffix(r.URL.Path, apitest.ConversationSegment):
				return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[],"total":0,"page_info":{"has_next_page":false}}`), nil
			case isBehind:
				return apitest.Answer(r, http.StatusNotFound, `{"success":false,"http_status":404,"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"x"}`), nil
			}
			return mock.RoundTrip(r)
		})
		wantEqual(t, "number", apitest.NumberOf(1), s.create(t.Context(), t, 1).RecipientPhoneNumber)
	})
}

// If a space shows less than its user has seen, no record counts as gone, and no change is
// sent.
func TestBehind(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		known := s.create(t.Context(), t, 1)
		s.engine.Expect(known.Revision + 100)
		_, err := s.engine.Conversations.Read(t.Context(), unknown)
		wantProblem(t, err, client.Behind)
		_, err = s.engine.Conversations.Read(t.Context(), known.ID)
		wantProblem(t, err, client.Behind)
		update := since(known)
		update.Input.RecipientContactID = client.Value(jones)
		for _, update := range []conversationChange{update, linked(update, acme)} {
			_, err = s.engine.Conversations.writeOne(t.Context(), update, 0)
			wantProblem(t, err, client.Behind)
		}
		_, err = s.engine.Conversations.writeOne(t.Context(), newConversation(2), 0)
		wantProblem(t, err, client.Behind)
		wantProblem(t, s.engine.Conversations.Delete(t.Context(), unknown, 0), client.Behind)
		wantEqual(t, "conversations", 1, len(s.live()))
	})
}

// After an interrupt, the look for a lost create goes on, and ends within the request
// timeout. A create that is still open then is remembered.
func TestInterruptWhileLooking(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		recovery, appears time.Duration
		found             bool
	}{
		"it shows":         {30 * time.Second, 10 * time.Second, true},
		"it does not show": {time.Hour, 2 * time.Hour, false},
		"it is there":      {time.Hour, time.Millisecond, true}, // the last look needn't wait any longer
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.RecoveryTimeout = test.recovery })
				s.seed(t, 1)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Do: func() {
					time.AfterFunc(test.appears, func() { s.stranger(t, apitest.NumberOf(1)) })
				}})
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				begin := time.Now()
				_, err := s.engine.Conversations.writeOne(ctx, newConversation(1), 0)
				apitest.WithinBubble(t, begin, 0, 3*time.Second+s.engine.config.RequestTimeout+time.Second)
				if test.found {
					apitest.Must(t, err)
					return
				}
				if sinceOf(err) == nil {
					t.Errorf("it is not remembered: %v", err)
				}
				time.Sleep(test.appears)
			})
		})
	}
}

// A batch with a restore goes on after an interrupt. But its lost create needn't wait any longer for the last look.
func TestInterruptOfARestoringBatch(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		known := s.create(t.Context(), t, 1)
		apitest.Must(t, s.engine.Conversations.Delete(t.Context(), known.ID, 0))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() { time.AfterFunc(time.Second, cancel) }})
		restoring := since(known)
		restoring.Restore = true
		begin := time.Now()
		results := s.engine.Conversations.CreateOrUpdateMany(ctx, []conversationChange{restoring, newConversation(2)}, client.WriteOptions{RollbackMethod: 1}, false)
		apitest.WithinBubble(t, begin, 0, 5*time.Second)
		if apitest.Must(t, results[1].Err); !results[1].Adopted {
			t.Error("the create is not adopted")
		}
	})
}

// A restored record is also updated, even if the caller gives up in between.
func TestInterruptBetweenRestoreAndUpdate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		known := s.create(t.Context(), t, 1)
		apitest.Must(t, s.engine.Conversations.Delete(t.Context(), known.ID, 0))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.Inject(mockserver.Fault{Path: "batch-restore", Kind: mockserver.Latency, Do: cancel})
		update := since(known)
		update.Restore, update.Input.RecipientContactID = true, client.Value(jones)
		result := s.engine.Conversations.CreateOrUpdateMany(ctx, []conversationChange{update}, client.WriteOptions{RollbackMethod: 1}, false)[0]
		apitest.Must(t, result.Err)
		wantEqual(t, "contact", jones, result.Value.RecipientContactID)
	})
}

// If the service asks to wait, every later request waits. The create itself is not repeated
// at once.
func TestUnavailableCreateShutsTheGate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusAfter, Status: http.StatusServiceUnavailable, RetryAfter: "20", Times: 1})
		begin := time.Now()
		got := s.create(t.Context(), t, 1)
		apitest.WithinBubble(t, begin, 20*time.Second, 31*time.Second)
		wantEqual(t, "id", s.live()[0]["id"], any(got.ID.String()))
		wantEqual(t, "conversations", 1, len(s.live()))
	})
}
