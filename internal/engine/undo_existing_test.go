package engine

import (
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

// The service answers a create with the existing conversation of that number, and changes it.
// Another create fails, and the look for older messages in the conversation fails too. It is not
// deleted: it may have existed before.
func TestUndoOfWhatMayHaveExisted(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusForbidden} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.Settings.BatchSize, c.MaxConcurrentRequests = 1, 1 })
				theirs := s.stranger(t, apitest.NumberOf(1))
				_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs.String(), "content": "Call me", "direction": 2})
				apitest.Must(t, err)
				time.Sleep(time.Minute)
				s.stranger(t, apitest.NumberOf(9))
				mock, isFirst := s.network.RoundTripper, true
				s.network.RoundTripper = apitest.RoundTripper(func(r *http.Request) (*http.Response, error) {
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
