package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A refusal that echoes a header in escaped quotes is the API's word, of an item and of a whole
// request.
func TestEchoedHeader(t *testing.T) {
	t.Parallel()
	const refusal = `{"success":false,"http_status":422,"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"refused: \"Authorization: Basic dXNlcjpwdw==\""}`
	for name, fault := range map[string]mockserver.Fault{
		"of an item": {Status: http.StatusOK, Reply: `{"success":true,"data":[` + refusal + `]}`},
		"of a whole": {Status: http.StatusUnprocessableEntity, Reply: refusal},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				var sent atomic.Int64
				fault.Path, fault.Kind, fault.Do = "batch-modify", mockserver.StatusReply, func() { sent.Add(1) }
				s.Inject(fault)
				ctx, end := context.WithTimeout(t.Context(), 10*time.Minute)
				defer end()
				_, err := s.engine.Conversations.writeOne(ctx, newConversation(1), 0)
				if sent.Load() != 1 || client.ProblemOf(err) != client.Refused {
					t.Errorf("sent %d times, %v", sent.Load(), err)
				}
			})
		})
	}
}

// A stranger's conversation contains a message of the customer, but messages can't be listed for a while (503).
func TestUnreadableMessagesProveNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []int{503, 500} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				var theirs client.ID
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
					theirs = s.stranger(t, apitest.NumberOf(1))
					_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs, "content": "Call me", "direction": 2})
					apitest.Must(t, err)
				}}, mockserver.Fault{Method: "GET", Path: "TextMessages", Kind: mockserver.StatusReply, Status: status, For: 20 * time.Second})
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
				if result.Value.ID == theirs {
					t.Errorf("%d: the conversation of a customer is adopted: %v", status, result.Err)
				}
			})
		})
	}
}

// One of two creates in a batch has an earlier attempt. Both get lost, and the search fails. Each must remember its
// own moment.
func TestEachCreateHasItsOwnMoment(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		first, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		theirs := s.stranger(t, apitest.NumberOf(2)) // before the create of 2
		time.Sleep(time.Minute)
		old := newConversation(1)
		old.Earlier = &Attempt{Since: first}
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: "TextMessageConversations", Kind: mockserver.StatusReply, Status: 403})
		}})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{old, newConversation(2)}, client.WriteOptions{RollbackMethod: 1}, false)
		s.ClearFaults()
		lost, ok := errors.AsType[*LostCreateError](results[1].Err)
		if !ok {
			t.Fatal(results[1].Err)
		}
		again := newConversation(2)
		again.Earlier = &lost.Attempt
		next := scriptedEngine(t, s.network.RoundTrip)
		made := next.Conversations.CreateOrUpdate(t.Context(), again, 0)
		if made.Value.ID == theirs {
			t.Errorf("a conversation that existed before the create was sent is adopted: %v", made.Err)
		}
	})
}

// The API's error object of an item has no 4xx status, but the item was created.
func TestItemWithoutStatus(t *testing.T) {
	t.Parallel()
	for _, item := range []string{
		`{"success":false,"message":"timeout"}`,
		`{"success":false,"http_status":200,"message":"timeout"}`,
		`{"success":false,"code":1,"name":"ERROR_INTERNAL"}`,
		`{"success":false,"http_status":"500","code":1}`,
	} {
		t.Run(item, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.ReplaceReply, Times: 1, Reply: `{"success":true,"data":[` + item + `]}`})
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
				if len(s.live()) == 1 && result.Err != nil && client.ProblemOf(result.Err) != client.OutcomeUnknown {
					t.Errorf("%s: it exists, and the error is %v", item, result.Err)
				}
			})
		})
	}
}

// Two updates of one record share a request with another caller's create. The service answers correctly.
func TestOneRecordTwice(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		held := s.create(t.Context(), t, 1)
		s.ResetRequests()
		first, second := change(held), change(held)
		first.Input.RecipientContactID = client.Value(jones)
		second.Input.RecipientAccountID = client.Value(acme)
		results := s.engine.Conversations.write(t.Context(), []conversationChange{first, second, newConversation(2)}, client.WriteOptions{RollbackMethod: 1})
		for i, result := range results {
			if result.Err != nil || result.Adopted {
				t.Errorf("%d: adopted %v, %v", i, result.Adopted, result.Err)
			}
		}
	})
}

// The same, while lists are refused: the create must not become unknown.
func TestOneRecordTwice_withoutLists(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		held := s.create(t.Context(), t, 1)
		first, second := change(held), change(held)
		first.Input.RecipientContactID = client.Value(jones)
		second.Input.RecipientContactID = client.Value(smith)
		s.Inject(mockserver.Fault{Path: "batch-modify", Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: "TextMessageConversations", Kind: mockserver.StatusReply, Status: 403})
		}, Kind: mockserver.Latency})
		results := s.engine.Conversations.write(t.Context(), []conversationChange{first, second, newConversation(2)}, client.WriteOptions{RollbackMethod: 1})
		if !errors.As(results[2].Err, new(*UnreadError)) {
			t.Errorf("the create: %v", results[2].Err)
		}
	})
}

// The service keeps a number with an extension as digits, and the reply is lost.
func TestLostNumberWithExtension(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Digits, mockserver.DoubleZero, mockserver.E164, mockserver.Masked} {
		for _, number := range []string{"+1 907 555 0123 ext. 12"} {
			t.Run(format+number, func(t *testing.T) {
				inSpace(t, mockserver.Behavior{PhoneFormat: format}, func(t *testing.T, s testSpace) {
					s.seed(t, 1)
					s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
					input := newConversation(1)
					input.Input.RecipientPhoneNumber = client.Value(number)
					result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
					if live := s.live(); len(live) != 2 {
						t.Errorf("%d live, twins %v, %v: %v; may be spelling: %v", len(live)-1, result.Twins, result.Err, live[len(live)-1]["recipient_phone_number"],
							(client.PhoneNumbers{}).MayBeSpelling(number, live[len(live)-1]["recipient_phone_number"].(string)))
					}
				})
			})
		}
	}
}

// An older conversation of another user, with an older link, is edited when a create gets lost. Its link shows that
// it is older, even if the batch contains an earlier attempt.
func TestOlderRecordBesideEarlierAttempt(t *testing.T) {
	t.Parallel()
	for _, beside := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.seed(t, 1)
			first, err := s.engine.Conversations.entity.now(t.Context())
			apitest.Must(t, err)
			theirs := s.stranger(t, apitest.NumberOf(2))
			_, err = s.Create(apitest.RelationSegment, map[string]any{"text_message_conversation_id": theirs, "account_id": acme})
			apitest.Must(t, err)
			s.stranger(t, apitest.NumberOf(9)) // newer than the link
			time.Sleep(time.Hour)
			changes := []conversationChange{newConversation(2)}
			if beside {
				old := newConversation(1)
				old.Earlier = &Attempt{Since: first}
				changes = append(changes, old)
			}
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
				apitest.Must(t, s.Edit(apitest.ConversationSegment, theirs.String(), map[string]any{"recipient_contact_id": jones}))
			}})
			results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), changes, client.WriteOptions{RollbackMethod: 1}, false)
			if results[0].Value.ID == theirs {
				t.Errorf("beside %v: an older conversation is adopted: %v", beside, results[0].Err)
			}
		})
	}
}

// The reply refuses the batch as a whole, but its data contains ids: for all but one item, or with a null for the
// item that failed. The CRM has carried out the items with ids.
func TestIDsBesideRefusal(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{"null for the failed item": `[%s,null,%s]`, "only the successful ones": `[%s,%s]`} {
		for _, status := range []int{200, 422} {
			t.Run(fmt.Sprint(name, status), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
					s.seed(t, 1)
					var once sync.Once
					s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
						response, err := mock.RoundTrip(r)
						if r.Method == http.MethodPost {
							once.Do(func() {
								var body struct{ Data []any }
								text, _ := io.ReadAll(response.Body)
								apitest.Must(t, json.Unmarshal(text, &body))
								quoted := func(i int) string { return fmt.Sprintf("%q", body.Data[i]) }
								response = apitest.Answer(r, status, `{"success":false,"http_status":422,"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"1 of 3 failed","data":`+fmt.Sprintf(data, quoted(0), quoted(2))+`}`) //nolint:bodyclose // the client closes it
							})
						}
						return response, err
					})
					changes := []conversationChange{newConversation(1), linked(newConversation(2), unknown), newConversation(3)}
					results := s.engine.Conversations.write(t.Context(), changes, client.WriteOptions{RollbackMethod: 1})
					if live := len(s.live()) - 1; live != 2 {
						t.Errorf("%d are live; want 2: %v", live, results)
					}
				})
			})
		}
	}
}

// The service says that a record does not exist, although it does. A look shows it.
func TestDeleteBelievesNoItemAlone(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 1)[0]
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: http.StatusOK, Times: 1, Reply: `{"success":true,"data":[{"success":false,"http_status":404,"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"x"}]}`})
		if err := s.engine.Conversations.Delete(t.Context(), id, 0); err == nil {
			t.Errorf("the delete of a record that exists is no error; %d are live", len(s.live()))
		}
	})
}

// Someone assigns an account to a conversation whose create got no reply. It may be someone
// else's, so the create is sent again. The result names it.
func TestTwinThatWasChanged(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {}}, mockserver.Fault{
			Method: "GET", Path: "TextMessageConversations", Kind: mockserver.Latency, Times: 1, Do: func() {
				for _, record := range s.live() {
					if record["recipient_phone_number"] == apitest.NumberOf(1) {
						apitest.Must(t, s.Edit(apitest.ConversationSegment, record["id"].(string), map[string]any{"recipient_contact_id": jones}))
					}
				}
			}, Skip: 1,
		})
		input := newConversation(1)
		input.Input.RecipientContactID = client.Value(smith)
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
		apitest.Must(t, result.Err)
		if live := len(s.live()) - 1; live != 2 || len(result.Twins) != 1 || result.Twins[0] == result.Value.ID {
			t.Errorf("%d are live, and the twins are %v", live, result.Twins)
		}
	})
}

// The service alters the text of a message whose create got no reply. The message is not sent again. If only white
// space has changed, the engine recognizes it.
func TestAlteredMessageIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stored       string
		isRecognized bool
	}{"in other words": {"Hello there. Reply STOP to end.", false}, "with other white space": {" Hello there\n", true}} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				conversation := s.create(t.Context(), t, 1).ID
				s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropAfter, Times: 1}, mockserver.Fault{Method: http.MethodGet, Path: messageSegment, Skip: 1, Times: 1, Do: func() {
					apitest.Must(t, s.Edit(messageSegment, s.Records(messageSegment)[0]["id"].(string), map[string]any{"content": test.stored}))
				}})
				result := s.engine.Messages.CreateOrUpdate(t.Context(), messageChange{Input: client.MessageInput{
					MessageWrites: client.MessageWrites{
						TextMessageConversationID: client.Value(conversation), Content: client.Value("Hello  there"), Direction: client.Value(1),
					},
				}}, 0)
				if errors.As(result.Err, new(*AmbiguousError)) == test.isRecognized || len(s.Records(messageSegment)) != 1 {
					t.Errorf("%d messages: %v", len(s.Records(messageSegment)), result.Err)
				}
			})
		})
	}
}

// The service answers with the right ids in another order, and may rewrite the numbers. Some
// of the records may take a while to show.
func TestIDsInAnotherOrder(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Kept, mockserver.Digits} {
		for late := range 4 {
			t.Run(fmt.Sprint(format, ", ", late, " of them late"), func(t *testing.T) {
				t.Parallel()
				inAnotherOrder(t, format, late)
			})
		}
	}
}

func inAnotherOrder(t *testing.T, format string, late int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{PhoneFormat: format})
		s.seed(t, 1)
		begin := time.Now()
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			text, _ := io.ReadAll(response.Body)
			var body struct{ Data []any }
			if json.Unmarshal(text, &body) != nil { // one record
				for i := range late {
					if time.Since(begin) < 5*time.Second && strings.Contains(string(text), apitest.NumberOf(i)[1:]) {
						return apitest.Answer(r, http.StatusNotFound, `{"success":false,"http_status":404,"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"x"}`), nil
					}
				}
				return apitest.Answer(r, response.StatusCode, string(text)), err
			}
			if r.Method == http.MethodPost {
				slices.Reverse(body.Data)
			}
			body.Data = slices.DeleteFunc(body.Data, func(record any) bool {
				held, _ := record.(map[string]any)
				number := strings.TrimPrefix(fmt.Sprint(held["recipient_phone_number"]), "+")
				return time.Since(begin) < 5*time.Second && slices.ContainsFunc(newConversations(late), func(c conversationChange) bool {
					return orZero(c.Input.RecipientPhoneNumber)[1:] == number
				})
			})
			data, err := json.Marshal(body.Data)
			apitest.Must(t, err)
			return apitest.Answer(r, http.StatusOK, `{"success":true,"data":`+string(data)+`}`), nil
		})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), newConversations(4), client.WriteOptions{RollbackMethod: 1}, false)
		for i, result := range results {
			apitest.Must(t, result.Err)
			wantEqual(t, "the number", strings.TrimPrefix(apitest.NumberOf(i), "+"), strings.TrimPrefix(result.Value.RecipientPhoneNumber, "+"))
		}
	})
}

// A customer answers in a conversation before it is undone. Undo does not delete what the
// customer has written.
func TestUndoDeletesNoAnswer(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.engine.settings.BatchSize = 1
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.Latency, Skip: 1, Times: 1, Latency: time.Second, Do: func() {
			for _, record := range s.live() {
				if record["recipient_phone_number"] == apitest.NumberOf(1) {
					_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": record["id"], "content": "Thanks", "direction": 2})
					apitest.Must(t, err)
				}
			}
		}})
		s.engine.config.MaxConcurrentRequests = 1
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1), newConversation(2), linked(newConversation(3), unknown)}, client.WriteOptions{}, true)
		if live := s.live(); len(live) != 2 || live[1]["recipient_phone_number"] != apitest.NumberOf(1) || !errors.As(results[0].Err, new(*LeftoverError)) {
			t.Errorf("the answered conversation: %v of %v", results[0].Err, live)
		}
		if !errors.Is(results[1].Err, ErrUndone) {
			t.Errorf("the other one: %v", results[1].Err)
		}
	})
}

// A record that has everything that was sent is the result of a lost create, even next to one that contradicts it.
func TestContradictingRecordIsNoCandidate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			s.stranger(t, apitest.NumberOf(1), "recipient_account_id", zenith.String())
		}})
		input := newConversation(1)
		input.Input.RecipientAccountID = client.Value(acme)
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "the account", acme, result.Value.RecipientAccountID)
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// A request is refused because of one item. Another one, which an earlier request has made in
// part, stays open, and is neither deleted nor forgotten.
func TestPartMadeBesideRefusedItem(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var part client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			part = s.stranger(t, apitest.NumberOf(1)) // without its link
		}})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{linked(newConversation(1), acme), linked(newConversation(2), unknown)}, client.WriteOptions{}, true)
		lost, ok := errors.AsType[*LostCreateError](results[0].Err)
		if !ok || !strings.Contains(lost.Error(), part.String()) {
			t.Errorf("the part is not remembered: %v", results[0].Err)
		}
		wantEqual(t, "is deleted", any(false), s.record(t, part)["is_deleted"])
	})
}

// A lost create has sent a message. Its record is adopted at once, although someone has linked it since: the message
// proves it. If the caller may not list messages, nothing proves it.
func TestMessageProvesALinkedRecord(t *testing.T) {
	t.Parallel()
	for name, isForbidden := range map[string]bool{"proven": false, "not permitted": true} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
					s.Inject(mockserver.Fault{Method: http.MethodGet, Path: apitest.ConversationSegment, Times: 1, Do: func() {
						s.edit(t, idOf(s.live()[1]["id"].(string)), map[string]any{"account_relations": texts(acme)})
					}})
				}})
				if isForbidden {
					s.Inject(mockserver.Fault{Method: http.MethodGet, Path: messageSegment, Kind: mockserver.StatusReply, Status: http.StatusForbidden, Envelope: true})
				}
				begin := time.Now()
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), messaged(newConversation(1), "Hello"), 0)
				if result.Adopted == isForbidden || errors.As(result.Err, new(*AmbiguousError)) != isForbidden {
					t.Errorf("adopted: %t, %v", result.Adopted, result.Err)
				}
				if !isForbidden {
					apitest.WithinBubble(t, begin, 0, time.Second)
				}
				wantEqual(t, "conversations", 2, len(s.live()))
			})
		})
	}
}

// An attempt has sent no contact. A record with another contact than the create's is not overwritten: no message proves
// that the attempt has made it, or someone has changed it since.
func TestContactThatTheAttemptHasNotSent(t *testing.T) {
	t.Parallel()
	for name, isProven := range map[string]bool{"not proven": false, "changed since": true} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				theirs := s.stranger(t, apitest.NumberOf(5))
				if isProven {
					attempt = messaged(attempt, "Hello")
					attempt.Earlier.Messages = [][]client.MessageInput{orZero(attempt.Input.Messages)}
					_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": theirs, "content": "Hello", "direction": 1})
					apitest.Must(t, err)
					time.Sleep(time.Hour)
				}
				s.edit(t, theirs, map[string]any{"recipient_contact_id": smith.String()})
				attempt.Tried = new(attempt.Input)
				attempt.Input.RecipientContactID = client.Value(jones)
				if result := s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0); result.Adopted || result.Err != nil {
					t.Errorf("adopted: %t, %v", result.Adopted, result.Err)
				}
				wantEqual(t, "their contact", any(smith.String()), s.record(t, theirs)["recipient_contact_id"])
			})
		})
	}
}
