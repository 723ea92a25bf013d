package client

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Time is a date-time of the API. The service writes
// "2024-07-09 12:51:48.050073+00:00", its specification
// "2019-01-01T00:00:00"; both are read, and what has no zone is UTC.
type Time struct{ time.Time }

var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
}

// UnmarshalText reads any of the ways in which the API writes a time.
func (t *Time) UnmarshalText(text []byte) error {
	for _, layout := range timeLayouts {
		if parsed, err := time.Parse(layout, string(text)); err == nil {
			t.Time = parsed.UTC()
			return nil
		}
	}
	return fmt.Errorf("%.40q is not a date-time", text)
}

// UnmarshalJSON leaves the time zero for null, as every other type does.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%.40q is not a date-time", data)
	}
	return t.UnmarshalText([]byte(text))
}

// String returns the time in RFC 3339, in UTC, with the fraction it has.
func (t Time) String() string { return t.UTC().Format(time.RFC3339Nano) }

// MarshalText writes the time as String does.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// MarshalJSON writes the time as a string.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }
