package engine

import (
	"html"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// messageFields are the fields of a message that an input can set. The service may set the time and the status
// itself, so they may have any value in a message that a lost create has made.
var messageFields = fields[client.Message, client.MessageInput]{
	like(isSame, referenceField("text_message_conversation_id", func(in *client.MessageInput) *client.Field[client.ID] { return &in.TextMessageConversationID },
		func(m *client.Message) client.ID { return m.TextMessageConversationID })),
	content(newField("content", func(in *client.MessageInput) *client.Field[string] { return &in.Content }, asIs, func(m *client.Message) string { return m.Content })),
	like(isSame, newField("direction", func(in *client.MessageInput) *client.Field[int] { return &in.Direction },
		client.MessageDirections.Name, func(m *client.Message) string { return client.MessageDirections.Name(m.Direction) })),
	like(isAny, timed(newField("datetime_sent", func(in *client.MessageInput) *client.Field[client.Time] { return &in.DatetimeSent },
		textOfTime, func(m *client.Message) string { return textOfTime(m.DatetimeSent) }))),
	newField("message_sid", func(in *client.MessageInput) *client.Field[string] { return &in.MessageSID }, asIs, func(m *client.Message) string { return m.MessageSID }),
	like(isAny, newField("status", func(in *client.MessageInput) *client.Field[int] { return &in.Status },
		client.MessageStatuses.Name, func(m *client.Message) string { return client.MessageStatuses.Name(m.Status) })),
}

func like[T, In any](like func(wanted, held string) bool, f field[T, In]) field[T, In] {
	f.like = like
	return f
}

func content[T, In any](f field[T, In]) field[T, In] {
	f.same, f.spells, f.like = SameContent, isContent, isContent
	return f
}

func timed[T, In any](f field[T, In]) field[T, In] {
	f.same = sameTimeText
	return f
}

// isContent reports whether held may be a spelling of the wanted content.
func isContent(wanted, held string) bool {
	return canonicalContent(wanted) == canonicalContent(held)
}

// SameContent reports whether two contents differ at most in their line ends and
// in white space at the end, which services add and trim.
func SameContent(a, b string) bool { return KeptContent(a) == KeptContent(b) }

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// KeptContent returns a normalized content. Two contents for which [SameContent] holds have the same one.
func KeptContent(text string) string {
	return strings.TrimRightFunc(lineEnds.Replace(text), unicode.IsSpace)
}

// canonicalContent returns the same text for all spellings of a content: with other white
// space, with HTML entities, or in another Unicode form.
func canonicalContent(text string) string {
	return strings.Join(strings.Fields(norm.NFC.String(html.UnescapeString(text))), " ")
}

// SameTime reports whether two times are the same, up to the precision that a service
// keeps: it may cut or round to seconds, milliseconds or microseconds.
func SameTime(a, b client.Time) bool {
	if a.Equal(b.Time) {
		return true
	}
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		for _, pair := range [][2]client.Time{{a, b}, {b, a}} {
			fine, coarse := pair[0], pair[1]
			if fine.Truncate(unit).Equal(coarse.Time) || fine.Round(unit).Equal(coarse.Time) {
				return true
			}
		}
	}
	return false
}

// textOfTime returns the time as its String does, or "" for the zero time.
func textOfTime(t client.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.String()
}

func sameTimeText(a, b string) bool {
	var times [2]client.Time
	for i, text := range []string{a, b} {
		if times[i].UnmarshalText([]byte(text)) != nil {
			return a == b
		}
	}
	return SameTime(times[0], times[1])
}

// isLike reports whether the service may have made the message from the input. The content
// must be a spelling of the input's, the direction and the conversation the same, and the
// SID the same or empty, as far as the input sets them.
func isLike(in client.MessageInput, m client.Message) bool { return messageFields.like(&in, &m) }

// Agrees reports whether the message has everything that the input sets.
func Agrees(in client.MessageInput, m client.Message) bool { return len(Differences(in, m)) == 0 }

// Differences returns the names of the fields that the input sets to a value different from the message's.
func Differences(in client.MessageInput, m client.Message) []string {
	return messageFields.differences(&in, &m, false)
}

func messageIdentity(conversation client.ID, direction int, content string) Identity {
	return Identity{conversation, client.MessageDirections.Name(direction) + " " + canonicalContent(content)}
}
