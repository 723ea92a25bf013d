package engine

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The cost of a look without its requests: twice as many creates must take about twice as
// long.
func BenchmarkTakeCreates(b *testing.B) {
	for _, kind := range []string{"distinct", "masked", "one number", "one tail"} {
		for _, n := range []int{500, 1000} {
			b.Run(fmt.Sprint(kind, " ", n), func(b *testing.B) {
				s := newSpace(b, mockserver.Behavior{})
				for b.Loop() {
					b.StopTimer()
					inputs, made := make([]conversationChange, n), make([]client.Conversation, n)
					for i := range inputs {
						inputs[i] = linked(newConversation(i), acme)
						number := apitest.NumberOf(i)
						switch kind {
						case "masked":
							number = "********" + number[8:]
						case "one tail": // the records in another form
							number = fmt.Sprintf("1555%03d0123", i)
							inputs[i].Input.RecipientPhoneNumber = client.Value("+" + number)
						case "one number":
							number = apitest.NumberOf(1)
							inputs[i].Input.RecipientPhoneNumber = client.Value(spelled(1))
						}
						made[i] = client.Conversation{
							RecordValues: client.RecordValues{ID: idOf(fmt.Sprintf("00000000-0000-4000-9000-%012d", i)), Revision: int64(10 + i)},
							ConversationValues: client.ConversationValues{
								PhoneID: frontDesk, RecipientPhoneNumber: number,
								AccountRelations: []client.Ref[client.Relation]{{ID: acme, Record: &client.Relation{RelationTargets: client.RelationTargets[client.ID]{AccountID: zenith}}}}, // agrees with no create
							},
						}
					}
					w := newWriting(s.engine.Conversations, inputs, client.WriteOptions{})
					look := newSearch(w, w.all())
					look.made[frontDesk] = made
					b.StartTimer()
					look.takeCreates(b.Context())
				}
			})
		}
	}
}
