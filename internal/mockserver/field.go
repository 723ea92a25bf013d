package mockserver

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// kind is the type of a field's values. A record holds a uuid and a string as a string, an integer as an int, a number
// as a float64, and a time as a time.Time in UTC.
type kind string

// The text of each kind completes an error that says what a value must be.
const (
	kindString  kind = "a string"
	kindUUID    kind = "a uuid"
	kindInteger kind = "an integer"
	kindNumber  kind = "a number"
	kindBool    kind = "true or false"
	kindTime    kind = "a date and time"
	kindArray   kind = "an array" // of any values: stored and answered as sent, never filtered
)

// access says who may write a field.
type access int

const (
	writable   access = iota // every request may
	override                 // requests with validation level 8 may
	serverOnly               // only a seed may, to describe a past that this server has not seen
)

// field is one field of an entity that contains a value, unlike a link or an array.
type field struct {
	name     string
	kind     kind
	access   access
	required bool // on create
	nullable bool
	min, max int      // of an integer; no bounds if both are zero
	refs     []string // segments of the entities that a uuid may name; empty: any uuid
}

// parse returns the value of a decoded JSON value, or an error text. The JSON value is not null.
func (f *field) parse(v any) (value any, problem string) {
	ok := false
	switch f.kind {
	case kindUUID:
		value, ok = parseID(v)
	case kindString:
		value, ok = v.(string)
	case kindInteger:
		return f.parseInteger(v)
	case kindNumber:
		n, _ := v.(json.Number)
		x, err := n.Float64()
		value, ok = x, err == nil
	case kindBool:
		value, ok = v.(bool)
	case kindTime:
		s, _ := v.(string)
		value, ok = parseTime(s)
	case kindArray:
		value, ok = v.([]any)
	}
	if !ok {
		return nil, "must be " + string(f.kind)
	}
	return value, ""
}

func (f *field) parseInteger(v any) (value any, problem string) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, "must be " + string(f.kind)
	}
	i, err := strconv.ParseInt(n.String(), 10, 32)
	if err != nil {
		return nil, "must be an integer of 32 bits"
	}
	if (f.min != 0 || f.max != 0) && (int(i) < f.min || int(i) > f.max) {
		return nil, fmt.Sprintf("must be between %d and %d", f.min, f.max)
	}
	return int(i), ""
}

// parseText returns the value of a filter's text, or false if the field can't have such a value.
func (f *field) parseText(text string) (any, bool) {
	var v any = text
	switch f.kind {
	case kindInteger, kindNumber:
		v = json.Number(text)
	case kindBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, false
		}
		v = b
	}
	unbounded := *f
	unbounded.min, unbounded.max = 0, 0
	value, problem := unbounded.parse(v)
	return value, problem == ""
}

// parseID returns the id in lower case, or false if v is not a string that holds a uuid in its usual form. The
// service's own ids have no RFC 9562 version, so parseID does not check it.
func parseID(v any) (string, bool) {
	s, ok := v.(string)
	if !ok || len(s) != 36 {
		return "", false
	}
	if _, err := uuid.Parse(s); err != nil {
		return "", false
	}
	return strings.ToLower(s), true
}

// timeLayouts are the forms of a time that the server reads. A time without an offset is in UTC.
var timeLayouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02",
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}

// formatTime writes t in a format of [Behavior]. It writes microseconds only if there are any, as Python does.
func formatTime(t time.Time, format string) string {
	fraction := ""
	if t.Nanosecond() != 0 {
		fraction = ".000000"
	}
	if format == TimeT {
		return t.Format("2006-01-02T15:04:05" + fraction)
	}
	return t.Format("2006-01-02 15:04:05" + fraction + "-07:00")
}
