package engine

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create drops the record that it has adopted, because the service refuses to update it. The owner of the record
// claims it later, and is not told that it was adopted.
func TestDisownedIsNotAdopted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		create := s.openAttempt(t)
		theirs := s.stranger(t, apitest.NumberOf(5))
		create.Input.RecipientContactID = client.Value(jones)
		s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Envelope: true})
		wantProblem(t, s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0).Err, client.Refused)
		taken, _ := s.engine.Conversations.Claim("", theirs)
		wantEqual(t, "taken", 0, len(taken))
	})
}

// A create adopts a conversation, and other users write in it before everything is undone. It stays, and does not
// count as adopted.
func TestSparedIsNotAdopted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.BatchSize, c.MaxConcurrentRequests = 1, 1 })
		s.seed(t, 1)
		var theirs client.ID
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() { theirs = s.stranger(t, apitest.NumberOf(5)) }},
			mockserver.Fault{Path: "batch-modify", Times: 1, Do: func() {
				_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": theirs, "content": "Hi", "direction": 2})
				apitest.Must(t, err)
			}})
		bad := newConversation(6)
		bad.Input.PhoneID = client.Value(unknown)
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(5), bad}, client.WriteOptions{}, true)
		if !errors.As(results[0].Err, new(*AmbiguousError)) || s.record(t, theirs)["is_deleted"] != false {
			t.Errorf("the error is %v", results[0].Err)
		}
		taken, _ := s.engine.Conversations.Claim("", theirs)
		wantEqual(t, "taken", 0, len(taken))
	})
}

// The same create in a map ends in the same way: its attempt has sent the same, and is no longer open.
func TestDisownedIsSettled(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, s testSpace, create conversationChange) error{
		"single": func(t *testing.T, s testSpace, create conversationChange) error {
			t.Helper()
			return s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0).Err
		},
		"map": func(t *testing.T, s testSpace, create conversationChange) error {
			t.Helper()
			options := client.WriteOptions{RollbackMethod: client.RollbackFailed}
			return s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{create}, options, false)[0].Err
		},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				create := s.openAttempt(t)
				s.stranger(t, apitest.NumberOf(5))
				create.Input.RecipientContactID = client.Value(jones)
				tried := create.Input
				create.Tried = &tried
				s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity, Envelope: true})
				wantProblem(t, write(t, s, create), client.Refused)
			})
		})
	}
}
