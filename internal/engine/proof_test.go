package engine

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The engine recognizes a spelling of a number of any country, including those that are
// written in pairs of digits.
func TestRespelledNumbersOfAllCountries(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"+33123456789", "+4512345678", "+442079460000", "+390612345678"} {
		for _, format := range []string{mockserver.Digits, mockserver.Masked, mockserver.DoubleZero} {
			t.Run(number+" "+format, func(t *testing.T) {
				inSpace(t, mockserver.Behavior{PhoneFormat: format}, func(t *testing.T, s testSpace) {
					s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
					input := newConversation(1)
					input.Input.RecipientPhoneNumber = client.Value(number)
					got, err := s.engine.Conversations.writeOne(t.Context(), input, 0)
					apitest.Must(t, err)
					wantEqual(t, "conversations", 1, len(s.live()))
					wantEqual(t, "id", s.live()[0]["id"], any(got.ID.String()))
				})
			})
		}
	}
}

// A masked number may belong to a create of another batch.
func TestMaskedNumbersOfTwoBatches(t *testing.T) {
	inSpace(t, mockserver.Behavior{PhoneFormat: mockserver.Masked}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var lost sync.Map
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			level := r.URL.Query().Get("validation-level")
			if _, again := lost.LoadOrStore(level, true); again || level != "2" && level != "4" {
				return mock.RoundTrip(r)
			}
			apitest.WroteHeaders(r)
			if level == "4" { // the other create never arrives
				response, err := mock.RoundTrip(r)
				apitest.Must(t, err)
				apitest.Must(t, response.Body.Close())
			}
			time.Sleep(2 * time.Second)
			return nil, mockserver.ErrDropped
		})
		numbers := []string{"+15550100133", "+15550200133"}
		apitest.Together(2, func(i int) {
			input := newConversation(1)
			input.Input.RecipientPhoneNumber = client.Value(numbers[i])
			result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, []int64{2, 4}[i])
			if result.Err == nil {
				t.Errorf("caller %d took %s, which may be that of the other", i, result.Value.ID)
			}
			wantProblem(t, result.Err, client.OutcomeUnknown)
		})
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// The numbers of one batch are masked too: one create may have made either of two records, or one of two creates may
// have made the only record. No create takes one.
func TestMaskedNumbersOfOneBatch(t *testing.T) {
	t.Parallel()
	for kind, numbers := range map[mockserver.Kind][]string{
		mockserver.DropAfter:  {"+15550100133"},
		mockserver.DropBefore: {"+15550100133", "+15550200133"},
	} {
		t.Run(fmt.Sprint(len(numbers), " creates"), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{PhoneFormat: mockserver.Masked}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: kind, Times: 1, Do: func() { s.stranger(t, "+15550300133") }})
				inputs := newConversations(len(numbers))
				for i := range inputs {
					inputs[i].Input.RecipientPhoneNumber = client.Value(numbers[i])
				}
				for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: client.RollbackFailed}, false) {
					if !errors.As(result.Err, new(*AmbiguousError)) {
						t.Errorf("create %d takes %s: %v", i, result.Value.ID, result.Err)
					}
				}
			})
		})
	}
}

// An old conversation that others have changed since is not taken for the result of a lost
// create, whatever else is in the batch and in whatever order the service lists.
func TestOldConversationThatHasChanged(t *testing.T) {
	t.Parallel()
	for _, order := range []string{mockserver.Honoured, mockserver.Ignored} {
		for _, beside := range []string{"nothing", "an update"} {
			for try := range 4 { // the order of ids is random
				t.Run(fmt.Sprint(order, " ", beside, " ", try), func(t *testing.T) {
					inSpace(t, mockserver.Behavior{OrderBy: order}, func(t *testing.T, s testSpace) {
						others := s.seed(t, 1)
						old := s.stranger(t, apitest.NumberOf(1))
						for range 2 {
							_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": old, "content": "Hi", "direction": 2})
							apitest.Must(t, err)
						}
						s.seed(t, 1) // the newest conversation, after the messages
						time.Sleep(time.Hour)
						s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
							for range 10 {
								_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": old, "content": "Hi", "direction": 2})
								apitest.Must(t, err)
							}
							apitest.Must(t, s.Edit(apitest.ConversationSegment, old.String(), map[string]any{"recipient_contact_id": jones}))
						}})
						inputs := []conversationChange{newConversation(1)}
						if beside == "an update" {
							inputs = append(inputs, conversationChange{Input: client.ConversationInput{Head: client.Head{ID: client.Value(others[0]), Revision: client.Value[int64](1)}, ConversationWrites: client.ConversationWrites{RecipientContactID: client.Value(jones)}}})
						}
						results := s.engine.Conversations.write(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1})
						apitest.Must(t, results[0].Err)
						if results[0].Value.ID == old {
							t.Error("a stranger's conversation was adopted")
						}
					})
				})
			}
		}
	}
}

// The clocks that stamp created and modified need not agree. An old conversation that has
// changed is not taken for the result of a lost create, even if created is the later time.
func TestOldConversationFromAFastClock(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		old := s.stranger(t, apitest.NumberOf(1))
		_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": old, "content": "Hi", "direction": 2})
		apitest.Must(t, err)
		apitest.Must(t, s.Edit(apitest.ConversationSegment, old.String(), map[string]any{"created": time.Now().Add(time.Minute).Format(time.RFC3339)}))
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			apitest.Must(t, s.Edit(apitest.ConversationSegment, old.String(), map[string]any{"recipient_contact_id": jones}))
		}})
		results := s.engine.Conversations.write(t.Context(), []conversationChange{newConversation(1)}, client.WriteOptions{RollbackMethod: 1})
		apitest.Must(t, results[0].Err)
		if results[0].Value.ID == old {
			t.Error("a stranger's conversation was adopted")
		}
	})
}

// An adopted record gets what it lacks. What others have added stays.
func TestAdoptionOverwritesNothing(t *testing.T) {
	inSpace(t, mockserver.Behavior{RecipientMatch: mockserver.Off}, func(t *testing.T, s testSpace) {
		var made client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			made = s.stranger(t, apitest.NumberOf(1), "account_relations", texts(acme, zenith))
		}})
		input := linked(newConversation(1), acme)
		input.Input.RecipientContactID = client.Value(jones)
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "adopted", []any{true, made}, []any{result.Adopted, result.Value.ID})
		wantEqual(t, "contact", jones, result.Value.RecipientContactID)
		wantEqual(t, "links", texts(acme, zenith), s.Links(made.String(), "account_relations"))
	})
}

// A look does not fail if others delete a message meanwhile.
func TestMessageDeletedDuringTheLook(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1).ID
		var theirs string
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			var err error
			theirs, err = s.Create("TextMessages", map[string]any{"text_message_conversation_id": conversation, "content": "Hi", "direction": 2})
			apitest.Must(t, err)
		}})
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if theirs != "" && strings.HasSuffix(r.URL.Path, theirs) {
				return apitest.Answer(r, http.StatusNotFound, `{"success":false,"http_status":404,"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"x"}`), nil
			}
			return mock.RoundTrip(r)
		})
		result := s.engine.Messages.CreateOrUpdate(t.Context(), messageChange{Input: client.MessageInput{
			MessageWrites: client.MessageWrites{
				TextMessageConversationID: client.Value(conversation), Content: client.Value("Hello"), Direction: client.Value(1),
			},
		}}, 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "content", "Hello", result.Value.Content)
	})
}

// A message with another SID is never adopted, because it may be someone else's. Ours is not
// sent again, because the service may have replaced the SID.
func TestMessagesOfOthersAreNotOverwritten(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1).ID
		var theirs string
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			var err error
			theirs, err = s.Create("TextMessages", map[string]any{"text_message_conversation_id": conversation, "content": "OK", "direction": 1, "message_sid": "SM1"})
			apitest.Must(t, err)
		}})
		result := s.engine.Messages.CreateOrUpdate(t.Context(), messageChange{Input: client.MessageInput{
			MessageWrites: client.MessageWrites{
				TextMessageConversationID: client.Value(conversation), Content: client.Value("OK"), Direction: client.Value(1), MessageSID: client.Value("SM2"),
			},
		}}, 0)
		ambiguous, ok := errors.AsType[*AmbiguousError](result.Err)
		if !ok || len(ambiguous.IDs) != 1 || ambiguous.IDs[0].String() != theirs {
			t.Errorf("the error does not name their message: %v", result.Err)
		}
		held, _ := s.Record("TextMessages", theirs)
		wantEqual(t, "their SID", any("SM1"), held["message_sid"])
		wantEqual(t, "messages", 1, len(s.Records("TextMessages")))
	})
}

// Undo does not delete an adopted conversation if someone else has written in it: it may be
// theirs.
func TestUndoDeletesNoConversationInUse(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		var theirs client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			theirs = s.stranger(t, apitest.NumberOf(1))
		}}, mockserver.Fault{Path: "batch-modify", Kind: mockserver.Latency, Times: 1, Do: func() { // after it was adopted
			_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs, "content": "Hi", "direction": 2})
			apitest.Must(t, err)
		}})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1), linked(newConversation(2), unknown)}, client.WriteOptions{}, true)
		if held, _ := s.Record(apitest.ConversationSegment, theirs.String()); held["is_deleted"] != false {
			t.Error("a stranger's conversation was deleted")
		}
		if results[0].Err == nil || !strings.Contains(results[0].Err.Error(), theirs.String()) {
			t.Errorf("the error does not name it: %v", results[0].Err)
		}
		if !errors.As(results[0].Err, new(*LostCreateError)) {
			t.Errorf("the create is not open: %v", results[0].Err)
		}
	})
}

// Undo does not delete an adopted conversation that has anything that was not sent, even if that is all that tells it
// from the create's: it may have existed before.
func TestUndoDeletesNoConversationWithMore(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]any{
		"a contact": {"recipient_contact_id", jones}, "an account": {"recipient_account_id", acme}, "a link": {"account_relations", []any{acme}},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				var theirs client.ID
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
					theirs = s.stranger(t, apitest.NumberOf(1), values...)
				}})
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1), linked(newConversation(2), unknown)}, client.WriteOptions{}, true)
				if held, _ := s.Record(apitest.ConversationSegment, theirs.String()); held["is_deleted"] != false {
					t.Error("a stranger's conversation was deleted")
				}
				if err := results[0].Err; !errors.As(err, new(*LostCreateError)) || !strings.Contains(err.Error(), theirs.String()) {
					t.Errorf("the create is not open, or the error does not name it: %v", err)
				}
			})
		})
	}
}

// If a service keeps answering 429, the engine waits for it once, not in each call.
func TestThrottledForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.MaxRetries = 2 })
		s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusTooManyRequests, RetryAfter: "30"})
		begin := time.Now()
		for range 5 {
			_, err := s.engine.Conversations.Read(t.Context(), unknown)
			wantProblem(t, err, client.Throttled)
		}
		apitest.WithinBubble(t, begin, 2*time.Minute, 4*time.Minute)
		s.ClearFaults()
		_, err := s.engine.Conversations.Read(t.Context(), unknown)
		wantProblem(t, err, client.Throttled) // a moment ago, another reader was told so
		s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusTooManyRequests, RetryAfter: "30", Times: 2})
		time.Sleep(fresh)
		_, err = s.engine.Conversations.Read(t.Context(), unknown)
		wantProblem(t, err, client.Throttled) // it still says so
		_, err = s.client.Conversations.List(t.Context(), client.Query{})
		wantProblem(t, err, client.Throttled)
		s.create(t.Context(), t, 1)
		s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusTooManyRequests, RetryAfter: "30", Times: 2})
		s.create(t.Context(), t, 2) // the service has answered meanwhile, so the engine waits again
	})
}

// If the service answers a create with the id of a conversation that existed before, the
// conversation is someone else's. It is neither claimed nor deleted.
func TestAnswersWithAnOlderID(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]func(s testSpace, id client.ID){
		"unchanged":                     func(testSpace, client.ID) {},
		"changed, with a link":          func(s testSpace, id client.ID) { s.edit(t, id, map[string]any{"recipient_contact_id": jones}) },
		"changed, with messages before": func(s testSpace, id client.ID) { s.edit(t, id, map[string]any{"recipient_contact_id": jones}) },
	} {
		for _, allOrNothing := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{})
				var id client.ID
				if name == "changed, with a link" {
					id = s.stranger(t, apitest.NumberOf(1), "account_relations", []any{acme})
				} else {
					id = s.stranger(t, apitest.NumberOf(1))
				}
				if name == "changed, with messages before" {
					_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": id, "content": "theirs", "direction": 2})
					apitest.Must(t, err)
				}
				s.stranger(t, apitest.NumberOf(9)) // the newest record of the space
				time.Sleep(time.Minute)
				s.Inject(mockserver.Fault{
					Path: "batch-modify", Body: apitest.NumberOf(1), Kind: mockserver.StatusReply, Status: http.StatusOK,
					Reply: `{"success":true,"data":["` + id.String() + `"]}`, Do: func() { changes(s, id) },
				}, mockserver.Fault{Path: "batch-modify", Body: apitest.NumberOf(2), Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: apitest.ValidationReply})
				s.engine.settings.BatchSize = 1
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1), newConversation(2)}, client.WriteOptions{}, allOrNothing)
				wantProblem(t, results[0].Err, client.OutcomeUnknown)
				if text := fmt.Sprint(results[0].Err); !strings.Contains(text, id.String()) {
					t.Errorf("%s: the error does not name %s: %s", name, id, text)
				}
				wantEqual(t, name+": conversations", 2, len(s.live()))
			})
		}
	}
}

// A conversation that was created and could not be read back does not count as gone if a
// copy does not show it yet.
func TestUnreadIsNotGone(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		other := s.stranger(t, apitest.NumberOf(9))
		s.SetLag(time.Hour)
		created, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
		unread, _ := errors.AsType[*UnreadError](err)
		if unread == nil {
			t.Fatalf("the create ends as %v, %v; want it unread", created, err)
		}
		next := scriptedEngine(t, s.network.RoundTrip)
		next.Expect(s.engine.Newest())
		next.Reach(s.engine.Reached())
		_, err = next.Conversations.Read(t.Context(), unread.ID)
		wantProblem(t, err, client.Behind)
		_, err = next.Conversations.Read(t.Context(), other) // a record that is found counts
		apitest.Must(t, err)
	})
}

// The space must show more than before a create that could not be read back. If someone deletes a record for good after
// an update, it need not.
func TestReachedWithUnreadCreates(t *testing.T) {
	t.Parallel()
	for name, isUpdate := range map[string]bool{"a create": false, "an update": true} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				change, before := newConversation(1), int64(0)
				if isUpdate {
					known := s.create(t.Context(), t, 2)
					change = since(known)
					change.Input.RecipientContactID = client.Value(jones)
					s.Inject(mockserver.Fault{Path: "batch-modify", Do: func() {
						s.Inject(mockserver.Fault{Method: http.MethodGet, Times: 1, Do: func() { apitest.Must(t, s.Purge(apitest.ConversationSegment, known.ID.String())) }})
					}})
				} else {
					s.seed(t, 1)
					before = int64(s.Revision())
					s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Do: func() {
						s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusBadGateway})
					}})
				}
				if _, err := s.engine.Conversations.writeOne(t.Context(), change, 0); !errors.As(err, new(*UnreadError)) {
					t.Errorf("the error is %v", err)
				}
				if reached := s.engine.Reached(); reached > before == isUpdate {
					t.Errorf("the space must have reached %d; it had %d", reached, before)
				}
			})
		})
	}
}
