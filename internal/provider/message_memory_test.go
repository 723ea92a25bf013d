package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A conversation with several attempts at messages is looked through since the first one.
func TestMessageMemory_since(t *testing.T) {
	t.Parallel()
	m, a := &messageMemory{}, parse(t, "80000000-0000-4000-8000-00000000000a")
	if since := m.since(a); since != engine.NoFloor {
		t.Errorf("without an attempt: since %d", since)
	}
	for _, step := range []struct{ tried, want int64 }{{7, 7}, {9, 7}, {3, 3}} {
		if m.tried(a, step.tried); m.since(a) != step.want {
			t.Errorf("tried since %d: since %d, not %d", step.tried, m.since(a), step.want)
		}
	}
}

// The provider looks for a message that the conversation does not show, unless any message there may be the one.
func TestMessageMemory_unseen(t *testing.T) {
	t.Parallel()
	m, owner, other := &messageMemory{}, parse(t, idA), parse(t, idB)
	m.tried(owner, 7)
	m.tried(other, engine.NoFloor)
	for _, conversation := range []client.ID{owner, other} {
		m.unseen(conversation, messageModel{Content: types.StringValue("Hi")})
	}
	if len(m.Lost[owner]) != 1 || len(m.Lost[other]) != 0 {
		t.Errorf("lost: %v", m.Lost)
	}
}

// Only a create of the same message repeats a lost one.
func TestMessageMemory_earlier(t *testing.T) {
	t.Parallel()
	m, owner, other := &messageMemory{}, parse(t, idA), parse(t, idB)
	message := func(direction, content string) messageModel {
		return messageModel{Direction: types.StringValue(direction), Content: types.StringValue(content)}
	}
	m.lost(owner, message("outgoing", "Hi"), 7)
	if earlier := m.earlier(owner, message("outgoing", "Hi")); earlier == nil || earlier.Since.Revision != 7 {
		t.Errorf("the same message: %v", earlier)
	}
	for name, earlier := range map[string]*engine.Attempt{
		"another direction":    m.earlier(owner, message("incoming", "Hi")),
		"another content":      m.earlier(owner, message("outgoing", "Ho")),
		"another conversation": m.earlier(other, message("outgoing", "Hi")),
	} {
		if earlier != nil {
			t.Errorf("%s: %v", name, earlier)
		}
	}
}

// Two messages of a conversation have the same text, and both were lost. One of them is created now, and the other
// one is lost again. The next create still looks for it first.
func TestMessageMemory_sameTwice(t *testing.T) {
	t.Parallel()
	owner := parse(t, idA)
	message := messageModel{ID: types.StringUnknown(), Direction: types.StringValue("outgoing"), Content: types.StringValue("Hi")}
	lost := engine.Result[client.Message]{Err: &engine.LostCreateError{Attempt: engine.Attempt{Since: engine.Moment{Revision: 7}}, Err: errStillOpen}}
	made := engine.Result[client.Message]{Value: client.Message{RecordValues: client.RecordValues{ID: parse(t, idB), Revision: 9}}}
	for name, results := range map[string][]engine.Result[client.Message]{"first": {lost, made}, "last": {made, lost}} {
		memory := &messageMemory{}
		memory.lost(owner, message, 7)
		w := newMessageWork(path.Empty(), owner, messages{"a": &message, "b": &message}.toMap(), types.MapNull(messageType), engine.NoFloor, memory)
		w.settleAll(results, nil)
		if earlier := memory.earlier(owner, message); earlier == nil || earlier.Since.Revision != 7 {
			t.Errorf("the %s is lost: the memory has %v", name, earlier)
		}
	}
}
