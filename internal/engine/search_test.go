package engine

import (
	"encoding/json"
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

// wantAmbiguous checks that an error names exactly these records.
func wantAmbiguous(t testing.TB, err error, ids ...client.ID) {
	t.Helper()
	ambiguous, _ := errors.AsType[*AmbiguousError](err)
	if ambiguous == nil {
		t.Errorf("%v; want an ambiguous result", err)
		return
	}
	byText := func(a, b client.ID) int { return strings.Compare(a.String(), b.String()) }
	wantEqual(t, "the candidates", slices.SortedFunc(slices.Values(ids), byText), slices.SortedFunc(slices.Values(ambiguous.IDs), byText))
}

func say(conversation client.ID, direction int, content string) messageChange {
	return messageChange{Input: client.MessageInput{MessageWrites: client.MessageWrites{
		TextMessageConversationID: client.Value(conversation), Content: client.Value(content), Direction: client.Value(direction),
	}}}
}

// A conversation that lacks something may be a stranger's. The create's own conversation may appear later.
func TestBetterRecordComesLate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var theirs client.ID
		s.Inject(mockserver.Fault{
			Path: "batch-modify", Kind: mockserver.CommitLater, CommitAfter: 5 * time.Second, Latency: time.Second, Status: http.StatusGatewayTimeout, Times: 1,
			Do: func() { theirs = s.stranger(t, apitest.NumberOf(1)) },
		})
		input := newConversation(1)
		input.Input.RecipientAccountID = client.Value(acme)
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
		time.Sleep(time.Minute)
		wantAmbiguous(t, result.Err, theirs, idOf(fmt.Sprint(s.live()[2]["id"])))
	})
}

// A conversation that lacks something is not adopted next to one that contradicts the create: either may have been
// changed.
func TestLackingBesideContradicting(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var lacking, changed client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			lacking, changed = s.stranger(t, apitest.NumberOf(1)), s.stranger(t, apitest.NumberOf(1), "recipient_account_id", zenith.String())
		}})
		input := newConversation(1)
		input.Input.RecipientAccountID = client.Value(acme)
		wantAmbiguous(t, s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0).Err, lacking, changed)
	})
}

// It is also not adopted next to one that may have the number in the service's spelling.
func TestLackingBesideRespelled(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var lacking, respelled client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			lacking, respelled = s.stranger(t, apitest.NumberOf(1)), s.stranger(t, strings.TrimPrefix(apitest.NumberOf(1), "+"))
		}})
		input := newConversation(1)
		input.Input.RecipientAccountID = client.Value(acme)
		wantAmbiguous(t, s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0).Err, lacking, respelled)
	})
}

// A conversation that has everything is adopted, whatever else may be a spelling of its number.
func TestAgreeingBesideRespelled(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
			s.stranger(t, strings.TrimPrefix(apitest.NumberOf(1), "+"))
		}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "the number", apitest.NumberOf(1), result.Value.RecipientPhoneNumber)
	})
}

// A record that an earlier look has passed is not found under another spelling either.
func TestPassedRespelledRecord(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		now, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		theirs := s.stranger(t, strings.TrimPrefix(apitest.NumberOf(1), "+"))
		for _, passed := range []map[client.ID]int64{nil, {theirs: now.Revision + 1}} {
			input := newConversation(1)
			input.Earlier = &Attempt{Since: now, Passed: passed}
			found := scriptedEngine(t, s.network.RoundTrip).Conversations.LookFor(t.Context(), []conversationChange{input}, false)[0]
			apitest.Must(t, found.Err)
			if found.Value.ID.IsZero() != (passed != nil) {
				t.Errorf("with %v passed, it finds %s", passed, found.Value.ID)
			}
		}
	})
}

// The service may fill in an account by the number, but no links. A record with a link that was not sent may be
// someone else's, and the caller may delete what is found.
func TestLookForPassesLinks(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]any{"account": {"recipient_account_id", acme}, "link": {"account_relations", []any{acme}}} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.seed(t, 1)
			now, err := s.engine.Conversations.entity.now(t.Context())
			apitest.Must(t, err)
			theirs := s.stranger(t, apitest.NumberOf(1), values...)
			input := newConversation(1)
			input.Earlier = &Attempt{Since: now}
			found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{input}, false)[0]
			if name == "link" {
				wantAmbiguous(t, found.Err, theirs)
			} else if found.Err != nil || found.Value.ID != theirs || found.Unchecked {
				t.Errorf("it finds %s, %v; its messages were not read: %t", found.Value.ID, found.Err, found.Unchecked)
			}
		})
	}
}

// Attempts may have begun at different moments. The result of the earlier one has a link, and is not mistaken for a
// conversation that existed before, whatever the later one is about.
func TestEarliestMomentOfANumber(t *testing.T) {
	t.Parallel()
	for _, number := range []string{apitest.NumberOf(1), "Amazon"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.seed(t, 1)
			moment := func() Moment {
				time.Sleep(time.Hour)
				now, err := s.engine.Conversations.entity.now(t.Context())
				apitest.Must(t, err)
				return now
			}
			first := moment()
			own := s.stranger(t, apitest.NumberOf(1))
			_, err := s.Create(apitest.RelationSegment, map[string]any{"text_message_conversation_id": own, "account_id": acme})
			apitest.Must(t, err)
			s.stranger(t, apitest.NumberOf(9)) // newer than the link
			earlier, later := linked(newConversation(1), acme), linked(newConversation(1), zenith)
			later.Input.RecipientPhoneNumber = client.Value(number)
			earlier.Earlier, later.Earlier = &Attempt{Since: first}, &Attempt{Since: moment()}
			apitest.Must(t, s.Edit(apitest.ConversationSegment, own.String(), map[string]any{"recipient_contact_id": jones}))
			results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{earlier, later}, client.WriteOptions{RollbackMethod: 1}, false)
			wantEqual(t, "the conversation of the earlier attempt, beside "+number, own, results[0].Value.ID)
		})
	}
}

// A lost request has updated one record twice. Neither update is sent again.
func TestOneRecordTwice_lost(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		held := s.create(t.Context(), t, 1)
		first, second := change(held), change(held)
		first.Input.RecipientContactID, second.Input.RecipientAccountID = client.Value(jones), client.Value(acme)
		s.ResetRequests()
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		for _, result := range s.engine.Conversations.write(t.Context(), []conversationChange{first, second}, client.WriteOptions{RollbackMethod: 1}) {
			apitest.Must(t, result.Err)
		}
		sent := slices.DeleteFunc(s.requests(), func(request string) bool { return !strings.HasPrefix(request, http.MethodPost) })
		wantEqual(t, "writes", 1, len(sent))
	})
}

// A message that is found does not prevent another message of its request from being sent again.
func TestFoundMessageIsNoDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.RecoveryTimeout = 0 }) // the first look is the last one
		conversation := s.create(t.Context(), t, 1).ID
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": conversation, "content": "One", "direction": 1})
			apitest.Must(t, err)
		}})
		changes := []messageChange{say(conversation, 1, "One"), say(conversation, 1, "Two")}
		for _, result := range s.engine.Messages.CreateOrUpdateMany(t.Context(), changes, client.WriteOptions{RollbackMethod: 1}, false) {
			apitest.Must(t, result.Err)
		}
		wantEqual(t, "messages", 2, len(s.Records("TextMessages")))
	})
}

// A message that is older than a create does not prevent the create from being sent again, even if another create of
// the same request has an earlier attempt.
func TestOlderMessageIsNoDoubt(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1).ID
		first, err := s.engine.Messages.entity.now(t.Context())
		apitest.Must(t, err)
		_, err = s.Create("TextMessages", map[string]any{"text_message_conversation_id": conversation, "content": "theirs", "direction": 1})
		apitest.Must(t, err)
		time.Sleep(time.Hour)
		old := say(conversation, 2, "Hi")
		old.Earlier = &Attempt{Since: first}
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropBefore, Times: 1})
		for _, result := range s.engine.Messages.CreateOrUpdateMany(t.Context(), []messageChange{old, say(conversation, 1, "Hello")}, client.WriteOptions{RollbackMethod: 1}, false) {
			apitest.Must(t, result.Err)
		}
		wantEqual(t, "messages", 3, len(s.Records("TextMessages")))
	})
}

// A delete that was carried out gets the answer to a repeated one, or no usable one. The first
// looks show an old copy.
func TestDeleteWaitsForTheReads(t *testing.T) {
	t.Parallel()
	type removal func(testSpace, string) error
	softDelete := func(s testSpace, id string) error { return s.SoftDelete(apitest.ConversationSegment, id) }
	purge := func(s testSpace, id string) error { return s.Purge(apitest.ConversationSegment, id) }
	notFound := mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusOK, Reply: `{"success":true,"data":[` + notFoundReply + `]}`}
	for name, test := range map[string]struct {
		remove removal
		answer mockserver.Fault
	}{
		"deleted":      {softDelete, notFound},
		"gone":         {purge, notFound},
		"no result":    {softDelete, mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusOK, Reply: `{"success":true,"data":[]}`}},
		"a lost reply": {softDelete, mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusBadGateway}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{DeletedGet: mockserver.OK}, func(c *testConfig) { c.MaxRetries = 0 })
				id := s.seed(t, 1)[0]
				test.answer.Path = "batch-delete"
				s.Inject(test.answer, mockserver.Fault{
					Method: http.MethodGet, Path: id.String(), Skip: 2, Times: 1, Do: func() { apitest.Must(t, test.remove(s, id.String())) },
				})
				apitest.Must(t, s.engine.Conversations.Delete(t.Context(), id, 0))
			})
		})
	}
}

// A message that the caller refers to elsewhere is not deleted.
func TestReferredMessageStays(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1).ID
		var ids []client.ID
		for range 2 {
			id, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": conversation, "content": "Hi", "direction": 1})
			apitest.Must(t, err)
			ids = append(ids, idOf(id))
		}
		s.engine.ReferToMessages(ids[:1])
		for _, err := range s.engine.Messages.DeleteMany(t.Context(), ids, 0) {
			apitest.Must(t, err)
		}
		for i, want := range []any{false, true} {
			record, _ := s.Record("TextMessages", ids[i].String())
			wantEqual(t, "is deleted", want, record["is_deleted"])
		}
	})
}

// Undo deletes a conversation with the messages that were created in it.
func TestUndoDeletesOwnMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 1, 1 })
		s.seed(t, 1)
		with := newConversation(1)
		with.Input.Messages = client.Value([]client.MessageInput{{MessageWrites: client.MessageWrites{Content: client.Value("Hi"), Direction: client.Value(1)}}})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{with, linked(newConversation(2), unknown)}, client.WriteOptions{}, true)
		if !errors.Is(results[0].Err, ErrUndone) || len(s.live()) != 1 {
			t.Errorf("%d are live: %v", len(s.live()), results[0].Err)
		}
	})
}

// There are two open attempts at the same conversation, and one record: one attempt has made it, the other nothing.
func TestOpenTwins(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		made := s.stranger(t, apitest.NumberOf(5))
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt, attempt}, true)
		if found[0].Err != nil || found[1].Err != nil || found[0].Value.ID != made || !found[1].Value.ID.IsZero() {
			t.Errorf("%s, %v; %s, %v", found[0].Value.ID, found[0].Err, found[1].Value.ID, found[1].Err)
		}
	})
}

// A list does not show the phone of a conversation with another number or none. The engine looks for an open create
// all the same.
func TestOthersWithoutPhone(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"+15559990005", ""} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			attempt := s.openAttempt(t)
			made, others := s.stranger(t, apitest.NumberOf(5)), s.stranger(t, "+15559990005")
			s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
				return without(mock, r, others, number)
			})
			found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
			if found.Err != nil || found.Value.ID != made {
				t.Errorf("beside %q: %s, %v", number, found.Value.ID, found.Err)
			}
		})
	}
}

// without returns the reply without the phone of this conversation, and with this number.
func without(mock http.RoundTripper, r *http.Request, id client.ID, number string) (*http.Response, error) {
	response, err := mock.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	var reply map[string]any
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return nil, err
	}
	records, _ := reply["data"].([]any)
	for _, record := range records {
		if record, _ := record.(map[string]any); record["id"] == id.String() {
			record["phone_id"], record["recipient_phone_number"] = nil, number
		}
	}
	body, err := json.Marshal(reply)
	if err != nil {
		return nil, err
	}
	return apitest.Answer(r, http.StatusOK, string(body)), nil
}

// The service omits the extension of a number. The record that answers the create is the create's.
func TestAnsweredWithoutExtension(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			return replaced(response, err, apitest.NumberOf(1)+" ext. 5", apitest.NumberOf(1))
		})
		input := newConversation(1)
		input.Input.RecipientPhoneNumber = client.Value(apitest.NumberOf(1) + " ext. 5")
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
		if apitest.Must(t, result.Err); result.Value.ID.IsZero() {
			t.Error("the create has no record")
		}
	})
}

// The service alters the content of a message, so that its record looks like another one. The engine reads no other
// user's content because of that.
func TestAlteredMessageReadsNoOthers(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1).ID
		var others string
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			if r.Method == http.MethodPost {
				others, err = s.Create(messageSegment, map[string]any{"text_message_conversation_id": conversation, "content": "private", "direction": 1})
			}
			return replaced(response, err, "Call me", "Call me. Reply STOP to end")
		})
		message := newMessage("Call me")
		message.TextMessageConversationID = client.Value(conversation)
		apitest.Must(t, s.engine.Messages.CreateOrUpdate(t.Context(), messageChange{Input: message}, 0).Err)
		for _, request := range s.Requests() {
			if strings.HasSuffix(request.Path, others) {
				t.Errorf("%s %s reads a message of others", request.Method, request.Path)
			}
		}
	})
}

// A create is answered with another user's record. It stays theirs, and is not claimed.
func TestOthersAreNotClaimed(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		theirs := client.ID{}
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if r.Method != http.MethodPost {
				return mock.RoundTrip(r)
			}
			theirs = s.stranger(t, apitest.NumberOf(77))
			return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+theirs.String()+`"]}`), nil
		})
		if result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(5), 0); !errors.As(result.Err, new(*LostCreateError)) {
			t.Errorf("the create gives %s, %v", result.Value.ID, result.Err)
		}
		wantEqual(t, "its origin", unclaimed, s.engine.claims.of(theirs).origin)
	})
}

// A create repeats an attempt that has sent another contact, and is lost too. Its result is its own. Before it is
// sent, such a record would belong to others.
func TestTriedOtherwise(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempt := s.openAttempt(t)
		tried := attempt.Input
		attempt.Input.RecipientContactID, tried.RecipientContactID = client.Value(jones), client.Value(smith)
		attempt.Tried = &tried
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
		if apitest.Must(t, result.Err); !result.Adopted || result.Unsent {
			t.Errorf("adopted: %v, unsent: %v", result.Adopted, result.Unsent)
		}
		next := scriptedEngine(t, s.network.RoundTrip)
		if found := next.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]; found.Err != nil || !found.Value.ID.IsZero() {
			t.Errorf("not sent, it finds %s: %v", found.Value.ID, found.Err)
		}
	})
}

// An earlier attempt has sent a link that the create no longer wants. A record with that link may be its result. A
// record with another link is someone else's.
func TestLinkOfTheAttempt(t *testing.T) {
	t.Parallel()
	for linkedTo, isOurs := range map[client.ID]bool{acme: true, zenith: false} {
		t.Run(fmt.Sprint(isOurs), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				tried := linked(attempt, acme).Input
				attempt.Tried = &tried
				if !isOurs {
					attempt.Tried = nil
				}
				made, begin := s.stranger(t, apitest.NumberOf(5), "account_relations", texts(linkedTo)), time.Now()
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
				apitest.WithinBubble(t, begin, 0, time.Second) // the attempt's record has had its time to appear
				if (result.Err == nil) != isOurs || isOurs && result.Value.ID != made || !isOurs && !strings.Contains(result.Err.Error(), made.String()) {
					t.Errorf("found %s as %s: %v", made, result.Value.ID, result.Err)
				}
				wantEqual(t, "conversations", 2, len(s.live()))
			})
		})
	}
}

// A search lists the messages of many candidates with concurrent requests.
func TestUsesAreReadTogether(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		attempts := make([]conversationChange, 8)
		for i := range attempts {
			attempts[i] = s.openAttempt(t)
			attempts[i].Input = inputOf(100 + i)
		}
		for i := range attempts {
			s.stranger(t, apitest.NumberOf(100+i))
		}
		var mu sync.Mutex
		now, most := 0, 0
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/TextMessages") {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
			}
			return mock.RoundTrip(r)
		})
		for _, found := range s.engine.Conversations.LookFor(t.Context(), attempts, false) {
			apitest.Must(t, found.Err)
		}
		wantEqual(t, "concurrent requests", s.engine.config.MaxConcurrentRequests, most)
	})
}

// What earlier attempts have made is older than the batch that adopts it. It is read back in pages.
func TestAdoptedAreReadBackTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 150
		s := newSpace(t, mockserver.Behavior{})
		creates := make([]conversationChange, many)
		first := s.openAttempt(t)
		for i := range creates {
			creates[i] = first
			creates[i].Input = inputOf(100 + i)
			s.stranger(t, apitest.NumberOf(100+i))
		}
		s.ResetRequests()
		for _, result := range scriptedEngine(t, s.network.RoundTrip).Conversations.CreateOrUpdateMany(t.Context(), creates, client.WriteOptions{}, false) {
			if result.Err != nil || !result.Adopted {
				t.Errorf("adopted is %v: %v", result.Adopted, result.Err)
			}
		}
		if sent := len(s.requests()); sent > 10 {
			t.Errorf("%d requests", sent)
		}
	})
}
