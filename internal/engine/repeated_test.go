package engine

import (
	"context"
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

// The service refuses open creates, or lost creates and updates, as a whole. The engine divides the batch, but shares
// the looks.
func TestRefusedRepeatsWaitTogether(t *testing.T) {
	t.Parallel()
	const n = 16
	for name, test := range map[string]struct {
		lost, update, open bool
	}{
		"open creates":  {open: true},
		"lost creates":  {lost: true},
		"lost updates":  {lost: true, update: true},
		"plain creates": {},
		"plain updates": {update: true},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				changes := newConversations(n)
				for i := range changes {
					switch {
					case test.update:
						made := s.create(t.Context(), t, i)
						changes[i] = change(made)
						changes[i].Input.RecipientAccountID = client.Value(acme)
					case test.open:
						changes[i].Earlier = &Attempt{Since: Moment{Revision: 1}}
					}
				}
				if test.lost {
					s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
				}
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.StatusReply, Status: 422, Envelope: true})
				s.ResetRequests()
				began := time.Now()
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), changes, client.WriteOptions{RollbackMethod: client.RollbackFailed}, false)
				took := time.Since(began)
				t.Logf("%s: %s, %d requests, %v", name, took, len(s.requests()), results[0].Err)
				if took > 3*time.Minute {
					t.Errorf("%s: it takes %s for %d items, with %d requests", name, took, n, len(s.requests()))
				}
			})
		})
	}
}

// Two lost creates of one batch have the same number and different contents. Their results appear one after the
// other.
func TestTwinsOfOneBatchShowOneByOne(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.create(t.Context(), t, 9)
		time.Sleep(time.Minute)
		changes := []conversationChange{newConversation(1), newConversation(1)}
		changes[0].Input.RecipientAccountID = client.Value(acme)
		changes[1].Input.RecipientAccountID = client.Value(zenith)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			go func() {
				s.stranger(t, apitest.NumberOf(1), "recipient_account_id", acme)
				time.Sleep(5 * time.Second)
				s.stranger(t, apitest.NumberOf(1), "recipient_account_id", zenith)
			}()
		}})
		for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), changes, client.WriteOptions{RollbackMethod: client.RollbackFailed}, false) {
			if result.Err != nil || !result.Adopted {
				t.Errorf("create %d: adopted %v, %v", i, result.Adopted, result.Err)
			}
		}
		if live := s.live(); len(live) != 3 {
			t.Errorf("%d are live; want 3", len(live))
		}
	})
}

// A recalled attempt that stays open is still recalled.
func TestRecalledStaysRecalled(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.create(t.Context(), t, 9)
		attempt := newConversation(1)
		attempt.Earlier = &Attempt{Since: Moment{Revision: 1}, IsRecalled: true}
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore})
		_, err := s.engine.Conversations.writeOne(t.Context(), attempt, 0)
		lost, ok := errors.AsType[*LostCreateError](err)
		if !ok || !lost.IsRecalled {
			t.Errorf("the error is %v, %+v", err, lost)
		}
	})
}

// A recalled attempt may have passed a record that has changed since it was created. So it adopts no record that
// looks changed, unless the record contains the messages that it has sent: the clock behind created may be slow. A
// look that sends nothing adopts none with other links either.
func TestRecalledAndChanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent     []string
		isLinked bool
		isWanted bool // by a create
		isFound  bool // by a look
	}{
		"its messages":            {[]string{"Hello", "Bye"}, false, true, true},
		"its messages and a link": {[]string{"Hello", "Bye"}, true, true, false},
		"no messages":             {nil, false, false, false},
	} {
		for _, isLook := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", a look ", isLook), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{CreatedClock: "behind"}, func(t *testing.T, s testSpace) {
					made := s.stranger(t, apitest.NumberOf(1))
					create := newConversation(1)
					for _, text := range test.sent {
						_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": made, "content": text, "direction": 1})
						apitest.Must(t, err)
						create.Input.Messages = client.Value(append(orZero(create.Input.Messages), newMessage(text)))
					}
					if test.isLinked {
						s.edit(t, made, map[string]any{"account_relations": texts(acme)})
					}
					create.Earlier = &Attempt{Since: Moment{Revision: 1}, IsRecalled: true, Messages: [][]client.MessageInput{orZero(create.Input.Messages)}}
					write, want := s.engine.Conversations.CreateOrUpdate, test.isWanted
					if isLook {
						want = test.isFound
						write = func(ctx context.Context, change conversationChange, _ int64) Result[client.Conversation] {
							return s.engine.Conversations.LookFor(ctx, []conversationChange{change}, false)[0]
						}
					}
					got := write(t.Context(), create, 0)
					if _, isAmbiguous := errors.AsType[*AmbiguousError](got.Err); got.Adopted != want || isAmbiguous == want {
						t.Errorf("adopted: %v, want %v; %v", got.Adopted, want, got.Err)
					}
					if live := s.live(); len(live) != 1 {
						t.Errorf("%d are live; want 1", len(live))
					}
				})
			})
		}
	}
}

// A late twin is named, even if the first looks for it fail.
func TestTwinAfterFailedLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.RecoveryTimeout = 10 * time.Second })
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.CommitLater, CommitAfter: 20 * time.Second, Latency: time.Second, Status: 504, Times: 1},
			mockserver.Fault{Path: "batch-modify", Kind: mockserver.Latency, Latency: 20 * time.Second, Times: 1, Do: func() {
				s.Inject(mockserver.Fault{Method: http.MethodGet, Path: apitest.ConversationSegment, Kind: mockserver.ReplaceReply, Reply: "<html>", Times: 2})
			}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "twins", 1, len(result.Twins))
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// Reads lag for longer than the recovery timeout. The create is sent again and answered with an id that the space does
// not show yet. If the engine finds what the first request has made instead, it names the other record too.
func TestTwinThatIsNotShownYet(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{12 * time.Second, 15 * time.Second, 18 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				time.Sleep(time.Minute)
				s.SetLag(lag)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
				apitest.Must(t, result.Err)
				live := s.live()
				wantEqual(t, "conversations", 3, len(live)) // both requests are carried out
				made := []client.ID{idOf(live[1]["id"].(string)), idOf(live[2]["id"].(string))}
				wantEqual(t, "the conversation and its twin", sorted(made), sorted(append(result.Twins, result.Value.ID)))
			}, func(c *testConfig) { c.RecoveryTimeout = 10 * time.Second })
		})
	}
}

// A create repeats an earlier attempt and is lost again. The service carries it out late, beside a conversation of
// someone else with the same phone and number. Nothing tells which one is the create's.
func TestLostAgainBesideLookAlike(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.CommitLater, Status: 504, CommitAfter: 2 * time.Second, Times: 1, Do: func() {
			s.stranger(t, apitest.NumberOf(5))
		}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
		s.AwaitCommits()
		ambiguous, _ := errors.AsType[*AmbiguousError](result.Err)
		if live := s.live(); len(live) != 3 || ambiguous == nil || len(ambiguous.IDs) != 2 {
			t.Errorf("%d are live: %v", len(live)-1, result.Err)
		}
	})
}

// The service is down when the last look is due. The look is repeated, so that the record that was seen before is not
// lost from sight.
func TestLastLookIsPatient(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			time.AfterFunc(20*time.Second, func() {
				s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusBadGateway, For: 20 * time.Second})
			})
		}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "adopted", true, result.Adopted)
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// An older copy answers the last look, and lacks the record that the first look has found. The create is not sent
// again: the look is repeated until the copy has caught up.
func TestLastLookAtAnOlderCopy(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var lost time.Time
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() { lost = time.Now() }})
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if since := time.Since(lost); since > 20*time.Second && since < 40*time.Second && strings.HasSuffix(r.URL.Path, "/"+apitest.ConversationSegment) {
				apitest.WroteHeaders(r)
				return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[],"total":0,"page_info":{"has_next_page":false,"has_previous_page":false,"start_cursor":null,"end_cursor":null}}`), nil
			}
			return mock.RoundTrip(r)
		})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "conversations", 2, len(s.live()))
		wantEqual(t, "adopted", true, result.Adopted)
	})
}

// A look before a destroy has seen only a record that lacks something. The service is down when the last look is due.
// The look is repeated, and names the record.
func TestLastLookForAPartIsPatient(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		part := s.stranger(t, apitest.NumberOf(5))
		attempt.Input.RecipientAccountID = client.Value(acme)
		patience := s.engine.settings.RecoveryTimeout
		time.AfterFunc(patience-time.Second, func() {
			s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusBadGateway, For: patience / 2})
		})
		wantAmbiguous(t, s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, true)[0].Err, part)
	})
}

// The CRM writes numbers in another way, and the conversation of an earlier attempt lacks what the create wants now.
// It is adopted and changed, as it would be with the number that was sent: a second one would double it.
func TestAdoptsARespelledPart(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Digits, mockserver.DoubleZero, mockserver.Masked} {
		t.Run(format, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{PhoneFormat: format}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				part := s.stranger(t, apitest.NumberOf(5))
				tried := attempt.Input
				attempt.Tried = &tried
				attempt.Input.RecipientAccountID = client.Value(acme)
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
				apitest.Must(t, result.Err)
				wantEqual(t, "id", part, result.Value.ID)
				wantEqual(t, "account", acme, result.Value.RecipientAccountID)
				wantEqual(t, "conversations", 2, len(s.live()))
			})
		})
	}
}

// A create did not arrive. Until the last look, another conversation may be its result, but its owner claims that one.
// The last look decides, and the create is sent again at once.
func TestClaimedBeforeTheLastLook(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			owned := s.stranger(t, apitest.NumberOf(1))
			time.AfterFunc(time.Second, func() { s.engine.Conversations.Claim("", owned) })
		}})
		begin, patience := time.Now(), s.engine.settings.RecoveryTimeout
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
		if apitest.Must(t, result.Err); result.Adopted {
			t.Errorf("it adopts %s", result.Value.ID)
		}
		apitest.WithinBubble(t, begin, patience, patience+time.Second)
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// Two tries of a create had different accounts, and both were carried out late. The later try's record is adopted, and
// the first one's is named. A record that neither has sent belongs to others.
func TestOtherTriesAreNamed(t *testing.T) {
	t.Parallel()
	for _, isTried := range []bool{true, false} {
		for _, format := range []string{mockserver.Kept, mockserver.Digits} {
			for _, isLook := range []bool{true, false} {
				t.Run(fmt.Sprint("tried ", isTried, ", ", format, ", a look ", isLook), func(t *testing.T) {
					inSpace(t, mockserver.Behavior{PhoneFormat: format}, func(t *testing.T, s testSpace) {
						attempt := s.openAttempt(t)
						first := s.stranger(t, apitest.NumberOf(5), "recipient_account_id", acme)
						second := s.stranger(t, apitest.NumberOf(5), "recipient_account_id", zenith)
						s.stranger(t, "+44"+apitest.NumberOf(5)[4:], "recipient_account_id", acme)
						s.stranger(t, apitest.NumberOf(5), "recipient_account_id", initech)
						s.stranger(t, apitest.NumberOf(5), "recipient_account_id", acme, "account_relations", texts(initech))
						passed := s.stranger(t, apitest.NumberOf(5), "recipient_account_id", acme)
						attempt.Earlier.Passed = map[client.ID]int64{passed: int64(s.Revision())}
						var want []client.ID
						earlier := attempt.Input
						earlier.RecipientAccountID, attempt.Input.RecipientAccountID = client.Value(acme), client.Value(zenith)
						if isTried {
							attempt.AlsoTried, want = []client.ConversationInput{earlier, attempt.Input}, []client.ID{first}
						}
						var got Result[client.Conversation]
						if isLook {
							got = s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
						} else {
							got = s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
						}
						apitest.Must(t, got.Err)
						wantEqual(t, "id", second, got.Value.ID)
						wantEqual(t, "twins", want, got.Twins)
					})
				})
			}
		}
	}
}

// A lost create was carried out, and others have made a bare conversation of the same number. However the service
// spells numbers, there is one record too many, and none is chosen.
func TestRespelledRecordsOfOthersCount(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Kept, mockserver.Digits, mockserver.DoubleZero, mockserver.Masked} {
		for _, isLook := range []bool{true, false} {
			t.Run(fmt.Sprint(format, ", a look ", isLook), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{PhoneFormat: format}, func(t *testing.T, s testSpace) {
					attempt := linked(s.openAttempt(t), acme)
					made := s.stranger(t, apitest.NumberOf(5), "account_relations", texts(acme))
					theirs := s.stranger(t, apitest.NumberOf(5))
					var got Result[client.Conversation]
					if isLook {
						got = s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
					} else {
						got = s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
					}
					ambiguous, isAmbiguous := errors.AsType[*AmbiguousError](got.Err)
					if !isAmbiguous {
						t.Fatalf("%s is taken: %v", got.Value.ID, got.Err)
					}
					wantEqual(t, "candidates", sorted([]client.ID{made, theirs}), sorted(ambiguous.IDs))
				})
			})
		}
	}
}

// The creates of one batch share the last digits of a number, which the service masks. The record of one has all that
// was sent, and those of the others have lost their links. As long as there is one for each create, the full one is
// proof.
func TestRespelledRecordsThatLackSomething(t *testing.T) {
	t.Parallel()
	links := []client.ID{acme, zenith, initech}
	for n := 2; n <= len(links); n++ {
		for _, isLater := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d creates, links come later %t", n, isLater), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{PhoneFormat: mockserver.Masked}, func(t *testing.T, s testSpace) {
					open := s.openAttempt(t)
					creates, made := make([]conversationChange, n), make([]client.ID, n)
					for i := range creates {
						number := fmt.Sprintf("+1555%d000005", i+1)
						creates[i] = linked(open, links[i])
						creates[i].Input.RecipientPhoneNumber = client.Value(number)
						made[i] = s.stranger(t, number)
						if i == 0 {
							s.edit(t, made[i], map[string]any{"account_relations": texts(links[i])})
						} else if isLater {
							time.AfterFunc(1500*time.Millisecond, func() {
								s.edit(t, made[i], map[string]any{"account_relations": texts(links[i])})
							})
						}
					}
					results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), creates, client.WriteOptions{RollbackMethod: client.RollbackFailed}, false)
					for i, result := range results {
						if i == 0 || isLater {
							apitest.Must(t, result.Err)
							wantEqual(t, "id", made[i], result.Value.ID)
						}
					}
					wantEqual(t, "conversations", 1+n, len(s.live()))
				})
			})
		}
	}
}
