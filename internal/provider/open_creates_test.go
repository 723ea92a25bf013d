package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// If the state has an adopted conversation, there is a warning, whatever happened after
// the adoption.
func TestWarnOfAdoption(t *testing.T) {
	t.Parallel()
	id, failed := parse(t, idA), errors.New("refused")
	result := func(adopted bool, id client.ID, err error) engine.Result[client.Conversation] {
		return engine.Result[client.Conversation]{Value: client.Conversation{RecordValues: client.RecordValues{ID: id}}, Adopted: adopted, Err: err}
	}
	for name, test := range map[string]struct {
		result engine.Result[client.Conversation]
		want   bool
	}{
		"adopted":                          {result(true, id, nil), true},
		"created":                          {result(false, id, nil), false},
		"adopted, and what it lacks fails": {result(true, client.ID{}, &engine.UnreadError{ID: id, Err: failed}), true},
		"created, and not read":            {result(false, client.ID{}, &engine.UnreadError{ID: id, Err: failed}), false},
		"adopted, and left by an undo":     {result(true, client.ID{}, &engine.LeftoverError{ID: id, Err: failed}), true},
		"failed":                           {result(true, client.ID{}, failed), false},
	} {
		diags := warnOfAdoption(path.Empty(), createResults{"": test.result}, true)
		if got := len(diags) == 1 && strings.Contains(diags[0].Detail(), idA); got != test.want || len(diags) > 1 {
			t.Errorf("%s: %v; want a warning with the id: %v", name, diags, test.want)
		}
	}
}

// A warning of several adoptions speaks of several conversations.
func TestWarnOfAdoption_several(t *testing.T) {
	t.Parallel()
	of := func(id string) engine.Result[client.Conversation] {
		return engine.Result[client.Conversation]{Value: client.Conversation{RecordValues: client.RecordValues{ID: parse(t, id)}}, Adopted: true}
	}
	wantTexts(t, warnOfAdoption(path.Root("conversations"), createResults{"a": of(idA)}, true), "created a conversation. The", "adopted it: \"a\": "+idA+". If the resource is", "If the conversation belongs to")
	wantTexts(t, warnOfAdoption(path.Root("conversations"), createResults{"a": of(idA), "b": of(idB)}, false),
		"created several conversations. The", "adopted them: \"a\": "+idA+", \"b\": "+idB+". If one of them belongs to someone else, set")
}

// What may be left of an undone create has its own warning, without the id of a state.
func TestWarnOfAdoption_left(t *testing.T) {
	t.Parallel()
	undone := engine.Result[client.Conversation]{Twins: []client.ID{parse(t, idA)}, Err: engine.ErrUndone}
	diags := warnOfAdoption(path.Empty(), createResults{"": undone}, false)
	if len(diags) != 1 || diags[0].Summary() != "Text Message Conversation May Have Been Left" || !strings.Contains(diags[0].Detail(), "in the CRM: "+idA+".") {
		t.Errorf("%v", diags)
	}
}

// The state has one revision for all open entries, so that a map that is replaced looks for each of them, but not for
// conversations of other resources.
func TestEntries_revision(t *testing.T) {
	t.Parallel()
	since := func(revision int64) attempt { return attempt{Since: engine.Moment{Revision: revision}} }
	passing, found := since(200), since(99)
	passing.Passed, found.Found = map[client.ID]int64{parse(t, idA): 250}, 100
	for name, test := range map[string]struct {
		a, b attempt
		want int64
	}{
		"two moments":              {since(99), since(200), 99},
		"others in between":        {since(99), passing, 250},
		"found before those":       {found, passing, 99},
		"found, and nothing of it": {found, since(200), 99},
	} {
		e := entries{"a": newOwnedModel(), "b": newOwnedModel()}
		if got := e.revision(openCreates{"a": test.a, "b": test.b}).ValueInt64(); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// If Terraform drops the memory, the provider looks for an attempt above what the attempt has passed, but never above
// what a look has found for it.
func TestAttemptAbove(t *testing.T) {
	t.Parallel()
	passed := map[client.ID]int64{parse(t, idA): 7, parse(t, idB): 12}
	for found, want := range map[int64]int64{0: 12, 10: 7, 6: 5} {
		tried := attempt{Since: engine.Moment{Revision: 5}, Passed: passed, Found: found}
		if above := tried.above(); above != want {
			t.Errorf("found at %d: above %d; want %d", found, above, want)
		}
	}
}

// A warning names only messages that the attempt has sent and that no key may stand for.
func TestUndeclared(t *testing.T) {
	t.Parallel()
	var sent []client.MessageInput
	for _, content := range []string{"One", "Two"} {
		sent = append(sent, client.MessageInput{MessageWrites: client.MessageWrites{Direction: client.Value(1), Content: client.Value(content)}})
	}
	of := func(id string, direction int, content string) client.Message {
		m := client.Message{RecordValues: client.RecordValues{ID: parse(t, id)}}
		m.Direction, m.Content = direction, content
		return m
	}
	left := []client.Message{of(idA, 1, "One"), of(idB, 1, "Two"), of("80000000-0000-4000-8000-00000000000a", 2, "Thank you")}
	diags := undeclared(path.Empty(), &engine.Attempt{Messages: [][]client.MessageInput{sent}}, left, []client.ID{parse(t, idB)})
	wantTexts(t, diags, "no longer declares: "+idA+". They stay")
}

// A colleague's message is not mistaken for a message that the attempt has not sent.
func TestCreatedMessagesOfAnAttempt(t *testing.T) {
	t.Parallel()
	say := func(content string) client.MessageInput {
		return client.MessageInput{MessageWrites: client.MessageWrites{Direction: client.Value(1), Content: client.Value(content)}}
	}
	held := func(id, content string) client.Ref[client.Message] {
		m := client.Message{RecordValues: client.RecordValues{ID: parse(t, id)}}
		m.Direction, m.Content = 1, content
		return client.Ref[client.Message]{ID: m.ID, Record: &m}
	}
	planned := messages{}
	for key, content := range map[string]string{"a": "One", "b": "Two"} {
		planned[key] = &messageModel{ID: types.StringUnknown(), Direction: types.StringValue("outgoing"), Content: types.StringValue(content)}
	}
	result := engine.Result[client.Conversation]{Adopted: true, Unsent: true, Value: client.Conversation{RecordValues: client.RecordValues{ID: parse(t, idA)}}}
	result.Value.Messages = []client.Ref[client.Message]{held(idA, "One"), held(idB, "Hello from a colleague")}
	for _, tries := range [][][]client.MessageInput{{{say("One")}}, {{say("One")}, {say("Two"), say("Three")}}} { // the second one was not carried out
		state, wanted, diags := createdMessages(path.Empty(), parse(t, idA), planned.toMap(), &engine.Attempt{Messages: tries}, result, &messageMemory{})
		if len(state.Elements()) != 1 || len(wanted.Elements()) != 2 || len(diags) != 0 {
			t.Errorf("%d tries: the state is %s, wanted %s: %v", len(tries), state, wanted, diags)
		}
	}
}
