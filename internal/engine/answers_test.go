package engine

import (
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Others have changed the record of a create and written in it before its answer is checked. It is the create's all the
// same.
func TestCheckAnswerOfAnEditedRecord(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		create := s.openAttempt(t)
		create.Input.RecipientAccountID = client.Value(acme)
		own := s.stranger(t, apitest.NumberOf(5), "recipient_account_id", acme)
		_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": own, "content": "Call me", "direction": 2})
		apitest.Must(t, err)
		time.Sleep(time.Minute)
		s.edit(t, own, map[string]any{"recipient_account_id": zenith})
		wrong, err := s.engine.Conversations.CheckAnswers(t.Context(), map[client.ID]conversationChange{own: create})
		apitest.Must(t, err)
		wantEqual(t, "wrong", 0, len(wrong))
	})
}

// An answer is checked later. A record with a message from before the create belongs to someone else. If messages
// can't be read, the engine can't tell, unless the caller may not read them at all: then the service's answer counts.
func TestCheckAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int
		isWrong bool
		problem client.Problem
	}{
		"with old messages":      {0, true, 0},
		"with messages unread":   {502, false, client.Unavailable},
		"with messages withheld": {403, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				theirs := s.stranger(t, apitest.NumberOf(1))
				_, err := s.Create("TextMessages", map[string]any{"text_message_conversation_id": theirs, "content": "Call me", "direction": 2})
				apitest.Must(t, err)
				before := Moment{Revision: int64(s.Revision())}
				time.Sleep(time.Minute)
				s.edit(t, theirs, map[string]any{"recipient_contact_id": jones})
				if test.status > 0 {
					s.Inject(mockserver.Fault{Method: "GET", Path: "TextMessages", Kind: mockserver.StatusReply, Status: test.status})
				}
				create := newConversation(1)
				create.Earlier = &Attempt{Since: before}
				wrong, err := s.engine.Conversations.CheckAnswers(t.Context(), map[client.ID]conversationChange{theirs: create})
				if isWrong := len(wrong) > 0; isWrong != test.isWrong || client.ProblemOf(err) != test.problem {
					t.Errorf("wrong are %v, and the error is %v", wrong, err)
				}
				if s.engine.claims.has(theirs) {
					t.Error("a record that may be another's is claimed")
				}
			})
		})
	}
}
