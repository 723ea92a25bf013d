package provider

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The messages of a renamed entry may be completely unknown.
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

// An entry that is completely unknown may keep its conversation, so the plan does not say that it removes that. If
// the entry is gone, the plan does.
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

// ofOneNumber returns an entry with the number that all entries share.
func ofOneNumber(phone, account, id types.String) *ownedModel {
	m := newOwnedModel()
	m.PhoneID, m.RecipientPhoneNumber, m.RecipientAccountID, m.ID = phone, types.StringValue("+15550100001"), account, id
	return m
}

// An entry gets another phone. The conversation of a second entry matches its declaration, so it takes that one. As
// long as a value is unknown, the choice is undecided.
func TestPlanEntries_moved(t *testing.T) {
	t.Parallel()
	first, second, none := types.StringValue(testPhone), types.StringValue(testAccount), types.StringNull()
	prior := entries{"a": ofOneNumber(first, none, first), "b": ofOneNumber(second, none, second)}
	for name, test := range map[string]struct {
		account types.String
		want    types.String // the id of a
	}{
		"the same": {none, second}, "undecided": {types.StringUnknown(), types.StringUnknown()}, "another one": {second, first},
	} {
		planned, removed, changes := numbers{}.planEntries(entries{"a": ofOneNumber(second, test.account, none)}, prior, nil)
		if got := planned["a"]; !got.ID.Equal(test.want) || !changes {
			t.Errorf("%s: the plan of a is %v; want %v", name, got.conversationModel, test.want)
		}
		if gone := removed["a"] != nil; gone != (name != "another one") {
			t.Errorf("%s: the plan removes the conversation of a: %v", name, gone)
		}
	}
}

// An entry without a number has an unknown value. If the map has no other conversation to choose from, the entry
// keeps its own.
func TestPlanEntries_alone(t *testing.T) {
	t.Parallel()
	entry := func(account, id types.String) *ownedModel {
		m := newOwnedModel()
		m.PhoneID, m.RecipientAccountID, m.ID = types.StringValue(testPhone), account, id
		return m
	}
	id := types.StringValue(testAccount)
	prior := entries{"a": entry(types.StringNull(), id)}
	planned, removed, _ := numbers{}.planEntries(entries{"a": entry(types.StringUnknown(), types.StringNull())}, prior, nil)
	if got := planned["a"]; !got.ID.Equal(id) || len(removed) > 0 {
		t.Errorf("the plan is %v", got.conversationModel)
	}
}

// Two entries have swapped their phones and change, but a new entry has the phone of one of them too.
func TestPlanEntries_notSwapped(t *testing.T) {
	t.Parallel()
	first, second, none := types.StringValue(testPhone), types.StringValue(testAccount), types.StringNull()
	prior := entries{"a": ofOneNumber(first, none, first), "b": ofOneNumber(second, none, second)}
	planned, removed, _ := numbers{}.planEntries(entries{"a": ofOneNumber(second, first, none), "b": ofOneNumber(first, first, none), "c": ofOneNumber(second, second, none)}, prior, nil)
	if !planned["a"].ID.Equal(first) || !planned["b"].ID.Equal(second) || !planned["c"].ID.IsUnknown() || len(removed) > 0 {
		t.Errorf("the plan is %v, %v, %v", planned["a"].ID, planned["b"].ID, planned["c"].ID)
	}
	// The second phone may also be that of an entry whose create is open.
	tried := openCreates{"d": attempt{Sent: prior["b"].toAPI(numbers{}, nil)}}
	planned, removed, _ = numbers{}.planEntries(entries{"a": ofOneNumber(second, first, none), "b": ofOneNumber(first, first, none)}, prior, tried)
	if !planned["a"].ID.Equal(first) || !planned["b"].ID.Equal(second) || len(removed) > 0 {
		t.Errorf("the plan beside an open create is %v, %v", planned["a"].ID, planned["b"].ID)
	}
	// One of several entries that have moved is between two entries that keep their own conversations.
	third, fourth := types.StringValue("20000000-0000-4000-8000-00000000000a"), types.StringValue("50000000-0000-4000-8000-00000000000a")
	prior["c"] = ofOneNumber(third, none, third)
	planned, removed, _ = numbers{}.planEntries(entries{"a": ofOneNumber(second, first, none), "b": ofOneNumber(third, first, none), "c": ofOneNumber(fourth, first, none)}, prior, nil)
	if !planned["a"].ID.Equal(first) || !planned["b"].ID.Equal(second) || !planned["c"].ID.Equal(third) || len(removed) > 0 {
		t.Errorf("the plan is %v, %v, %v", planned["a"].ID, planned["b"].ID, planned["c"].ID)
	}
}

// An entry without a number gets another phone, and keeps its conversation: that of another entry has a number.
func TestPlanEntries_movedWithoutNumber(t *testing.T) {
	t.Parallel()
	first, second, none := types.StringValue(testPhone), types.StringValue(testAccount), types.StringNull()
	own, config := ofOneNumber(first, none, first), ofOneNumber(second, none, none)
	own.RecipientPhoneNumber, config.RecipientPhoneNumber = none, none
	planned, removed, _ := numbers{}.planEntries(entries{"a": config}, entries{"a": own, "b": ofOneNumber(second, none, second)}, nil)
	if got := planned["a"].ID; !got.Equal(first) || removed["b"] == nil {
		t.Errorf("the plan of a is %v, and removes %v", got, removed.keys())
	}
	own.RecipientPhoneNumber = types.StringValue("+15550100002") // as an import has read it: a list may have shifted
	if planned, _, _ = (numbers{}).planEntries(entries{"a": config}, entries{"a": own, "b": ofOneNumber(second, none, second)}, nil); !planned["a"].ID.Equal(second) {
		t.Errorf("the plan of a with a number is %v", planned["a"].ID)
	}
}

// An unknown message may turn out to be the one that a known message would take.
func TestPlanMessages_unknown(t *testing.T) {
	t.Parallel()
	message := func(text string, id types.String) *messageModel {
		return &messageModel{Content: types.StringValue(text), Direction: types.StringValue("outgoing"), ID: id}
	}
	prior := messages{"y": message("hi ", types.StringValue(testPhone))}
	planned := messagesFrom(planMessages(messages{"x": nil, "z": message("hi ", types.StringNull())}.toMap(), prior.toMap()))
	if got := planned["z"].ID; !got.IsUnknown() {
		t.Errorf("the id is planned as %v", got)
	}
}

// A message that was sent and not identified has no id. Under another key, it is a new message, as its warning says.
func TestPlanMessages_notIdentified(t *testing.T) {
	t.Parallel()
	message := func(id types.String) *messageModel {
		return &messageModel{Content: types.StringValue("Hello"), Direction: types.StringValue("outgoing"), ID: id}
	}
	for id, want := range map[string]types.String{"": types.StringUnknown(), testPhone: types.StringValue(testPhone)} {
		prior := messages{"a": message(types.StringNull())}
		if id != "" {
			prior["a"].ID = types.StringValue(id)
		}
		planned := messagesFrom(planMessages(messages{"b": message(types.StringNull())}.toMap(), prior.toMap()))
		if got := planned["b"].ID; !got.Equal(want) {
			t.Errorf("%q: the id is planned as %v", id, got)
		}
	}
}
