package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A renamed entry may have messages of which nothing is known yet.
func TestPlanEntries_unknownMessage(t *testing.T) {
	t.Parallel()
	entry := func(account, id types.String, owned messages) *ownedModel {
		m := newOwnedModel()
		m.PhoneID, m.RecipientPhoneNumber, m.RecipientAccountID = types.StringValue(testPhone), types.StringValue("+15550100001"), account
		m.ID, m.Messages = id, owned.toMap()
		return m
	}
	known := messages{"m": {Content: types.StringValue("Hello"), Direction: types.StringValue("outgoing"), ID: types.StringValue(testPhone)}}
	prior := entries{"a": entry(types.StringNull(), types.StringValue(testAccount), known)}
	config := entries{"b": entry(types.StringValue(testAccount), types.StringNull(), messages{"m": nil})}
	planned, _, _ := numbers{}.planEntries(config, prior, nil)
	if got := planned["b"]; reference(got.ID) != reference(prior["a"].ID) || !messagesFrom(got.Messages).haveUnknown() {
		t.Errorf("the plan is %v with the messages %v", got.ID, got.Messages)
	}
}
