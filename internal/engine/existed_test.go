package engine

import (
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

// upserts makes the service answer the first create with an existing conversation of another user, which it changes.
// The lists of that conversation's messages get this status.
func (s testSpace) upserts(t *testing.T, status int) (theirs client.ID) {
	t.Helper()
	theirs = s.stranger(t, apitest.NumberOf(1))
	_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs.String(), "content": "Call me", "direction": 2})
	apitest.Must(t, err)
	time.Sleep(time.Minute)
	s.stranger(t, apitest.NumberOf(9))
	isFirst := true
	s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
		switch {
		case isFirst && strings.Contains(r.URL.Path, "batch-modify"):
			isFirst = false
			s.edit(t, theirs, map[string]any{"recipient_contact_id": jones.String()})
			return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+theirs.String()+`"]}`), nil
		case strings.Contains(r.URL.RawQuery, theirs.String()):
			return apitest.Answer(r, status, ""), nil
		}
		return mock.RoundTrip(r)
	})
	return theirs
}

// The service answers a create with the existing conversation of that number. Another create
// fails, and the look for older messages in the conversation fails too. It is not deleted: it may
// have existed before.
func TestUndoOfWhatMayHaveExisted(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusForbidden} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 1, 1 })
				theirs := s.upserts(t, status)
				bad := newConversation(2)
				bad.Input.PhoneID = client.Value(unknown)
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1), bad}, client.WriteOptions{}, true)
				if !errors.As(results[0].Err, new(*LeftoverError)) {
					t.Errorf("the error is %v", results[0].Err)
				}
				wantEqual(t, "deleted", any(false), s.record(t, theirs)["is_deleted"])
			})
		})
	}
}

// The same for a single create: the engine doesn't know that the conversation is its own, but the service said so. If
// the caller may not read messages, no look can tell.
func TestCreateAnsweredWithWhatMayHaveExisted(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{http.StatusServiceUnavailable: true, http.StatusForbidden: false} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.upserts(t, status)
				_, err := s.engine.Conversations.writeOne(t.Context(), newConversation(1), 0)
				wantEqual(t, "is unread", want, errors.As(err, new(*UnreadError)))
			})
		})
	}
}

// A lost create finds a conversation with its number. The service refuses to list its messages, although the caller
// has the permission: they may be a customer's.
func TestRefusedMessagesProveNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusUnprocessableEntity} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
					theirs := s.stranger(t, apitest.NumberOf(1))
					_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs, "content": "Call me", "direction": 2})
					apitest.Must(t, err)
				}}, mockserver.Fault{Method: http.MethodGet, Path: "TextMessages", Kind: mockserver.StatusReply, Status: status, Envelope: true})
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
				if !errors.As(result.Err, new(*LostCreateError)) || result.Adopted {
					t.Errorf("adopted is %t: %v", result.Adopted, result.Err)
				}
			})
		})
	}
}

// An answer names a conversation that has appeared during the create, with another account or number. If others use it,
// and the space shows a conversation with everything that was sent, that is the create's. Otherwise the service's word
// counts: it, or others, may have changed what was sent.
func TestCreateAnsweredWithALookAlike(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		number  string
		account client.ID
		isUsed  bool
		isTaken bool // although the create's own is there
	}{
		"another account, used": {apitest.NumberOf(1), zenith, true, false},
		"another account":       {apitest.NumberOf(1), zenith, false, true},
		"another number, used":  {"+44" + apitest.NumberOf(1)[4:], acme, true, false},
	} {
		for _, isMade := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, ours made %t", name, isMade), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
					s.seed(t, 1)
					var theirs, ours client.ID
					s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
						if !theirs.IsZero() || !strings.Contains(r.URL.Path, "batch-modify") {
							return mock.RoundTrip(r)
						}
						theirs = s.stranger(t, test.number, "recipient_account_id", test.account)
						if test.isUsed {
							_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": theirs, "content": "Call me", "direction": 2})
							apitest.Must(t, err)
						}
						if isMade {
							ours = s.stranger(t, apitest.NumberOf(1), "recipient_account_id", acme)
						}
						return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+theirs.String()+`"]}`), nil
					})
					create := newConversation(1)
					create.Input.RecipientAccountID = client.Value(acme)
					got, err := s.engine.Conversations.writeOne(t.Context(), create, 0)
					apitest.Must(t, err)
					want := theirs
					if isMade && !test.isTaken {
						want = ours
					}
					wantEqual(t, "id", want, got.ID)
				})
			})
		}
	}
}

// The service changes the account of each create. That costs no request more, because there is no better record.
func TestChangedAnswersCostNothing(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			reply, err := mock.RoundTrip(r)
			if r.Method == http.MethodGet {
				reply, err = replaced(reply, err, acme.String(), zenith.String())
			}
			return reply, err
		})
		creates := []conversationChange{newConversation(1), newConversation(2)}
		for i := range creates {
			creates[i].Input.RecipientAccountID = client.Value(acme)
		}
		for _, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), creates, client.WriteOptions{}, false) {
			apitest.Must(t, result.Err)
			wantEqual(t, "account", zenith, result.Value.RecipientAccountID)
		}
		s.wantRequests(t, "GET conversations", "POST conversations/batch-modify", "GET conversations")
	})
}
