package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

type conversations = Collection[client.Conversation, client.ConversationInput]

// Several maps cost as many requests as one map with all their entries, read concurrently
// or one by one. Single resources that are read with them cost no more.
func TestReadersShareAList(t *testing.T) {
	t.Parallel()
	const readers, each, singles = 8, 250, 20
	for _, together := range []bool{true, false} {
		for _, others := range []int{0, 1000} {
			t.Run(fmt.Sprintf("together %t, %d others", together, others), func(t *testing.T) {
				t.Parallel()
				s := newSpace(t, mockserver.Behavior{})
				s.seed(t, others)
				ids := s.seed(t, readers*each)
				read := func(i int) {
					got, err := s.engine.Conversations.ReadMany(t.Context(), ids[i*each+singles:(i+1)*each])
					if err != nil || len(got) != each-singles {
						t.Errorf("reader %d: %d found, %v", i, len(got), err)
					}
					for _, id := range ids[i*each : i*each+singles] {
						if got, err := s.engine.Conversations.Read(t.Context(), id); err != nil || got.ID != id {
							t.Errorf("reader %d: %s, %v", i, got.ID, err)
						}
					}
				}
				if together {
					apitest.Together(readers, read)
				} else {
					for i := range readers {
						read(i)
					}
				}
				if made, most := len(s.Requests()), readers*each/client.MaxPageSize; made > most {
					t.Errorf("%d requests; want at most %d", made, most)
				}
				s.ResetRequests()
				again, err := s.engine.Conversations.ReadMany(t.Context(), ids[:each])
				apitest.Must(t, err)
				wantEqual(t, "found the second time", each, len(again))
				if made, most := len(s.Requests()), (others+len(ids))/client.MaxPageSize; made > most {
					t.Errorf("%d requests the second time; want at most %d", made, most)
				}
			})
		}
	}
}

// If the service can't be reached, the readers that wait for the list, or come a moment later, share
// the failure of the one that has tried: a refresh of many resources doesn't wait for each of them in
// turn. A later reader tries again.
func TestReadersShareAFailure(t *testing.T) {
	t.Parallel()
	const readers = 10
	for name, test := range map[string]struct {
		status   int // of each reply, 0 for none
		problem  client.Problem
		requests int  // each sent as often as is tried
		expects  bool // the caller has seen a revision of the space, so the readers first ask for the newest
	}{
		"refused connections": {0, client.Unreachable, 1, false},
		"bad gateway":         {http.StatusBadGateway, client.Unavailable, 1 + readers, false}, // gets may still be answered
		"service unavailable": {http.StatusServiceUnavailable, client.Unavailable, 1, false},
		"of a proxy":          {520, client.Unavailable, 1 + readers, false},
		"gateway timeout":     {http.StatusGatewayTimeout, client.Unavailable, 1 + readers, false},
		"behind a gateway":    {http.StatusBadGateway, client.Unavailable, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				ids := s.seed(t, readers)
				if test.expects {
					s.engine.Expect(int64(s.Revision()))
				}
				var tries atomic.Int32
				working := s.network.RoundTripper
				s.network.RoundTripper = apitest.RoundTripper(func(r *http.Request) (*http.Response, error) {
					tries.Add(1)
					if test.status == 0 {
						return nil, errors.New("connection refused")
					}
					return &http.Response{StatusCode: test.status, Body: http.NoBody, Request: r}, nil
				})
				apitest.Together(readers, func(i int) {
					_, err := s.engine.Conversations.Read(t.Context(), ids[i])
					wantProblem(t, err, test.problem)
				})
				_, err := s.engine.Conversations.Read(t.Context(), ids[0]) // a moment later
				wantProblem(t, err, test.problem)
				wantEqual(t, "requests", test.requests*(1+client.Defaults().MaxRetries), int(tries.Load()))

				time.Sleep(fresh)
				s.network.RoundTripper = working
				for _, id := range ids {
					got, err := s.engine.Conversations.Read(t.Context(), id)
					apitest.Must(t, err)
					wantEqual(t, "id", id, got.ID)
				}
			})
		})
	}
}

// So do creates that come one after another. They ask for the newest revision first.
func TestCreatesShareAFailure(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusServiceUnavailable})
		for i := range 3 {
			wantProblem(t, s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(i), 0).Err, client.Unavailable)
		}
		wantEqual(t, "requests", 1+client.Defaults().MaxRetries, len(s.Requests()))

		time.Sleep(fresh)
		s.ClearFaults()
		apitest.Must(t, s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0).Err)
	})
}

// If a gateway fails only at lists, gets answer all readers.
func TestListsThatAreTooLong(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadGateway, http.StatusGatewayTimeout, 524} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				ids := s.seed(t, 10)
				s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: status, Path: "/entities/" + apitest.ConversationSegment, Times: 5})
				got, err := s.engine.Conversations.ReadMany(t.Context(), ids)
				apitest.Must(t, err)
				wantEqual(t, "found", len(ids), len(got))
				wantEqual(t, "requests", 1+client.Defaults().MaxRetries+len(ids), len(s.Requests()))
			})
		})
	}
}

// The service fails to answer the get of a record that the list lacks. Readers of what the list has
// shown need no request, so they don't share that failure.
func TestListedRecordsAreReadAfterAFailure(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 10)
		_, err := s.engine.Conversations.Read(t.Context(), ids[0])
		apitest.Must(t, err)
		missing := idOf("00000000-0000-4000-8000-00000000fffe")
		s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusBadGateway, Path: missing.String()})
		_, err = s.engine.Conversations.Read(t.Context(), missing)
		wantProblem(t, err, client.Unavailable)
		got, err := s.engine.Conversations.ReadMany(t.Context(), ids[1:])
		apitest.Must(t, err)
		wantEqual(t, "found", len(ids)-1, len(got))
		_, err = s.engine.Conversations.Read(t.Context(), unknown) // this one does
		wantProblem(t, err, client.Unavailable)
	})
}

// Independent readers of one space together cost at most twice as much as the cheapest way
// would cost each of them.
func TestSharedListIsBalanced(t *testing.T) {
	t.Parallel()
	const records = 6000
	s := newSpace(t, mockserver.Behavior{})
	ids := s.seed(t, records)
	cheapest := 0
	for i, test := range []struct{ first, count, cheapest int }{
		{0, 10, 10}, {5900, 100, 1}, {3000, 1, 1}, {10, 150, records / client.MaxPageSize}, {1000, 30, 30}, {2000, 1, 1},
	} {
		cheapest += test.cheapest
		wanted := ids[test.first : test.first+test.count]
		got, err := s.engine.Conversations.ReadMany(t.Context(), wanted)
		apitest.Must(t, err)
		wantEqual(t, fmt.Sprint("found by reader ", i), test.count, len(got))
		if made := len(s.Requests()); made > 2*cheapest+2 {
			t.Errorf("reader %d: %d requests so far; want at most %d", i, made, 2*cheapest+2)
		}
	}
}

// A record that was read before the space showed all that its user has seen does not count:
// neither for that reader, nor for a later one whose user has seen more.
func TestReadTooEarly(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(ctx context.Context, c *conversations, id client.ID) (client.Conversation, error){
		"one": func(ctx context.Context, c *conversations, id client.ID) (client.Conversation, error) {
			return c.Read(ctx, id)
		},
		"many": func(ctx context.Context, c *conversations, id client.ID) (client.Conversation, error) {
			got, err := c.ReadMany(ctx, []client.ID{id, unknown})
			return got[id], err
		},
		"by their ids": func(ctx context.Context, c *conversations, id client.ID) (client.Conversation, error) {
			got, err := c.FetchMany(ctx, []client.ID{id, unknown}, NoFloor)
			return got[id], err
		},
		"by its id": func(ctx context.Context, c *conversations, id client.ID) (client.Conversation, error) {
			got, err := c.FetchMany(ctx, []client.ID{id}, NoFloor)
			return got[id], err
		},
	} {
		for _, isBegun := range []bool{false, true} {
			for _, isNew := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, list begun %t, record new %t", name, isBegun, isNew), func(t *testing.T) {
					inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
						ids := s.seed(t, 5)
						if isBegun {
							_, err := s.engine.Conversations.Read(t.Context(), ids[0])
							apitest.Must(t, err)
						}
						s.SetLag(3 * time.Second)
						id := ids[1]
						if isNew {
							created, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk})
							apitest.Must(t, err)
							id = idOf(created)
						}
						s.edit(t, id, map[string]any{"recipient_account_id": acme.String()})
						s.engine.Expect(int64(s.Revision()))
						got, err := read(t.Context(), s.engine.Conversations, id)
						apitest.Must(t, err)
						wantEqual(t, "account", acme, got.RecipientAccountID)
					})
				})
			}
		}
	}
}

// The shared list begins anew, because a later reader's user has seen more. It answers no reader with a record from
// before, and keeps the older as-of for the records that earlier readers have got.
func TestListBegunAnew(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2*client.MaxPageSize)
		changed, others := ids[0], ids[client.MaxPageSize:]
		_, err := s.engine.Conversations.ReadMany(t.Context(), ids[1:client.MaxPageSize])
		apitest.Must(t, err)
		asOf := s.engine.Conversations.ListedAsOf()
		s.edit(t, changed, map[string]any{"recipient_account_id": acme.String()})
		for _, id := range others { // so that the first page does not show it
			s.edit(t, id, map[string]any{"recipient_contact_id": smith.String()})
		}
		s.engine.Expect(int64(s.Revision()))
		for _, id := range []client.ID{others[0], changed} {
			got, err := s.engine.Conversations.Read(t.Context(), id)
			apitest.Must(t, err)
			wantEqual(t, "revision", s.record(t, id)["revision"], any(int(got.Revision)))
		}
		wantEqual(t, "as-of", asOf, s.engine.Conversations.ListedAsOf())
	})
}

// A list has shown a conversation, which a create then adopts and completes. The list no longer
// answers for it.
func TestAdoptedIsReadAnew(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		made := s.stranger(t, apitest.NumberOf(5))
		_, err := s.engine.Conversations.ReadMany(t.Context(), []client.ID{idOf(s.live()[0]["id"].(string))})
		apitest.Must(t, err)
		attempt.Input.RecipientContactID = client.Value(jones)
		adopted := s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
		apitest.Must(t, adopted.Err)
		wantEqual(t, "adopted", made, adopted.Value.ID)
		got, err := s.engine.Conversations.Read(t.Context(), made)
		apitest.Must(t, err)
		wantEqual(t, "contact", jones, got.RecipientContactID)
	})
}

// Readers that come at the same time are answered from one list, each for its own record.
func TestReadEach(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 20)
		s.ResetRequests()
		found, err := s.engine.Conversations.ReadEach(t.Context(), ids)
		apitest.Must(t, err)
		wantEqual(t, "found", len(ids), len(found))
		s.wantRequests(t, "GET conversations")
		found, err = s.engine.Conversations.ReadEach(t.Context(), []client.ID{ids[0], unknown})
		apitest.Must(t, err)
		wantEqual(t, "found, beside one that does not exist", 1, len(found))
	})
}
