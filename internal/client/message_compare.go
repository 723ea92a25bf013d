package client

import (
	"fmt"
	"html"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A messageField is a field of a message that an input can set.
type messageField struct {
	name   string
	wanted func(MessageInput) (text string, isSet bool)
	held   func(Message) string
	same   func(wanted, held string) bool // the difference, if any, means nothing
	like   func(wanted, held string) bool // the service may have made the one of the other; nil: it may make anything of it
	quoted bool                           // a conflict shows it in quotes
}

var messageFields = []messageField{
	{
		name:   "text_message_conversation_id",
		wanted: func(in MessageInput) (string, bool) { return wantedText(in.TextMessageConversationID, textOfID) },
		held:   func(m Message) string { return textOf(m.TextMessageConversationID) },
		same:   isSame, like: isSame,
	},
	{
		name:   "content",
		wanted: func(in MessageInput) (string, bool) { return wantedText(in.Content, asIs) },
		held:   func(m Message) string { return m.Content },
		same:   SameContent, like: likeContent, quoted: true,
	},
	{
		name:   "direction",
		wanted: func(in MessageInput) (string, bool) { return wantedText(in.Direction, MessageDirections.Name) },
		held:   func(m Message) string { return MessageDirections.Name(m.Direction) },
		same:   isSame, like: isSame,
	},
	{
		name:   "datetime_sent",
		wanted: func(in MessageInput) (string, bool) { return wantedText(in.DatetimeSent, Time.String) },
		held: func(m Message) string {
			if m.DatetimeSent.IsZero() {
				return ""
			}
			return m.DatetimeSent.String()
		},
		same: sameTimeText,
	},
	{
		name:   "message_sid",
		wanted: func(in MessageInput) (string, bool) { return wantedText(in.MessageSID, asIs) },
		held:   func(m Message) string { return m.MessageSID },
		same:   isSame, quoted: true,
	},
	{
		name:   "status",
		wanted: func(in MessageInput) (string, bool) { return wantedText(in.Status, MessageStatuses.Name) },
		held:   func(m Message) string { return MessageStatuses.Name(m.Status) },
		same:   isSame,
	},
}

// wantedText returns the text of what a field is set to, empty for null.
func wantedText[T any](field Field[T], text func(T) string) (string, bool) {
	value, isValue := field.Get()
	if !isValue {
		return "", !field.IsZero()
	}
	return text(value), true
}

func asIs(text string) string           { return text }
func textOfID(id ID) string             { return textOf(id) }
func isSame(wanted, held string) bool   { return wanted == held }
func likeContent(wanted, h string) bool { return canonicalContent(wanted) == canonicalContent(h) }

// SameContent reports whether two contents differ at most in their line ends and
// in white space at the end, which services add and trim.
func SameContent(a, b string) bool { return withoutEnd(a) == withoutEnd(b) }

func withoutEnd(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.TrimRightFunc(text, unicode.IsSpace)
}

// canonicalContent is the same for all the ways in which a service may store a
// content: trimmed, with HTML entities, or in another Unicode form.
func canonicalContent(text string) string {
	return strings.TrimSpace(withoutEnd(norm.NFC.String(html.UnescapeString(text))))
}

// SameTime reports whether two times are the same but for what a service does not
// keep: it may cut or round to seconds, milliseconds or microseconds.
func SameTime(a, b Time) bool {
	if a.Equal(b.Time) {
		return true
	}
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		for _, pair := range [][2]Time{{a, b}, {b, a}} {
			fine, coarse := pair[0], pair[1]
			if fine.Truncate(unit).Equal(coarse.Time) || fine.Round(unit).Equal(coarse.Time) {
				return true
			}
		}
	}
	return false
}

func sameTimeText(a, b string) bool {
	var times [2]Time
	for i, text := range []string{a, b} {
		if times[i].UnmarshalText([]byte(text)) != nil {
			return a == b
		}
	}
	return SameTime(times[0], times[1])
}

// IsLike reports whether the message may be what the service has made of the
// input: it has the same direction, the same content but for the ways in which
// services store one, and the same conversation if the input sets it.
func (in MessageInput) IsLike(m Message) bool {
	for _, field := range messageFields {
		if wanted, isSet := field.wanted(in); isSet && field.like != nil && !field.like(wanted, field.held(m)) {
			return false
		}
	}
	return true
}

// mayHaveMade reports whether the message is like the input, and has no other SID: the
// service may set status and time, but another SID is another message's.
func (in MessageInput) mayHaveMade(m Message) bool {
	sid, _ := in.MessageSID.Get()
	return in.IsLike(m) && (sid == "" || m.MessageSID == "" || sid == m.MessageSID)
}

// missing returns the input without what the message has, in whatever form.
func (in MessageInput) missing(m Message) MessageInput {
	in.Content = Field[string]{}
	if !m.DatetimeSent.IsZero() {
		in.DatetimeSent = Field[Time]{}
	}
	if m.MessageSID != "" {
		in.MessageSID = Field[string]{}
	}
	if m.Status != 0 {
		in.Status = Field[int]{}
	}
	return in
}

// Agrees reports whether the message has everything that the input sets.
func (in MessageInput) Agrees(m Message) bool { return len(in.Differences(m)) == 0 }

// Differences returns the names of the fields that the input sets, and that the
// message has differently.
func (in MessageInput) Differences(m Message) []string {
	var names []string
	for _, field := range messageFields {
		if wanted, isSet := field.wanted(in); isSet && !field.same(wanted, field.held(m)) {
			names = append(names, field.name)
		}
	}
	return names
}

// conflicts returns what the input sets to something, and someone else to
// something else. A stub is a message as the caller knows it.
func (in MessageInput) conflicts(current Message) []Conflict {
	if current.IsStub() {
		return nil
	}
	var found []Conflict
	for _, field := range messageFields {
		wanted, isSet := field.wanted(in)
		known, held := field.held(*in.Known), field.held(current)
		// What the caller knew nothing of was the service's to set, such as a status.
		if isSet && known != "" && !field.same(known, held) && !field.same(wanted, held) {
			found = append(found, Conflict{Field: field.name, Known: field.show(known), Wanted: field.show(wanted), Held: field.show(held)})
		}
	}
	return found
}

// show returns a text as one line, empty for none.
func (f messageField) show(text string) string {
	if text == "" || !f.quoted {
		return text
	}
	return fmt.Sprintf("%q", text)
}
