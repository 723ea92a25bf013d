package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func newConversations(n int) []conversationChange {
	inputs := make([]conversationChange, n)
	for i := range inputs {
		inputs[i] = newConversation(i)
	}
	return inputs
}

func TestMany(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), newConversations(250), client.WriteOptions{RollbackMethod: 1}, false)
		var ids []client.ID
		for i, result := range results {
			if result.Err != nil || result.Value.RecipientPhoneNumber != apitest.NumberOf(i) {
				t.Errorf("result %d: %s, %v", i, result.Value.RecipientPhoneNumber, result.Err)
			}
			ids = append(ids, result.Value.ID)
		}
		s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.BatchModify, apitest.BatchModify, apitest.ListConversations, apitest.ListConversations, apitest.ListConversations)

		for i, err := range s.engine.Conversations.DeleteMany(t.Context(), append(ids, unknown), 0) {
			if err != nil {
				t.Errorf("delete %d: %v", i, err)
			}
		}
		s.wantRequests(t, apitest.BatchDelete, apitest.BatchDelete, apitest.BatchDelete, apitest.GetConversation, apitest.ListConversations)
		wantEqual(t, "conversations", 0, len(s.live()))
	})
}

// All or nothing applies to all requests together, in whatever form the service reports a
// rollback, and whatever gets lost.
func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	const culprit = 7
	for name, faults := range map[string][]mockserver.Fault{
		"well":            nil,
		"replies lost":    {{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 2}},
		"requests lost":   {{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 2}},
		"a delete lost":   {{Path: "batch-delete", Kind: mockserver.StatusAfter, Status: http.StatusBadGateway, Times: 1}},
		"replies garbled": {{Kind: mockserver.ShortArray, Path: "batch", Times: 3}},
	} {
		for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
			t.Run(name+", "+reply, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSpace(t, mockserver.Behavior{RollbackReply: reply}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 5, 2 })
					s.Inject(faults...)
					inputs := newConversations(20)
					inputs[culprit].Input.PhoneID = client.Value(unknown)
					results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{}, true)
					wantEqual(t, "conversations", 0, len(s.live()))
					for i, result := range results {
						isUnread := errors.As(result.Err, new(*UnreadError)) // nothing is left to be read
						if result.Err == nil || isUnread || !result.Value.ID.IsZero() && !errors.Is(result.Err, ErrUndone) {
							t.Errorf("result %d: %s, %v", i, result.Value.ID, result.Err)
						}
					}
					wantProblem(t, results[culprit].Err, client.RelationNotFound)
					if says := errors.Is(results[5].Err, ErrRolledBack); faults == nil && says != (reply == mockserver.Indexed) {
						t.Errorf("the neighbour: %v", results[5].Err)
					}
				})
			})
		}
	}
}

// Where reads lag behind, an undo waits for what it is to delete.
func TestAllOrNothingOfACopy(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.SetLag(5 * time.Second)
		inputs := newConversations(6)
		inputs[5].Input.PhoneID = client.Value(unknown)
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{}, true)
		wantEqual(t, "conversations", 0, len(s.live()))
		if !errors.Is(results[0].Err, ErrUndone) {
			t.Errorf("the first result is %v", results[0].Err)
		}
	}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 2, 1 })
}

// Several copies answer, and each lacks another record. An undo deletes what any of them has shown.
func TestAllOrNothingOfSeveralCopies(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		begin := time.Now()
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			live := s.live()
			if r.Method != http.MethodGet || len(live) < 2 {
				return mock.RoundTrip(r)
			}
			shown, hidden := live[0], live[1]
			if time.Since(begin) > 500*time.Millisecond {
				shown, hidden = hidden, shown
			}
			if strings.HasSuffix(r.URL.Path, apitest.ConversationSegment) {
				text, err := json.Marshal(map[string]any{"success": true, "data": []any{shown}})
				apitest.Must(t, err)
				return apitest.Answer(r, http.StatusOK, string(text)), nil
			}
			r.URL.Path = strings.ReplaceAll(r.URL.Path, fmt.Sprint(hidden["id"]), unknown.String())
			return mock.RoundTrip(r)
		})
		inputs := newConversations(3)
		inputs[2].Input.PhoneID = client.Value(unknown)
		s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{}, true)
		wantEqual(t, "conversations", 0, len(s.live()))
	}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 1, 1 })
}

// The result names a record that could not be deleted again.
func TestLeftover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 2, 1 })
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: http.StatusForbidden})
		inputs := newConversations(6)
		inputs[3].Input.PhoneID = client.Value(unknown)
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{}, true)
		for i, result := range results {
			var leftover *LeftoverError
			if left := errors.As(result.Err, &leftover); left != (i < 2) || left && fmt.Sprint(s.live()[i]["id"]) != leftover.ID.String() {
				t.Errorf("result %d: %v", i, result.Err)
			}
			if notSent := errors.Is(result.Err, ErrNotSent); notSent != (i >= 4) {
				t.Errorf("result %d: %v", i, result.Err)
			}
		}
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// An updated record is not deleted because another change failed.
func TestAllOrNothingKeepsUpdates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 1, 1 })
		before := s.create(t.Context(), t, 0)
		update := change(before)
		update.Input.RecipientContactID = client.Value(jones)
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{update, newConversation(1), {Input: client.ConversationInput{ConversationWrites: client.ConversationWrites{PhoneID: client.Value(unknown)}}}}, client.WriteOptions{}, true)
		apitest.Must(t, results[0].Err)
		wantEqual(t, "the update", jones, results[0].Value.RecipientContactID)
		wantEqual(t, "conversations", 1, len(s.live()))
	})
}

// If the links of one update can't be read, it is not sent. What was created beside it is not
// deleted either, because it can't be read: it may have existed before.
func TestAllOrNothingPrepares(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		before := s.create(t.Context(), t, 0)
		s.ResetRequests()
		s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusForbidden})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1), linked(change(before), acme)}, client.WriteOptions{}, true)
		wantProblem(t, results[1].Err, client.NotPermitted)
		if !errors.As(results[0].Err, new(*LeftoverError)) {
			t.Errorf("the neighbour: %v", results[0].Err)
		}
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

func TestOfPhone(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	want := s.seed(t, 120)
	apitest.Must(t, s.Seed(map[string][]map[string]any{
		"Phones":                    {{"id": apitest.ID1, "name": "Back office"}},
		apitest.ConversationSegment: {{"phone_id": apitest.ID1, "recipient_phone_number": apitest.NumberOf(1)}},
	}))
	ofPhone := func() []client.ID {
		found, err := s.engine.OfPhone(t.Context(), frontDesk)
		apitest.Must(t, err)
		var ids []client.ID
		for _, c := range found {
			ids = append(ids, c.ID)
		}
		return sorted(ids)
	}
	wantEqual(t, "conversations", sorted(want), ofPhone())
	s.wantRequests(t, apitest.ListConversations, apitest.ListConversations)

	s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
		query := r.URL.Query()
		query.Del("filter[phone_id]") // like a service that ignores this filter
		r.URL.RawQuery = query.Encode()
		return mock.RoundTrip(r)
	})
	wantEqual(t, "conversations without a filter", sorted(want), ofPhone())
}

// Credentials that the service does not accept are sent once, because more attempts could
// lock the account.
func TestWrongCredentialsAreSentOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.Password += "?" })
		for range 3 {
			apitest.Together(5, func(i int) {
				_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i), 0)
				wantProblem(t, err, client.WrongCredentials)
			})
		}
		s.wantRequests(t, apitest.ListConversations)
	})
}
