package provider

import (
	"reflect"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// The attempt at a lost create keeps the inputs of its other tries: each once, without messages, and only what was sent.
func TestAttemptKeepsItsTries(t *testing.T) {
	t.Parallel()
	input := func(number string, messages ...client.MessageInput) (in client.ConversationInput) {
		in.RecipientPhoneNumber = client.Value(number)
		if len(messages) > 0 {
			in.Messages = client.Value(messages)
		}
		return in
	}
	type inputs = []client.ConversationInput
	said := input("1", client.MessageInput{})
	for name, test := range map[string]struct {
		tried    *client.ConversationInput
		also     inputs
		isUnsent bool
		want     inputs
	}{
		"first try":          {},
		"same input":         {tried: new(input("2"))},
		"same but messages":  {tried: new(input("2", client.MessageInput{}))},
		"another input":      {tried: &said, want: inputs{input("1")}},
		"another one again":  {tried: &said, also: inputs{input("1")}, want: inputs{input("1")}},
		"a third input":      {tried: &said, also: inputs{input("3")}, want: inputs{input("3"), input("1")}},
		"the last not sent":  {tried: &said, also: inputs{input("3")}, isUnsent: true, want: inputs{input("3")}},
		"the same as before": {tried: new(input("2")), also: inputs{input("3")}, want: inputs{input("3")}},
	} {
		create := conversationChange{Input: input("2", client.MessageInput{}), Tried: test.tried, AlsoTried: test.also}
		got, isOpen := attemptAt(&engine.LostCreateError{Unsent: test.isUnsent}, create)
		if !isOpen || !reflect.DeepEqual(got.AlsoTried, test.want) {
			t.Errorf("%s: %v, want %v", name, got.AlsoTried, test.want)
		}
		var repeated conversationChange
		if got.repeatIn(&repeated); !reflect.DeepEqual(repeated.AlsoTried, test.want) {
			t.Errorf("%s: the repetition has %v", name, repeated.AlsoTried)
		}
	}
}
