package client

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Time is a date-time of the API. The service writes
// "2024-07-09 12:51:48.050073+00:00", its specification "2019-01-01T00:00:00". A Time
// reads both, with a zone in any format of ISO 8601. Without a zone, it is in UTC.
type Time struct{ time.Time }

// timeZones are the formats of a zone after a time, which may have a fraction.
var timeZones = []string{"Z07:00", "", "Z0700", "Z07"}

// UnmarshalText reads a time in any format that the API writes.
func (t *Time) UnmarshalText(text []byte) error {
	spaceless := strings.Replace(string(text), " ", "T", 1)
	for _, zone := range timeZones {
		if parsed, err := time.Parse("2006-01-02T15:04:05"+zone, spaceless); err == nil {
			t.Time = parsed.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is not a date-time", text)
}

// UnmarshalJSON leaves the time zero for null, as every other type does.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%q is not a date-time", data)
	}
	return t.UnmarshalText([]byte(text))
}

// String returns the time in RFC 3339, in UTC, with its fraction.
func (t Time) String() string { return t.UTC().Format(time.RFC3339Nano) }

// MarshalJSON writes the time as a string.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }
