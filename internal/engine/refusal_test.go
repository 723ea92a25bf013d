package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// stranger makes a conversation as others would, and returns its id.
func (s testSpace) stranger(t testing.TB, number string, fields ...any) client.ID {
	t.Helper()
	record := map[string]any{"phone_id": frontDesk, "recipient_phone_number": number}
	for pair := range slices.Chunk(fields, 2) {
		record[fmt.Sprint(pair[0])] = pair[len(pair)-1]
	}
	id, err := s.Create(apitest.ConversationSegment, record)
	apitest.Must(t, err)
	return idOf(id)
}

// sinceOf returns the moment that a *LostCreateError names, or nil for another error.
func sinceOf(err error) *Moment {
	if attempt := attemptOf(err); attempt != nil {
		return &attempt.Since
	}
	return nil
}

// A create that the service refused was not carried out. A record that looks like its
// result is a stranger's, even if a refused batch is sent again in smaller ones.
func TestRefusedIsNotAdopted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		var once sync.Once
		var stranger client.ID
		s.Inject(mockserver.Fault{
			Path: "batch-modify", Body: apitest.NumberOf(13), Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply,
			Do: func() { once.Do(func() { stranger = s.stranger(t, apitest.NumberOf(1)) }) },
		})
		results := s.engine.Conversations.write(t.Context(), []conversationChange{newConversation(1), newConversation(13)}, client.WriteOptions{RollbackMethod: 1})
		apitest.Must(t, results[0].Err)
		wantProblem(t, results[1].Err, client.Refused)
		if results[0].Adopted || results[0].Value.ID == stranger {
			t.Error("a stranger's conversation was adopted")
		}
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// If a repeat is refused for another reason than its content, the outcome of the first
// request stays unknown.
func TestRefusedRepeatIsRemembered(t *testing.T) {
	t.Parallel()
	for status, name := range map[int]string{http.StatusUnauthorized: "ERROR_UNAUTHORIZED", http.StatusForbidden: "ERROR_FORBIDDEN"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.CommitLater, CommitAfter: 2 * time.Minute, Latency: time.Second, Times: 1, Status: http.StatusGatewayTimeout},
				mockserver.Fault{
					Path: "batch-modify", Kind: mockserver.StatusReply, Status: status,
					Reply: fmt.Sprintf(`{"success":false,"http_status":%d,"code":1,"name":%q,"message":"x"}`, status, name),
				})
			_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
			wantProblem(t, err, client.OutcomeUnknown)
			if sinceOf(err) == nil {
				t.Errorf("%d: it is not remembered: %v", status, err)
			}
			time.Sleep(2 * time.Minute)
			wantEqual(t, "conversations", 1, len(s.live()))
		})
	}
}

// The service refuses a create, and its reply is lost. If the service also refuses to
// update an adopted record to what the create wants, the record is someone else's.
func TestRefusedAdoptionIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, method := range []int{client.RollbackAll, client.RollbackFailed} {
		refusedAdoptionIsGivenUp(t, method)
	}
}

func refusedAdoptionIsGivenUp(t *testing.T, method int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{})
		var theirs client.ID
		var before any
		s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.StatusAfter, Status: http.StatusBadGateway, Do: func() {
			theirs = s.stranger(t, apitest.NumberOf(1))
			before = s.record(t, theirs)["revision"]
		}})
		input := []conversationChange{linked(newConversation(1), unknown)}
		result := s.engine.Conversations.CreateOrUpdateMany(t.Context(), input, client.WriteOptions{RollbackMethod: method}, false)[0]
		wantProblem(t, result.Err, client.RelationNotFound)
		if result.Adopted || !result.Value.ID.IsZero() || !strings.Contains(result.Err.Error(), theirs.String()) {
			t.Errorf("it is %s, adopted %t: %v", result.Value.ID, result.Adopted, result.Err)
		}
		wantEqual(t, "conversations", 1, len(s.live()))
		wantEqual(t, "the revision of theirs", before, s.record(t, theirs)["revision"])
	})
}

// LookFor may be followed by a delete. So it only finds a record that has everything that
// was sent and that others don't write in.
func TestLookForIsExact(t *testing.T) {
	t.Parallel()
	input := newConversation(1)
	input.Input.RecipientAccountID = client.Value(acme)
	input.Input.Messages = client.Value([]client.MessageInput{{}}) // one was sent with it
	for name, other := range map[string]struct {
		fields   []any
		messages int
		want     bool
	}{
		"has everything":         {fields: []any{"recipient_account_id", acme.String()}, messages: 1, want: true},
		"lacks the account":      {messages: 1},
		"has messages of others": {fields: []any{"recipient_account_id", acme.String()}, messages: 2},
		"has another account":    {fields: []any{"recipient_account_id", zenith.String()}},
		"lacks the message":      {fields: []any{"recipient_account_id", acme.String()}},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				now, err := s.engine.Conversations.entity.now(t.Context())
				apitest.Must(t, err)
				id := s.stranger(t, apitest.NumberOf(1), other.fields...)
				for range other.messages {
					_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": id.String(), "content": "Hello", "direction": 2})
					apitest.Must(t, err)
				}
				sent := input
				sent.Earlier = &Attempt{Since: now, Messages: [][]client.MessageInput{{{}}}}
				got := s.engine.Conversations.LookFor(t.Context(), []conversationChange{sent}, false)[0]
				wantEqual(t, "found", other.want, got.Value.ID == id)
				ambiguous, _ := errors.AsType[*AmbiguousError](got.Err)
				if isOpen := !other.want && name != "has another account"; isOpen != (ambiguous != nil) || isOpen && ambiguous.IDs[0] != id {
					t.Errorf("the error is %v", got.Err)
				}
			})
		})
	}
}

// If the service carries out the first request late, it may refuse the repeat as a
// duplicate before a copy shows the record.
func TestRepeatRefusedAsADuplicate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		begin := time.Now()
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1},
			mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply})
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodGet && time.Since(begin) < 33*time.Second { // the copy is behind
				return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[],"total":0,"page_info":{"has_next_page":false}}`), nil
			}
			return mock.RoundTrip(r)
		})
		got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
		apitest.Must(t, err)
		wantEqual(t, "id", s.live()[0]["id"], any(got.ID.String()))
	})
}

// An item that failed with an error of the server may have been carried out.
func TestItemOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, carriedOut := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			first := true
			s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
				if r.Method == http.MethodGet || !first {
					return mock.RoundTrip(r)
				}
				first = false
				apitest.WroteHeaders(r)
				done := s.stranger(t, apitest.NumberOf(1))
				if carriedOut {
					s.stranger(t, apitest.NumberOf(2))
				}
				return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+done.String()+`",{"success":false,"http_status":500,"code":1,"name":"X","message":"x"}]}`), nil
			})
			results := s.engine.Conversations.write(t.Context(), []conversationChange{newConversation(1), newConversation(2)}, client.WriteOptions{RollbackMethod: 1})
			apitest.Must(t, results[0].Err)
			apitest.Must(t, results[1].Err)
			wantEqual(t, "adopted", carriedOut, results[1].Adopted)
			wantEqual(t, "conversations", 2, len(s.live()))
		})
	}
}

// The error of a create that repeats an earlier attempt says whether it was sent itself: not if the engine can't look
// for the result of that attempt, but if the service has answered with an error of the server.
func TestWhetherARepetitionWasSent(t *testing.T) {
	t.Parallel()
	for name, isSent := range map[string]bool{"not sent": false, "sent": true} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				unseen := mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusForbidden, Envelope: true}
				if isSent {
					s.Inject(mockserver.Fault{
						Path: "batch-modify", Kind: mockserver.ReplaceReply, Reply: `{"success":true,"data":[{"success":false,"http_status":500,"code":1,"name":"X","message":"x"}]}`,
						Do: func() { s.Inject(unseen) },
					})
				} else {
					s.Inject(unseen) // the moment is known already
				}
				_, err := s.engine.Conversations.writeOne(t.Context(), attempt, 0)
				lost, _ := errors.AsType[*LostCreateError](err)
				if lost == nil || lost.Unsent == isSent {
					t.Errorf("%+v: %v", lost, err)
				}
			})
		})
	}
}

// The ids in a reply count, whatever the status of the reply.
func TestItemsCountWhateverTheStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMultiStatus, http.StatusUnprocessableEntity, http.StatusInternalServerError} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{BatchSuccess: mockserver.MixedFalse})
			s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
				response, err := mock.RoundTrip(r)
				if err == nil && r.Method == http.MethodPost {
					response.StatusCode = status
				}
				return response, err
			})
			results := s.engine.Conversations.write(t.Context(), []conversationChange{newConversation(1), linked(newConversation(2), unknown)}, client.WriteOptions{RollbackMethod: 1})
			apitest.Must(t, results[0].Err)
			wantProblem(t, results[1].Err, client.RelationNotFound)
			wantEqual(t, "conversations", 1, len(s.live()))
			s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)
		})
	}
}

// The engine remembers an earlier attempt until it has looked for its record and the
// outcome of the next attempt is known.
func TestEarlierAttemptIsNotForgotten(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		after   time.Duration
		latency time.Duration
		faults  []mockserver.Fault
	}{
		{"at once", 0, 0, nil},
		{"in the queue", 10 * time.Millisecond, 0, nil},
		{"in the first look", 500 * time.Millisecond, time.Second, nil},
		{"while looking", 10 * time.Second, 0, nil},
		{"throttled", time.Hour, 0, []mockserver.Fault{{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusTooManyRequests, RetryAfter: "86400"}}},
		{"unreachable", time.Hour, 0, []mockserver.Fault{{Path: "batch-modify", Kind: mockserver.DropBefore}}},
		{"the moment is refused", time.Hour, 0, []mockserver.Fault{{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				s.Inject(test.faults...)
				s.Inject(mockserver.Fault{Kind: mockserver.Latency, Latency: test.latency})
				ctx, cancel := context.WithTimeout(t.Context(), test.after)
				defer cancel()
				input := newConversation(1)
				input.Earlier = &Attempt{Since: Moment{Revision: 1}}
				_, err := s.engine.Conversations.writeOne(ctx, input, 0)
				if since := sinceOf(err); since == nil || since.Revision != 1 {
					t.Errorf("it is forgotten: %v", err)
				}
				many := s.engine.Conversations.CreateOrUpdateMany(ctx, []conversationChange{input}, client.WriteOptions{RollbackMethod: 1}, false)
				if since := sinceOf(many[0].Err); since == nil || since.Revision != 1 {
					t.Errorf("many: it is forgotten: %v", many[0].Err)
				}
			})
		})
	}
}

// An error has a moment only for a create: an update can be sent again.
func TestUpdateOfUnknownOutcomeIsNoCreate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		before := s.create(t.Context(), t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusForbidden})
		}})
		update := change(before)
		update.Input.RecipientContactID = client.Value(jones)
		results := s.engine.Conversations.write(t.Context(), []conversationChange{update, newConversation(2)}, client.WriteOptions{RollbackMethod: 1})
		for i, remembered := range []bool{false, true} {
			wantProblem(t, results[i].Err, client.OutcomeUnknown)
			wantEqual(t, "remembered", remembered, sinceOf(results[i].Err) != nil)
		}
	})
}

// A lost request with several creates is repeated and refused as a whole, because of one of them, and an
// old copy answers the search. None of them is known not to exist.
func TestRolledBackRepetition(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
		t.Run(reply, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{Duplicates: mockserver.Refused, RollbackReply: reply}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				creates := []conversationChange{newConversation(5), newConversation(6), newConversation(7)}
				s.SetLag(time.Hour)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), creates, client.WriteOptions{}, true) {
					if sinceOf(result.Err) == nil {
						t.Errorf("create %d: %v", i, result.Err)
					}
				}
			})
		})
	}
}

// The repetition of such a request is refused as a whole, and then each half of it. Each create may still exist.
func TestDividedRepetition(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.SetLag(time.Hour)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1},
			mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply})
		for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), newConversations(2), client.WriteOptions{RollbackMethod: client.RollbackFailed}, false) {
			if sinceOf(result.Err) == nil {
				t.Errorf("create %d: %v", i, result.Err)
			}
		}
	})
}

// Two creates repeat earlier attempts in one request, which is refused as a whole. The reason may be one of them, so
// the other attempt may have been carried out.
func TestRefusedTogether(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		first := s.openAttempt(t)
		second := newConversation(6)
		second.Earlier = first.Earlier
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply})
		for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{first, second}, client.WriteOptions{RollbackMethod: client.RollbackAll}, false) {
			if sinceOf(result.Err) == nil {
				t.Errorf("create %d: %v", i, result.Err)
			}
		}
	})
}

// A repetition is refused, and nothing can be read after that. The error has what the service says.
func TestRefusedRepetitionUnseen(t *testing.T) {
	inSpace(t, mockserver.Behavior{Duplicates: mockserver.Refused}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.SetLag(time.Hour)
		s.Inject(
			mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1},
			mockserver.Fault{Path: "batch-modify", Times: 1, Do: func() {
				s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusForbidden, Envelope: true})
			}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(5), 0)
		if sinceOf(result.Err) == nil || !strings.Contains(result.Err.Error(), "There is a conversation of this phone and number already") {
			t.Errorf("the error is %v", result.Err)
		}
	})
}
