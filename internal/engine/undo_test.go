package engine

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const notFoundReply = `{"success":false,"http_status":404,"code":2003,"name":"X","message":"x"}`

// A restore succeeds if the service answers "not found" for a record that is not deleted.
func TestRestoreDoesNotWait(t *testing.T) {
	inSpace(t, mockserver.Behavior{DeletedGet: mockserver.OK}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-restore", Kind: mockserver.StatusReply, Status: http.StatusNotFound, Reply: notFoundReply})
		start := time.Now()
		errs := s.engine.Conversations.entity.restore(t.Context(), ids, client.WriteOptions{})
		if passed := time.Since(start); errs[0] != nil || passed > time.Second {
			t.Errorf("%v after %v", errs[0], passed)
		}
	})
}

// All records of a batch share the time to wait until the reads agree with "not found".
func TestDeleteWaitsOnce(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 50)
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: http.StatusNotFound, Reply: notFoundReply})
		start := time.Now()
		errs := s.engine.Conversations.DeleteMany(t.Context(), ids, 0)
		if passed := time.Since(start); errs[0] == nil || errs[49] == nil || passed > 2*s.engine.settings.RecoveryTimeout {
			t.Errorf("%v, %v after %v", errs[0], errs[49], passed)
		}
	})
}

// While messages can't be listed, undo deletes nothing, because other users may have written in the conversation. It
// does not say that they have.
func TestUndoWithoutMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests, c.MaxRetries = 1, 1, 0 })
		refused := newConversation(1)
		refused.Input.PhoneID = client.Value(unknown)
		s.Inject(mockserver.Fault{Path: "batch-modify", Skip: 1, Times: 1, Kind: mockserver.Latency, Do: func() {
			_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": s.live()[0]["id"], "content": "answer", "direction": 2})
			apitest.Must(t, err)
			s.Inject(mockserver.Fault{Method: http.MethodGet, Path: messageSegment, Kind: mockserver.StatusReply, Status: http.StatusBadGateway})
		}})
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(0), refused}, client.WriteOptions{}, true)
		if live := len(s.live()); live != 1 || !errors.Is(results[0].Err, errUnread) {
			t.Errorf("%d are live: %v", live, results[0].Err)
		}
	})
}

// Undo leaves a record that may be someone else's, and still says what the CRM has refused.
func TestUndoKeepsTheReason(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.Indexed, mockserver.Items} {
		t.Run(reply, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{RollbackReply: reply}, func(t *testing.T, s testSpace) {
				wrong := newConversation(0)
				wrong.Input.RecipientAccountID = client.Value(unknown)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() { s.stranger(t, apitest.NumberOf(0)) }})
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{wrong, newConversation(1)}, client.WriteOptions{}, true)
				if text := results[0].Err.Error(); !strings.Contains(text, unknown.String()) {
					t.Errorf("it says %s", text)
				}
			})
		})
	}
}

// Other users' conversations that share only the last digits, or have no number, are not twins.
func TestStrangersAreNoTwins(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		input := newConversation(0)
		input.Input.RecipientPhoneNumber = client.Value("+1 555 010 0001")
		input.Input.RecipientAccountID = client.Value(zenith)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			s.stranger(t, "+49 30 9990001", "recipient_account_id", acme.String())
			_, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk, "recipient_account_id": acme.String()})
			apitest.Must(t, err)
		}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), input, 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "twins", 0, len(result.Twins))
	})
}

// An error of the API with a proxy's page behind it proves nothing.
func TestErrorWithTrailingText(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Reply: `{"success":false,"http_status":422,"code":1,"name":"X","message":"x"}<html>`})
		_, err := s.client.Conversations.BatchModify(t.Context(), []client.ConversationInput{newConversation(0).Input}, client.WriteOptions{})
		wantProblem(t, err, client.OutcomeUnknown)
	})
}

// The service fills in a field that was sent as null, or sets another contact than was sent. If
// another create fails, the first record is deleted again; the second one stays known.
func TestUndoFilledIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent   client.Field[client.ID]
		isLeft bool
	}{"null": {client.Null[client.ID](), false}, "another": {client.Value(smith), true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests, c.MaxRetries = 1, 1, 0 })
				s.seed(t, 1)
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					response, err := mock.RoundTrip(r)
					for _, held := range []string{"null", `"` + smith.String() + `"`} {
						response, err = replaced(response, err, `"recipient_contact_id":`+held, `"recipient_contact_id":"`+jones.String()+`"`)
					}
					return response, err
				})
				first, refused := newConversation(1), newConversation(2)
				first.Input.RecipientContactID = test.sent
				refused.Input.PhoneID = client.Value(unknown)
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{first, refused}, client.WriteOptions{}, true)
				if isLeft := errors.As(results[0].Err, new(*LeftoverError)); isLeft != test.isLeft || isLeft != (len(s.live()) == 2) {
					t.Errorf("%d are live: %v", len(s.live()), results[0].Err)
				}
			})
		})
	}
}

// Two creates get each other's ids, and another one fails. An undo deletes neither of their records, because they may
// belong to others. A later search of the same engine finds them.
func TestSparedIsFoundAgain(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			if r.Method != http.MethodPost {
				return response, err
			}
			s.network.RoundTripper = mock
			var body struct{ Data []string }
			apitest.Must(t, json.NewDecoder(response.Body).Decode(&body))
			return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+body.Data[1]+`","`+body.Data[0]+`"]}`), nil
		})
		changes := append(newConversations(2), linked(newConversation(2), unknown))
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), changes, client.WriteOptions{}, true)
		wantProblem(t, results[2].Err, client.RelationNotFound)
		for i := range 2 {
			lost, isLost := errors.AsType[*LostCreateError](results[i].Err)
			if !isLost {
				t.Fatalf("create %d: %v", i, results[i].Err)
			}
			changes[i].Earlier, changes[i].Owner = &lost.Attempt, "owner"
		}
		for i, found := range s.engine.Conversations.LookFor(t.Context(), changes[:2], false) {
			apitest.Must(t, found.Err)
			wantEqual(t, "the number", apitest.NumberOf(i), found.Value.RecipientPhoneNumber)
		}
	}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 2, 1 })
}

// A create adopts what an earlier attempt may have made, which lacks the contact or has that of the attempt. Before it
// gets the one that the create wants, another create is refused. An undo does not delete the record, and the result does
// not contain it: it may belong to someone else.
func TestUndoDeletesNoConversationWithLess(t *testing.T) {
	t.Parallel()
	for name, contact := range map[string]client.ID{"lacks the contact": {}, "has the earlier contact": smith} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt, refused := s.openAttempt(t), newConversation(2)
				attempt.Tried = new(attempt.Input)
				attempt.Input.RecipientContactID, refused.Input.PhoneID = client.Value(jones), client.Value(unknown)
				found := s.stranger(t, apitest.NumberOf(5))
				if !contact.IsZero() {
					attempt.Tried.RecipientContactID = client.Value(contact)
					s.edit(t, found, map[string]any{"recipient_contact_id": contact.String()})
				}
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{attempt, refused}, client.WriteOptions{}, true)
				wantAmbiguous(t, results[0].Err, found)
				wantEqual(t, "is deleted", any(false), s.record(t, found)["is_deleted"])
			})
		})
	}
}
