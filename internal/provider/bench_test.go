package provider

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Entries that move to new keys, without a number and with one: what it costs must
// grow with their number, not with its square.
func BenchmarkPlanMovedEntries(b *testing.B) {
	for _, count := range []int{500, 1000, 2000} {
		for _, numbered := range []bool{true, false} {
			b.Run(fmt.Sprintf("%d, numbers %t", count, numbered), func(b *testing.B) {
				config, prior := movedEntries(b, count, numbered)
				for b.Loop() {
					if _, _, changes := (numbers{}).planEntries(config, prior); changes {
						b.Fatal("the entries are not moved")
					}
				}
			})
		}
	}
}

func movedEntries(b *testing.B, count int, numbered bool) (config, prior entries) {
	b.Helper()
	config, prior = entries{}, entries{}
	for i := range count {
		id, err := client.ParseID(fmt.Sprintf("80000000-0000-4000-8000-%012d", i+1))
		if err != nil {
			b.Fatal(err)
		}
		owned := numbers{}.conversationFromAPI(client.Conversation{
			ID: id, PhoneID: id, RecipientAccountID: id, RecipientPhoneNumber: fmt.Sprintf("+1555%07d", i), Revision: 1,
		}, conversationModel{})
		owned.PhoneID = types.StringValue("10000000-0000-4000-8000-000000000001")
		prior[fmt.Sprint("old", i)] = &ownedModel{conversationModel: owned, Messages: types.MapNull(messageType)}
		wanted := emptyConversation()
		wanted.PhoneID, wanted.RecipientAccountID = owned.PhoneID, owned.RecipientAccountID
		if numbered {
			wanted.RecipientPhoneNumber = owned.RecipientPhoneNumber
		}
		config[fmt.Sprint("new", i)] = &ownedModel{conversationModel: wanted, Messages: types.MapNull(messageType)}
	}
	return config, prior
}
