package provider

import (
	"slices"
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

// An entry of which nothing is known yet may keep its conversation: the plan does not say that it
// removes that. An entry that has gone does not.
func TestPlanEntries_unknownEntry(t *testing.T) {
	t.Parallel()
	entry := func(number, id string) *ownedModel {
		m := newOwnedModel()
		m.PhoneID, m.RecipientPhoneNumber, m.ID = types.StringValue(testPhone), types.StringValue(number), types.StringValue(id)
		return m
	}
	prior := entries{"a": entry("+15550100001", testPhone), "b": entry("+15550100002", testAccount)}
	planned, removed, changes := numbers{}.planEntries(entries{"a": nil}, prior, nil)
	if got := removed.keys(); !changes || planned["a"] != nil || !slices.Equal(got, []string{"b"}) {
		t.Errorf("the plan removes %q of %v", got, planned)
	}
}

// An entry gets another phone, and a conversation of that phone and number is there. As long as another
// entry may turn out to take that, nothing is chosen. So the entry has no id until the apply.
func TestPlanEntries_undecidedMove(t *testing.T) {
	t.Parallel()
	entry := func(phone, id types.String) *ownedModel {
		m := newOwnedModel()
		m.PhoneID, m.RecipientPhoneNumber, m.ID = phone, types.StringValue("+15550100001"), id
		return m
	}
	first, second := types.StringValue(testPhone), types.StringValue(testAccount)
	prior := entries{"a": entry(first, first), "b": entry(second, second)}
	prior["b"].RecipientAccountID = second
	unsure := entry(types.StringUnknown(), types.StringNull())
	for name, test := range map[string]struct {
		config entries
		want   types.String // the id of a
	}{
		"decided":   {entries{"a": entry(second, types.StringNull())}, second},
		"undecided": {entries{"a": entry(second, types.StringNull()), "c": unsure}, types.StringUnknown()},
		"taken":     {entries{"a": entry(second, types.StringNull()), "c": prior["b"]}, first},
	} {
		test.config["a"].RecipientContactID = second // it changes, too
		planned, _, changes := numbers{}.planEntries(test.config, prior, nil)
		if got := planned["a"]; !got.ID.Equal(test.want) || !changes || got.AccountRelations.IsUnknown() != test.want.IsUnknown() {
			t.Errorf("%s: the plan of a is %v; want %v", name, got.conversationModel, test.want)
		}
	}
}
