package engine

import (
	"maps"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// knownMessage returns the baseline of the message. It leaves out empty fields, which the
// service may set.
func knownMessage(m client.Message) *Baseline {
	texts := messageFields.texts(&m)
	maps.DeleteFunc(texts, func(_, text string) bool { return text == "" })
	return &Baseline{Revision: m.Revision, AsOf: m.Revision, Fields: texts}
}

func TestContentsAndTimes(t *testing.T) {
	t.Parallel()
	const sent = "Caf\u00e9 & \u201cco\u201d <b>\nsecond line"
	for name, test := range map[string]struct {
		held       string
		same, like bool
	}{
		"as sent":         {sent, true, true},
		"end":             {sent + " \n\t", true, true},
		"line ends":       {"Caf\u00e9 & \u201cco\u201d <b>\r\nsecond line\r\n", true, true},
		"beginning":       {" " + sent, false, true},
		"Unicode form":    {norm.NFD.String(sent), false, true},
		"entities":        {"Caf&eacute; &amp; &ldquo;co&rdquo; &lt;b&gt;\nsecond line", false, true},
		"another":         {"Cafe & co", false, false},
		"another in case": {"caf\u00e9 & \u201cco\u201d <b>\nsecond line", false, false},
	} {
		message := client.Message{MessageValues: client.MessageValues{Content: test.held, Direction: 1}}
		input := newMessage(sent)
		if Agrees(input, message) != test.same || isLike(input, message) != test.like {
			t.Errorf("%s: the same: %t, like: %t", name, Agrees(input, message), isLike(input, message))
		}
		known := knownMessage(client.Message{MessageValues: client.MessageValues{Content: test.held, Direction: 1}})
		changed := client.Message{MessageValues: client.MessageValues{Content: sent, Direction: 1}}
		input.Content = client.Value("ours")
		if conflicts := len(messageFields.conflicts(&input, *known, &changed, false)) > 0; conflicts == test.same {
			t.Errorf("%s: a conflict: %t", name, conflicts)
		}
	}
	fine := time.Date(2026, 1, 2, 3, 4, 5, 678_912_345, time.UTC)
	for held, want := range map[time.Time]bool{
		fine: true, fine.Truncate(time.Second): true, fine.Round(time.Second): true, fine.Truncate(time.Millisecond): true,
		fine.Round(time.Millisecond): true, fine.Truncate(time.Microsecond): true, fine.Round(time.Microsecond): true,
		fine.Truncate(time.Minute): false, fine.Add(time.Millisecond): false, fine.Truncate(time.Second).Add(-time.Second): false,
	} {
		input := client.MessageInput{MessageWrites: client.MessageWrites{DatetimeSent: client.Value(client.Time{Time: fine})}}
		if got := Agrees(input, client.Message{MessageValues: client.MessageValues{DatetimeSent: client.Time{Time: held}}}); got != want || SameTime(client.Time{Time: held}, client.Time{Time: fine}) != want {
			t.Errorf("%s: %t", held, got)
		}
	}
}

// MatchMessages matches nothing that is uncertain.
func TestMatchMessages(t *testing.T) {
	t.Parallel()
	message := func(content string) client.Message {
		return client.Message{MessageValues: client.MessageValues{Content: content, Direction: 1}}
	}
	withSID := newMessage("Hello")
	withSID.MessageSID = client.Value("SM1")
	held := message("Hello")
	held.MessageSID = "SM1"
	for name, test := range map[string]struct {
		inputs []client.MessageInput
		made   []client.Message
		want   []int
	}{
		"as sent":                    {[]client.MessageInput{newMessage("a"), newMessage("b")}, []client.Message{message("b"), message("a")}, []int{1, 0}},
		"twins in order":             {[]client.MessageInput{newMessage("a"), newMessage("a")}, []client.Message{message("a"), message("a")}, []int{0, 1}},
		"one of twins":               {[]client.MessageInput{newMessage("a"), newMessage("a")}, []client.Message{message("a")}, []int{0, -1}},
		"more than were sent":        {[]client.MessageInput{newMessage("a")}, []client.Message{message("a"), message("a")}, []int{-1}},
		"exact before canonical":     {[]client.MessageInput{newMessage("a"), newMessage(" a")}, []client.Message{message("a"), message("a")}, []int{0, 1}},
		"stored in another way":      {[]client.MessageInput{newMessage("<"), newMessage(">")}, []client.Message{message("&gt;"), message("&lt;")}, []int{1, 0}},
		"altered":                    {[]client.MessageInput{newMessage("a"), newMessage("b")}, []client.Message{message("x"), message("y")}, []int{-1, -1}},
		"the one that has more says": {[]client.MessageInput{newMessage("Hello"), withSID}, []client.Message{held, message("Hello")}, []int{1, 0}},
		"another direction":          {[]client.MessageInput{newMessage("a")}, []client.Message{{MessageValues: client.MessageValues{Content: "a", Direction: 2}}}, []int{-1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "matches", test.want, MatchMessages(test.inputs, test.made))
		})
	}
}
