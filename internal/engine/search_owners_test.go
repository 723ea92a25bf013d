package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// openAttempt returns a create of conversation number 5 that an earlier attempt may have made. Any such conversation
// that appears from now on may be its result.
func (s testSpace) openAttempt(t *testing.T) conversationChange {
	t.Helper()
	s.seed(t, 1)
	now, err := s.engine.Conversations.entity.now(t.Context())
	apitest.Must(t, err)
	attempt := newConversation(5)
	attempt.Earlier = &Attempt{Since: now}
	return attempt
}

// The owner of a conversation claims it while a look has just found it, and lists its messages.
// The look passes it, and so do later ones.
func TestFoundWhileItsOwnerClaimsIt(t *testing.T) {
	t.Parallel()
	for name, isUsed := range map[string]bool{"unused": false, "used": true} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				owned := s.stranger(t, apitest.NumberOf(5))
				if isUsed {
					_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": owned.String(), "content": "Hi", "direction": 2})
					apitest.Must(t, err)
				}
				s.Inject(mockserver.Fault{Method: http.MethodGet, Path: "TextMessages", Times: 1, Do: func() { s.engine.Conversations.Claim("", owned) }})
				found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
				apitest.Must(t, found.Err)
				if !found.Value.ID.IsZero() || found.Earlier == nil || found.Earlier.Passed[owned] == 0 {
					t.Errorf("found is %v, passed are %v", found.Value.ID, found.Earlier)
				}
			})
		})
	}
}

// A destroy looks for the result of an attempt while another resource's create with the same content is lost. The
// record of that create is not certain to be the attempt's.
func TestExactLookBesideALostCreate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		s.SetLag(800 * time.Millisecond) // the first look of the create does not show its record
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		apitest.Together(2, func(i int) {
			if i == 0 {
				created := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(5), 0)
				apitest.Must(t, created.Err)
				return
			}
			time.Sleep(900 * time.Millisecond) // its second look comes after a second
			found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
			if !errors.As(found.Err, new(*AmbiguousError)) {
				t.Errorf("found is %v: %v", found.Value.ID, found.Err)
			}
		})
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// A list does not show the phones of conversations. The result of a lost create can't be recognized, so the create is
// not sent again.
func TestListWithoutPhones(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1},
			mockserver.Fault{Method: http.MethodGet, Kind: mockserver.OmitField, Field: "phone_id"})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(5), 0)
		if !errors.As(result.Err, new(*LostCreateError)) || len(s.live()) != 2 {
			t.Errorf("%d conversations: %v", len(s.live()), result.Err)
		}
	})
}

// A create is answered with the id of a newer record of another user, with another phone or number, or with an id
// that no record has. The create gets its own record, and undo deletes no record of other users.
func TestAnsweredWithAnotherRecord(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields map[string]any // of their record; nil for none
		undone bool
	}{
		"number":          {map[string]any{"phone_id": frontDesk.String(), "recipient_phone_number": apitest.NumberOf(77)}, false},
		"phone":           {map[string]any{"phone_id": apitest.ID1, "recipient_phone_number": apitest.NumberOf(1)}, false},
		"none":            {nil, false},
		"deleted":         {map[string]any{"phone_id": frontDesk.String(), "recipient_phone_number": apitest.NumberOf(1), "recipient_contact_id": jones.String()}, false},
		"number, undone":  {map[string]any{"phone_id": frontDesk.String(), "recipient_phone_number": apitest.NumberOf(77)}, true},
		"contact, undone": {map[string]any{"phone_id": frontDesk.String(), "recipient_phone_number": apitest.NumberOf(1), "recipient_contact_id": smith.String()}, true},
		"phone, undone":   {map[string]any{"phone_id": apitest.ID1, "recipient_phone_number": apitest.NumberOf(1)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				apitest.Must(t, s.Seed(map[string][]map[string]any{"Phones": {{"id": apitest.ID1, "name": "Back office"}}}))
				s.seed(t, 1)
				s.engine.settings.BatchSize = 1
				s.engine.config.MaxConcurrentRequests = 1
				answer := unknown.String()
				first := newConversation(1)
				first.Input.RecipientContactID = client.Value(jones)
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					response, err := mock.RoundTrip(r)
					if r.Method != http.MethodPost {
						return response, err
					}
					s.network.RoundTripper = mock // for the first create only
					if test.fields != nil {
						answer, err = s.Create(apitest.ConversationSegment, test.fields)
						apitest.Must(t, err)
					}
					if name == "deleted" {
						apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, answer))
					}
					return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+answer+`"]}`), nil
				})
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{first, linked(newConversation(2), unknown)}, client.WriteOptions{}, test.undone)
				if isLeft := errors.As(results[0].Err, new(*LeftoverError)); isLeft { // it may as well be its own, rewritten
					wantEqual(t, "left", "contact, undone", name)
				} else if isOpen := errors.As(results[0].Err, new(*LostCreateError)); isOpen != test.undone || !isOpen && (results[0].Err != nil || results[0].Value.RecipientPhoneNumber != apitest.NumberOf(1) || results[0].Value.PhoneID != frontDesk || results[0].Value.IsDeleted) {
					t.Errorf("%+v: %v", results[0].Value, results[0].Err)
				}
				if test.fields != nil {
					wantEqual(t, "their record is deleted", any(name == "deleted"), s.record(t, idOf(answer))["is_deleted"])
				}
			})
		})
	}
}

// Two requests get each other's replies. Each create gets its own record.
func TestRepliesOfEachOther(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		replies := make(chan *http.Response)
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			if r.Method != http.MethodPost {
				return response, err
			}
			select {
			case replies <- response:
				return <-replies, err
			case other := <-replies:
				replies <- response
				return other, err
			}
		})
		apitest.Together(2, func(i int) {
			got, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i), int64(i)*4) // in different batches
			apitest.Must(t, err)
			wantEqual(t, "the number", apitest.NumberOf(i), got.RecipientPhoneNumber)
		})
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// Messages that were sent inside a new conversation show later than the conversation itself,
// and than a greeting that the service sends at once. If nothing is late, nothing is waited for.
func TestMessagesOfANewConversationShowLater(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		late     time.Duration
		greeting string
	}{"at once": {}, "late": {late: 2 * time.Second}, "late, behind a greeting": {2 * time.Second, "Welcome"}} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{DeletedRevision: mockserver.Keep}, func(t *testing.T, s testSpace) {
				s.Inject(mockserver.Fault{Method: http.MethodGet, Path: messageSegment, Times: 1, Do: func() {
					if test.late == 0 {
						return
					}
					ours := s.Records(messageSegment)[0]
					apitest.Must(t, s.SoftDelete(messageSegment, ours["id"].(string)))
					if test.greeting != "" {
						_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": ours["text_message_conversation_id"], "content": test.greeting, "direction": 1})
						apitest.Must(t, err)
					}
					time.AfterFunc(test.late, func() { apitest.Must(t, s.Restore(messageSegment, ours["id"].(string))) })
				}})
				begin := time.Now()
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), messaged(newConversation(1), "Hi"), 0)
				if apitest.Must(t, result.Err); !slices.ContainsFunc(result.Value.Messages, func(m client.Ref[client.Message]) bool { return m.Record.Content == "Hi" }) {
					t.Errorf("the messages are %v", result.Value.Messages)
				}
				if passed := time.Since(begin); passed > test.late+time.Second+time.Second/2 || passed < test.late {
					t.Errorf("it has taken %v", passed)
				}
			})
		})
	}
}

// A search before a destroy sees a record that lacks something. It continues, because the record of the attempt may
// come later, and names both.
func TestPatientLookGoesOnBesideAPart(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		part := s.stranger(t, apitest.NumberOf(5))
		var whole client.ID
		s.Inject(mockserver.Fault{Method: http.MethodGet, Path: apitest.ConversationSegment, Skip: 2, Times: 1, Do: func() {
			whole = s.stranger(t, apitest.NumberOf(5), "recipient_account_id", acme.String())
		}})
		attempt.Input.RecipientAccountID = client.Value(acme)
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, true)[0]
		ambiguous, ok := errors.AsType[*AmbiguousError](found.Err)
		if !ok || !slices.Contains(ambiguous.IDs, part) || !slices.Contains(ambiguous.IDs, whole) || whole.IsZero() {
			t.Errorf("%v; want %s and %s", found.Err, part, whole)
		}
	})
}

// A search passes records of other resources, even if it finds the record of the attempt, because its caller may not
// take that.
func TestPassedBesideAFoundRecord(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		owned, own := s.stranger(t, apitest.NumberOf(5)), s.stranger(t, apitest.NumberOf(5))
		s.engine.Conversations.Claim("", owned)
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		apitest.Must(t, found.Err)
		if found.Value.ID != own || found.Earlier == nil || found.Earlier.Passed[owned] == 0 || found.Earlier.Passed[own] != 0 {
			t.Errorf("found is %v, passed are %v", found.Value.ID, found.Earlier)
		}
	})
}

// One create is answered with another user's new record that fits the other create, and the other create with an id
// that no record has. The other create does not get that record, because it may have its own.
func TestIDOfOthersThatFits(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			if r.Method != http.MethodPost {
				return response, err
			}
			theirs := s.stranger(t, apitest.NumberOf(1))
			return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+theirs.String()+`","`+unknown.String()+`"]}`), nil
		})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), newConversations(2), client.WriteOptions{RollbackMethod: 1}, false)
		apitest.Must(t, results[0].Err)
		wantEqual(t, "the first number", apitest.NumberOf(0), results[0].Value.RecipientPhoneNumber)
		if !errors.As(results[1].Err, new(*AmbiguousError)) {
			t.Errorf("the second one is %s: %v", results[1].Value.ID, results[1].Err)
		}
	})
}

// Two creates whose numbers end in the same digits get each other's ids. If the service has altered one of the
// records, its create has no certain record.
func TestIDsOfEachOther(t *testing.T) {
	t.Parallel()
	for _, isAltered := range []bool{false, true} {
		t.Run(fmt.Sprint("altered ", isAltered), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				changes := newConversations(2)
				changes[1].Input.RecipientPhoneNumber = client.Value("+447700900000") // ends like the other one
				changes[1].Input.RecipientAccountID = client.Value(acme)
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					response, err := mock.RoundTrip(r)
					if r.Method != http.MethodPost {
						return response, err
					}
					var body struct{ Data []string }
					apitest.Must(t, json.NewDecoder(response.Body).Decode(&body))
					if isAltered {
						apitest.Must(t, s.Edit(apitest.ConversationSegment, body.Data[1], map[string]any{"recipient_account_id": zenith.String()}))
					}
					return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+body.Data[1]+`","`+body.Data[0]+`"]}`), nil
				})
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), changes, client.WriteOptions{RollbackMethod: 1}, false)
				apitest.Must(t, results[0].Err)
				wantEqual(t, "the first number", apitest.NumberOf(0), results[0].Value.RecipientPhoneNumber)
				if isAltered {
					if !errors.As(results[1].Err, new(*LostCreateError)) {
						t.Errorf("the second one is %s: %v", results[1].Value.ID, results[1].Err)
					}
					return
				}
				apitest.Must(t, results[1].Err)
				wantEqual(t, "the second number", "+447700900000", results[1].Value.RecipientPhoneNumber)
			})
		})
	}
}

// If the service fills in a field, no create looks for another record.
func TestFilledFieldIsNotAstray(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			return replaced(response, err, `"recipient_contact_id":null`, `"recipient_contact_id":"`+jones.String()+`"`)
		})
		input := newConversation(1)
		input.Input.RecipientContactID = client.Null[client.ID]()
		apitest.Must(t, s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0).Err)
		wantEqual(t, "requests", 3, len(s.Requests()))
	})
}

// A look has found two conversations, and asks for the messages of one, when its owner claims the other. Either the
// owner is told, or the look passes that conversation.
func TestClaimedWhileThereAreTwo(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		owned := s.stranger(t, apitest.NumberOf(5))
		s.stranger(t, apitest.NumberOf(5))
		time.Sleep(time.Minute)
		s.edit(t, owned, map[string]any{"recipient_account_id": acme.String()}) // so that the look asks for its messages
		var doubted []client.ID
		s.Inject(mockserver.Fault{Method: http.MethodGet, Path: "TextMessages", Times: 1, Kind: mockserver.Latency, Latency: 1, Do: func() {
			_, doubted = s.engine.Conversations.Claim("", owned)
		}})
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		if len(doubted) == 0 && (found.Earlier == nil || found.Earlier.Passed[owned] == 0) {
			t.Errorf("its owner is not told, and the attempt has not passed it: %v", found.Err)
		}
	})
}

// A lagging copy does not show a record that is being read. The engine asks again for what it did not find before the
// copy caught up.
func TestNotFoundBeforeTheCopyCaughtUp(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.SetLag(3 * time.Second)
		id := s.stranger(t, apitest.NumberOf(1))
		next := scriptedEngine(t, s.network.RoundTrip)
		next.Reach(int64(s.Revision()))
		got, err := next.Conversations.Read(t.Context(), id)
		apitest.Must(t, err)
		wantEqual(t, "id", id, got.ID)
	})
}

// Two lost creates of the same conversation have made two records. A search for one of them takes one.
func TestExactLookBesideItsTwin(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		s.stranger(t, apitest.NumberOf(5))
		s.stranger(t, apitest.NumberOf(5))
		input, err := json.Marshal(attempt.Input)
		apitest.Must(t, err)
		s.engine.claims.lose([]lostCreate{{of: Identity{frontDesk, s.engine.numbers.Canonical(apitest.NumberOf(5))}, input: string(input)}}, 1)
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		if apitest.Must(t, found.Err); found.Value.ID.IsZero() {
			t.Error("it finds none of them")
		}
	})
}

// A conversation with only some of the messages that were sent inside one is someone else's: a
// customer has written in it.
func TestSomeOfTheMessages(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		theirs := s.stranger(t, apitest.NumberOf(5))
		_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs.String(), "content": "Call me", "direction": 2})
		apitest.Must(t, err)
		incoming := client.MessageInput{MessageWrites: client.MessageWrites{Direction: client.Value(2)}}
		attempt.Earlier.Messages = [][]client.MessageInput{{incoming, incoming}}
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		if !errors.As(found.Err, new(*AmbiguousError)) {
			t.Errorf("found is %v: %v", found.Value.ID, found.Err)
		}
	})
}

// A search finds a record that lacks something, and then its owner claims it. The owner is told, because the caller
// of the search would take the record later.
func TestDoubtedBeforeItsOwnerClaimsIt(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		owned := s.stranger(t, apitest.NumberOf(5))
		attempt.Input.RecipientContactID = client.Value(jones)
		s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)
		taken, doubted := s.engine.Conversations.Claim("", owned)
		wantEqual(t, "doubted", []client.ID{owned}, doubted)
		wantEqual(t, "adopted", 0, len(taken))
	})
}
