package engine

import (
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// loseTwo loses two creates of one call in two batches. Their numbers end in the same digits. The service carries out
// only the second.
func loseTwo(t *testing.T, behavior mockserver.Behavior) []Result[client.Conversation] {
	t.Helper()
	s := newSpace(t, behavior, func(c *testConfig) { c.BatchSize, c.MaxRetries = 1, 0 })
	one, two := newConversation(1), newConversation(2)
	one.Input.RecipientPhoneNumber, two.Input.RecipientPhoneNumber = client.Value("+15552220123"), client.Value("+15553330123")
	s.Inject(mockserver.Fault{Path: "batch-modify", Body: "5552220123", Kind: mockserver.DropBefore},
		mockserver.Fault{Path: "batch-modify", Body: "5553330123", Kind: mockserver.DropAfter, Times: 1})
	return s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{one, two}, client.WriteOptions{RollbackMethod: client.RollbackFailed}, false)
}

// Two creates of one call get lost in two batches. Their numbers end in the same digits, and the service masks the
// rest. It has carried out only the second create, so the first must not take that result.
func TestRivalOfTheSameCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		results := loseTwo(t, mockserver.Behavior{PhoneFormat: mockserver.Masked})
		wantProblem(t, results[0].Err, client.OutcomeUnknown)
		wantProblem(t, results[1].Err, client.OutcomeUnknown)
	})
}

// Two creates get lost in two batches. Their numbers end in the same digits, and the service keeps numbers as they
// are sent. The result of one does not put the other in doubt.
func TestNeighborIsNoRival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		results := loseTwo(t, mockserver.Behavior{})
		wantProblem(t, results[0].Err, client.OutcomeUnknown)
		apitest.Must(t, results[1].Err)
		wantEqual(t, "adopted", true, results[1].Adopted)
	})
}

// Another batch has lost a create of the same number. If that sends something else, the record may be that of either,
// and the create does not take it.
func TestRivalWithTheSameNumber(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]conversationChange{"the same contents": newConversation(1), "other contents": linked(newConversation(1), acme)} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				s.engine.claims.lose([]lostCreate{{of: s.engine.Conversations.names.wanted(input.Input), input: asSent(input.Input)}}, 1)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(1), 0)
				if isTaken := result.Err == nil; isTaken != (name == "the same contents") {
					t.Errorf("it takes %s: %v", result.Value.ID, result.Err)
				}
			})
		})
	}
}
