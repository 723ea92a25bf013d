package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

// losses are the ways in which the reply to a batch gets lost, carried out or not.
var losses = map[string]mockserver.Fault{
	"drop before":      {Kind: mockserver.DropBefore},
	"drop after":       {Kind: mockserver.DropAfter},
	"502 before":       {Kind: mockserver.StatusReply, Status: http.StatusBadGateway},
	"502 after":        {Kind: mockserver.StatusAfter, Status: http.StatusBadGateway},
	"504 after":        {Kind: mockserver.StatusAfter, Status: http.StatusGatewayTimeout},
	"503 before":       {Kind: mockserver.StatusReply, Status: http.StatusServiceUnavailable},
	"500 in HTML":      {Kind: mockserver.StatusAfter, Status: http.StatusInternalServerError, Reply: "<html>"},
	"truncated":        {Kind: mockserver.Truncate},
	"HTML":             {Kind: mockserver.ReplaceReply, Reply: "<html>Log in</html>"},
	"nothing":          {Kind: mockserver.ReplaceReply},
	"short":            {Kind: mockserver.ShortArray},
	"long":             {Kind: mockserver.LongArray},
	"too late":         {Kind: mockserver.Latency, Latency: 2 * time.Minute},
	"nothing at first": {Kind: mockserver.StatusReply, Status: http.StatusTooManyRequests, RetryAfter: "7"},
}

// eachLoss runs f in a synctest bubble for every kind of loss, once and twice, and for
// every way in which the service may treat a filter on revision.
func eachLoss(t *testing.T, array string, f func(t *testing.T, s testSpace, lose func(path string))) {
	t.Helper()
	for name, fault := range losses {
		for _, round := range []struct {
			filter string
			times  int
		}{{mockserver.Honoured, 1}, {mockserver.Honoured, 2}, {mockserver.Ignored, 2}, {mockserver.Refused, 1}} {
			t.Run(fmt.Sprintf("%s %d times, filter %s", name, round.times, round.filter), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSpace(t, mockserver.Behavior{
						RevisionFilter: round.filter, ArrayUpdate: array, StaleRevision: mockserver.Refused, PhoneFormat: mockserver.E164,
					})
					f(t, s, func(path string) {
						ordered := fault
						ordered.Path, ordered.Times = path, round.times
						s.Inject(ordered)
					})
				})
			})
		}
	}
}

func spelled(i int) string {
	number := apitest.NumberOf(i)
	return number[:2] + " (" + number[2:5] + ") " + number[5:]
}

// Whatever happens to the reply to a batch of creates, the server then holds one
// conversation for each call, and each caller has its own.
func TestLostCreates(t *testing.T) {
	t.Parallel()
	eachLoss(t, mockserver.Replace, func(t *testing.T, s testSpace, lose func(string)) {
		t.Helper()
		// Others have conversations with the same numbers, and change them meanwhile.
		s.seed(t, 30)
		strangers := map[string]bool{}
		var look client.ID
		for i := range 3 {
			id, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk, "recipient_phone_number": apitest.NumberOf(i)})
			apitest.Must(t, err)
			strangers[id], look = true, idOf(id)
		}
		_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": look, "content": "Hi", "direction": 2})
		apitest.Must(t, err) // the message shows that the conversation is not new
		time.Sleep(time.Hour)
		s.create(t.Context(), t, 50)
		lose("batch-modify")
		s.Inject(mockserver.Fault{Method: "GET", Times: 1, Do: func() {
			apitest.Must(t, s.Edit(apitest.ConversationSegment, look.String(), map[string]any{"recipient_contact_id": jones}))
		}})

		inputs := make([]conversationChange, 5)
		for i := range inputs {
			inputs[i] = linked(newConversation(i), acme)
			inputs[i].Input.RecipientPhoneNumber = client.Value(spelled(i))
		}
		inputs[3] = linked(newConversation(2), zenith) // like inputs[2], but for the link
		inputs[4] = linked(newConversation(2), acme)   // like inputs[2] in everything
		got := make([]client.Conversation, len(inputs))
		apitest.Together(len(inputs), func(i int) {
			var err error
			if got[i], err = s.engine.Conversations.writeOne(t.Context(), inputs[i], 0); err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		})

		seen := map[client.ID]bool{}
		for i, c := range got {
			number, _ := inputs[i].Input.RecipientPhoneNumber.Get()
			links, _ := inputs[i].Input.AccountRelations.Get()
			account := links[0].Target()
			held, _ := s.Record(apitest.ConversationSegment, c.ID.String())
			if seen[c.ID] || strangers[c.ID.String()] || held["is_deleted"] != false || !(client.PhoneNumbers{}).Same(number, fmt.Sprint(held["recipient_phone_number"])) {
				t.Errorf("caller %d got %s, which is another's: %v", i, c.ID, held)
			}
			seen[c.ID] = true
			wantEqual(t, fmt.Sprintf("links of %d", i), texts(account), s.Links(c.ID.String(), "account_relations"))
		}
		wantEqual(t, "conversations", 30+3+1+len(inputs), len(s.live()))
	})
}

// An update whose reply got lost has the same result, sent again or not: no link is made
// twice, and a service that refuses old revisions refuses nothing.
func TestLostUpdates(t *testing.T) {
	t.Parallel()
	for _, array := range []string{mockserver.Replace, mockserver.Merge} {
		t.Run(array, func(t *testing.T) {
			t.Parallel()
			eachLoss(t, array, func(t *testing.T, s testSpace, lose func(string)) {
				t.Helper()
				before := make([]client.Conversation, 3)
				for i := range before {
					input := linked(newConversation(i), acme, zenith)
					if i == 2 {
						input.Input.RecipientPhoneNumber = client.Field[string]{}
					}
					var err error
					before[i], err = s.engine.Conversations.writeOne(t.Context(), input, 0)
					apitest.Must(t, err)
				}
				lose("batch-modify")
				inputs := []conversationChange{
					linked(change(before[0]), zenith, initech), // one kept, one new, one removed
					linked(change(before[1]), acme),            // one removed
					change(before[2]),
				}
				for i := range inputs {
					inputs[i].Input.RecipientContactID = client.Value(jones)
				}
				inputs[2].Input.RecipientPhoneNumber = client.Value(spelled(2))
				apitest.Together(len(inputs), func(i int) {
					got, err := s.engine.Conversations.writeOne(t.Context(), inputs[i], 0)
					if err != nil || got.ID != before[i].ID || got.RecipientContactID != jones {
						t.Errorf("caller %d: %+v, %v", i, got, err)
					}
				})
				for i, want := range [][]client.ID{{zenith, initech}, {acme}, {acme, zenith}} {
					wantEqual(t, fmt.Sprintf("links of %d", i), texts(want...), s.Links(before[i].ID.String(), "account_relations"))
				}
				wantEqual(t, "conversations", len(before), len(s.live()))
			})
		})
	}
}

// A service that merges arrays must not make a link twice that an update sends twice.
func TestRepeatedUpdateDoublesNoLink(t *testing.T) {
	inSpace(t, mockserver.Behavior{ArrayUpdate: mockserver.Merge}, func(t *testing.T, s testSpace) {
		before := s.create(t.Context(), t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		// Someone else undoes a part of the update, so that the look does not show that
		// it was carried out.
		s.Inject(mockserver.Fault{Method: "GET", Skip: 1, Times: 1, Do: func() {
			apitest.Must(t, s.Edit(apitest.ConversationSegment, before.ID.String(), map[string]any{"recipient_contact_id": nil}))
		}})
		input := linked(change(before), acme)
		input.Input.RecipientContactID = client.Value(jones)
		_, err := s.engine.Conversations.writeOne(t.Context(), input, 0)
		apitest.Must(t, err)
		wantEqual(t, "links", texts(acme), s.Links(before.ID.String(), "account_relations"))
		if n := strings.Count(fmt.Sprint(s.requests()), "batch-modify"); n != 3 {
			t.Errorf("the update was sent %d times, want 2 after the create: the test tests nothing", n)
		}
	})
}

func TestLostDeletes(t *testing.T) {
	t.Parallel()
	eachLoss(t, mockserver.Replace, func(t *testing.T, s testSpace, lose func(string)) {
		t.Helper()
		ids := s.seed(t, 4)
		lose("batch-delete")
		apitest.Together(3, func(i int) {
			if err := s.engine.Conversations.Delete(t.Context(), ids[i], 0); err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		})
		wantEqual(t, "conversations", 1, len(s.live()))
	})
}

// A request that the service still works on is not sent again.
func TestStillAtWork(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		var later sync.WaitGroup
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return mock.RoundTrip(r)
			}
			apitest.WroteHeaders(r)
			slow := r.Clone(t.Context())
			later.Go(func() {
				time.Sleep(firstInterval / 2)
				if response, err := mock.RoundTrip(slow); err == nil {
					_ = response.Body.Close()
				}
			})
			return nil, mockserver.ErrDropped
		})
		got := s.create(t.Context(), t, 1)
		later.Wait()
		wantEqual(t, "conversations", 1, len(s.live()))
		wantEqual(t, "id", fmt.Sprint(s.live()[0]["id"]), got.ID.String())
		look := []string{apitest.ListConversations, listMessages} // the first one, and the last one at the end of the recovery timeout
		s.wantRequests(t, slices.Concat([]string{apitest.ListConversations, apitest.ListConversations, apitest.BatchModify}, look, look, []string{apitest.ListConversations})...)
	})
}

// If looking fails too, the outcome is unknown. The error says so, and nothing is sent a
// second time.
func TestOutcomeUnknown(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter},
			mockserver.Fault{Method: "GET", Skip: 1, Kind: mockserver.StatusReply, Status: http.StatusForbidden})
		apitest.Together(2, func(i int) {
			_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i), 0)
			wantProblem(t, err, client.OutcomeUnknown)
			for _, says := range []string{"may have carried out", mockserver.ErrDropped.Error(), "the search for its result failed too: HTTP 403"} {
				if err != nil && !strings.Contains(err.Error(), says) {
					t.Errorf("the text is %q; want it to say %q", err, says)
				}
			}
		})
		s.wantRequests(t, apitest.ListConversations, apitest.BatchModify+" drop_after", apitest.ListConversations+" status")
	})
}

// The engine keeps looking for the recovery timeout while the service fails.
func TestLooksPatiently(t *testing.T) {
	t.Parallel()
	for _, patient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) {
				if c.MaxRetries, c.RecoveryTimeout = 0, time.Minute; !patient {
					c.RecoveryTimeout = 10 * time.Second
				}
			})
			s.seed(t, 1)
			before := s.Revision()
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
			begin := time.Now()
			s.intercept(func(r *http.Request, answered http.RoundTripper) (*http.Response, error) {
				if sent := len(s.Requests()); sent > 1 && time.Since(begin) < 30*time.Second && r.Method == http.MethodGet {
					apitest.WroteHeaders(r)
					return apitest.Answer(r, http.StatusBadGateway, "<html>"), nil
				}
				return answered.RoundTrip(r)
			})
			got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
			if patient {
				apitest.Must(t, err)
				wantEqual(t, "id", s.live()[1]["id"], any(got.ID.String()))
				apitest.WithinBubble(t, begin, time.Minute, time.Minute+time.Second) // the last look decides
			} else {
				var unknown *LostCreateError
				if !errors.As(err, &unknown) || unknown.Since.Revision != int64(before) {
					t.Errorf("the error is %v", err)
				}
				apitest.WithinBubble(t, begin, 5*time.Second, 15*time.Second)
			}
			wantEqual(t, "conversations", 2, len(s.live()))
		})
	}
}

// A lost create is sent again after the recovery timeout, and the caller has no permission any more. Meanwhile, the
// record of the first request shows. The engine looks once more, and adopts it.
func TestLooksAfterAForbiddenRepetition(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var made client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1},
			mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Envelope: true, Do: func() { made = s.stranger(t, apitest.NumberOf(1)) }})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "adopted", []any{true, made}, []any{result.Adopted, result.Value.ID})
	})
}

// The engine does not send a batch for ever to a service that never replies. The service
// may still be working on what was sent.
func TestLostForEver(t *testing.T) {
	t.Parallel()
	for _, fault := range []mockserver.Kind{mockserver.StatusReply, mockserver.DropBefore} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.MaxRetries = 2 })
			before := s.create(t.Context(), t, 0)
			update := since(before)
			update.Input.RecipientContactID = client.Value(jones)
			s.ResetRequests()
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: fault, Status: http.StatusBadGateway})
			_, err := s.engine.Conversations.writeOne(t.Context(), update, 0)
			wantProblem(t, err, client.OutcomeUnknown)
			wantEqual(t, "requests", 1+2*3, len(s.Requests()))

			_, err = s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
			wantProblem(t, err, client.OutcomeUnknown)
			if unknown, ok := errors.AsType[*LostCreateError](err); !ok || unknown.Since.Revision != before.Revision {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// A proxy answers a create with a page of its own. The same request would get the same answer, so it is sent once.
func TestAnswerOfAProxyIsNotRepeated(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		sent := 0
		s.Inject(mockserver.Fault{
			Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Reply: "<html>Blocked</html>", ContentType: "text/html",
			Do: func() { sent++ },
		})
		_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
		wantProblem(t, err, client.OutcomeUnknown)
		wantEqual(t, "requests", 1, sent)
	})
}

// A look must not fail because of odd conversations of strangers.
func TestStrangersDontDisturbTheLook(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			return replaced(response, err, `"account_id":"`+zenith.String()+`"`, `"account_id":null`)
		})
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			_, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk, "recipient_phone_number": apitest.NumberOf(2), "account_relations": texts(zenith)})
			apitest.Must(t, err)
		}})
		s.create(t.Context(), t, 1)
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// The engine adopts a conversation that has gained something meanwhile, and keeps the gain.
func TestAdoptsWhatTheServiceChanged(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1},
			mockserver.Fault{Method: "GET", Skip: 1, Times: 1, Do: func() {
				apitest.Must(t, s.Edit(apitest.ConversationSegment, fmt.Sprint(s.live()[0]["id"]), map[string]any{"account_relations": texts(acme, zenith)}))
			}})
		got, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(1), acme), 0)
		apitest.Must(t, err)
		wantEqual(t, "conversations", 1, len(s.live()))
		wantEqual(t, "links", texts(acme, zenith), texts(sorted(client.RelationKinds[0].Linked(&got))...))
	})
}

// If only one of two look-alikes was created, the create that agrees with the record gets
// it, and the other one gets its error.
func TestLookAlikeThatWasRefused(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		results := s.engine.Conversations.write(t.Context(), []conversationChange{linked(newConversation(1), unknown), linked(newConversation(1), acme)}, client.WriteOptions{RollbackMethod: 1})
		wantProblem(t, results[0].Err, client.RelationNotFound)
		apitest.Must(t, results[1].Err)
		wantEqual(t, "links", []client.ID{acme}, client.RelationKinds[0].Linked(&results[1].Value))
		wantEqual(t, "conversations", 1, len(s.live()))
	})
}

// If others remove a link after an update was first sent, sending it again makes the link
// anew.
func TestRepeatedUpdateAfterOthers(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		before, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(1), acme, zenith), 0)
		apitest.Must(t, err)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			apitest.Must(t, s.Edit(apitest.ConversationSegment, before.ID.String(), map[string]any{"account_relations": texts(acme)}))
		}})
		_, err = s.engine.Conversations.writeOne(t.Context(), linked(change(before), zenith, initech), 0)
		apitest.Must(t, err)
		wantEqual(t, "links", texts(zenith, initech), s.Links(before.ID.String(), "account_relations"))
	})
}

// A conversation that others made just before is not taken for the result of a lost create,
// even if the look goes further back because of an update.
func TestOthersJustBeforeAreNotAdopted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
		results := s.engine.Conversations.write(t.Context(), []conversationChange{
			{Input: client.ConversationInput{Head: client.Head{ID: client.Value(ids[0]), Revision: client.Value[int64](1)}, ConversationWrites: client.ConversationWrites{RecipientContactID: client.Value(jones)}}},
			newConversation(100_001), // the number of ids[1]
		}, client.WriteOptions{RollbackMethod: 1})
		apitest.Must(t, results[0].Err)
		apitest.Must(t, results[1].Err)
		if results[1].Value.ID == ids[1] {
			t.Error("a stranger's conversation was adopted")
		}
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// An old conversation of others is not taken for the result of a lost create, even if the
// first look of this client into the space found nothing new.
func TestOldConversationIsNotAdopted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		time.Sleep(time.Hour)
		// The first list is empty, as in the read-back of an update whose record is gone.
		_, err := s.engine.Conversations.FetchMany(t.Context(), ids[:1], int64(s.Revision()))
		apitest.Must(t, err)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
		got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(100_001), 0) // the number of ids[1]
		apitest.Must(t, err)
		if slices.Contains(ids, got.ID) {
			t.Errorf("a stranger's conversation was adopted")
		}
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// A batch that is refused as a whole is sent in smaller ones, until the item at fault is
// alone.
func TestRefusedWhole(t *testing.T) {
	t.Parallel()
	const culprit = 13
	for name, refusal := range map[string]mockserver.Fault{
		"validation": {Status: 422, Reply: apitest.ValidationReply},
		"relation":   {Status: 422, Reply: `{"success":false,"http_status":422,"code":120,"name":"ERROR_RELATIONS_DOESNT_EXIST","message":"x"}`},
		"bad input":  {Status: 400, Reply: `{"success":false,"http_status":400,"code":117,"name":"ERROR_PARAMETER_INVALID","message":"x"}`},
		"not found":  {Status: 404, Reply: `{"success":false,"http_status":404,"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"x"}`},
		"with 200":   {Status: 200, Reply: apitest.ValidationReply},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				refusal.Kind, refusal.Path, refusal.Body = mockserver.StatusReply, "batch-modify", apitest.NumberOf(culprit)
				s.Inject(refusal)
				// While the batches shrink, replies get lost too.
				s.Inject(mockserver.Fault{Path: "batch-modify", Skip: 1, Times: 4, Kind: mockserver.DropAfter})
				apitest.Together(40, func(i int) {
					got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i), 0)
					if i == culprit {
						if problem := client.ProblemOf(err); err == nil || problem == client.OutcomeUnknown || problem == client.Other {
							t.Errorf("the one at fault: %v", err)
						}
					} else if err != nil || got.RecipientPhoneNumber != apitest.NumberOf(i) {
						t.Errorf("caller %d: %s, %v", i, got.RecipientPhoneNumber, err)
					}
				})
				wantEqual(t, "conversations", 39, len(s.live()))
				if n := len(s.Requests()); n > 40 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// A look for a lost create waits until the creates under way have recorded their ids.
func TestLookWaitsForOthers(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		apitest.Must(t, s.engine.isThere(t.Context()))
		lost := false
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			switch level := r.URL.Query().Get("validation-level"); {
			case level == "2" && !lost:
				lost = true
				apitest.WroteHeaders(r)
				time.Sleep(time.Second) // by then the other create is carried out
				return nil, mockserver.ErrDropped
			case level == "4":
				response, err := mock.RoundTrip(r)
				time.Sleep(5 * time.Second)
				return response, err
			}
			return mock.RoundTrip(r)
		})
		apitest.Together(2, func(i int) {
			_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), []int64{2, 4}[i])
			apitest.Must(t, err)
		})
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// Of two lost creates that look alike, the one that was sent first gets the older record:
// the other create can't have made that.
func TestLookAlikesOfTwoBatches(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		var lost sync.Map
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			level := r.URL.Query().Get("validation-level")
			if _, again := lost.LoadOrStore(level, true); again || level != "2" && level != "4" {
				return response, err
			}
			time.Sleep(5 * time.Second)
			return nil, mockserver.ErrDropped
		})
		apitest.Together(3, func(i int) {
			time.Sleep(time.Duration(i) * time.Second)
			// The second create lies between the look-alikes, and gets its reply.
			_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i%2), []int64{2, 0, 4}[i])
			apitest.Must(t, err)
		})
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// Each call makes one conversation, with many goroutines, several batches at a time, and a
// network and a service that fail at random.
func TestManyCreatesInTrouble(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const calls = 60
				random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable
				s := newSpace(t, mockserver.Behavior{RevisionFilter: []string{mockserver.Honoured, mockserver.Ignored, mockserver.Refused}[seed%3]}, func(c *testConfig) {
					c.BatchSize, c.MaxConcurrentRequests, c.MaxRetries = 7, 4, 20
				})
				kinds := slices.Collect(func(yield func(mockserver.Fault) bool) {
					for _, fault := range losses {
						if fault.Kind != mockserver.Latency && !yield(fault) {
							return
						}
					}
				})
				slices.SortFunc(kinds, func(a, b mockserver.Fault) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
				for range 12 {
					fault := kinds[random.IntN(len(kinds))]
					fault.Path, fault.Skip, fault.Times = "batch-modify", random.IntN(4), 1
					s.Inject(fault)
				}
				s.Inject(mockserver.Fault{Method: "GET", Skip: random.IntN(5), Times: 3, Kind: mockserver.StatusReply, Status: http.StatusBadGateway},
					mockserver.Fault{Kind: mockserver.Latency, Latency: 10 * time.Millisecond})
				var mu sync.Mutex
				owners := map[client.ID]int{}
				apitest.Together(calls, func(i int) {
					number := i % (calls / 3) // three look-alikes of each number
					got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(number), int64(i%2)*4)
					mu.Lock()
					defer mu.Unlock()
					if other, taken := owners[got.ID]; taken || err != nil || got.RecipientPhoneNumber != apitest.NumberOf(number) {
						t.Errorf("caller %d got %s with %s, as caller %d has: %v", i, got.ID, got.RecipientPhoneNumber, other, err)
					}
					owners[got.ID] = i
				})
				wantEqual(t, "conversations", calls, len(s.live()))
			})
		})
	}
}

// A lost update has set a number, and the service stores a spelling of it. That is no
// change of others.
func TestLostUpdateOfARespelledNumber(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Digits, mockserver.DoubleZero, mockserver.Masked} {
		t.Run(format, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{PhoneFormat: format}, func(t *testing.T, s testSpace) {
				made, err := s.engine.Conversations.writeOne(t.Context(), conversationChange{Input: client.ConversationInput{ConversationWrites: client.ConversationWrites{PhoneID: client.Value(frontDesk)}}}, 0)
				apitest.Must(t, err)
				s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter})
				update := since(made)
				update.Input.RecipientPhoneNumber = client.Value(apitest.NumberOf(1))
				_, err = s.engine.Conversations.writeOne(t.Context(), update, 0)
				apitest.Must(t, err)
				wantEqual(t, "conversations", 1, len(s.live()))
			})
		})
	}
}

// If someone else undoes a part of a lost update, that part is sent again. The number that
// the update has set is no conflict, in any spelling, and is not sent again.
func TestLostUpdatePartlyUndone(t *testing.T) {
	inSpace(t, mockserver.Behavior{PhoneFormat: mockserver.Masked}, func(t *testing.T, s testSpace) {
		made, err := s.engine.Conversations.writeOne(t.Context(), conversationChange{Input: client.ConversationInput{ConversationWrites: client.ConversationWrites{PhoneID: client.Value(frontDesk)}}}, 0)
		apitest.Must(t, err)
		s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter, After: mockserver.Acts{{Edit: &mockserver.Target{
			Entity: apitest.ConversationSegment, ID: made.ID.String(), Values: map[string]any{"recipient_contact_id": nil},
		}}}})
		update := since(made)
		update.Input.RecipientPhoneNumber, update.Input.RecipientContactID = client.Value(apitest.NumberOf(1)), client.Value(jones)
		s.ResetRequests()
		updated, err := s.engine.Conversations.writeOne(t.Context(), update, 0)
		apitest.Must(t, err)
		wantEqual(t, "contact", jones, updated.RecipientContactID)
		var sent []string
		for _, request := range s.Requests() {
			if strings.Contains(request.Path, "batch-modify") {
				sent = append(sent, string(request.Body))
			}
		}
		if len(sent) != 2 || !strings.Contains(sent[0], "recipient_phone_number") || strings.Contains(sent[1], "recipient_phone_number") {
			t.Errorf("sent are %q; want the number once", sent)
		}
	})
}

// A record that is being updated is claimed, so it can't be the result of a look-alike's
// create.
func TestUpdatedIsNotAdopted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 1)[0]
		page, err := s.client.Conversations.List(t.Context(), client.Query{}) // as a state knows it
		apitest.Must(t, err)
		known := page.Records[0]
		s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.StatusReply, Status: http.StatusBadGateway, Do: func() {
			apitest.Must(t, s.Edit(apitest.ConversationSegment, id.String(), map[string]any{"recipient_account_id": acme.String()}))
		}})
		inputs := []conversationChange{since(known), newConversation(100_000)} // of the same number
		inputs[0].Input.RecipientContactID = client.Value(jones)
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false)
		apitest.Must(t, results[0].Err)
		apitest.Must(t, results[1].Err)
		if results[1].Value.ID == id {
			t.Error("the create adopted what is updated")
		}
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// The same holds if the update is not sent, because it has a conflict.
func TestConflictingIsNotAdopted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 1)[0]
		page, err := s.client.Conversations.List(t.Context(), client.Query{}) // as a state knows it
		apitest.Must(t, err)
		update := since(page.Records[0])
		update.Input.RecipientContactID = client.Value(jones)
		s.edit(t, id, map[string]any{"recipient_contact_id": smith.String()})
		_, err = s.engine.Conversations.writeOne(t.Context(), update, 0)
		wantProblem(t, err, client.Conflicting)
		s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.DropBefore, Do: func() {
			s.edit(t, id, map[string]any{"recipient_contact_id": nil})
		}})
		got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(100_000), 0) // of the same number
		apitest.Must(t, err)
		if got.ID == id {
			t.Error("the create adopted what another change is about")
		}
	})
}
