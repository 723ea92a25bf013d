package mockserver

import (
	"html"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// contentFormats return the form in which the server stores the content of a message, by the values of the switch.
var contentFormats = map[string]func(string) string{
	Kept:      func(content string) string { return content },
	Trimmed:   strings.TrimSpace,
	CRLF:      func(content string) string { return strings.ReplaceAll(withLF(content), "\n", "\r\n") },
	NFD:       norm.NFD.String,
	Entities:  html.EscapeString,
	Collapsed: func(content string) string { return strings.Join(strings.Fields(content), " ") },
}

func withLF(content string) string { return strings.ReplaceAll(content, "\r\n", "\n") }

// timePrecisions are the precisions with which the server stores times of messages, by the values of the switch.
var timePrecisions = map[string]time.Duration{
	Kept: time.Microsecond, Milliseconds: time.Millisecond, Seconds: time.Second,
}

// checkMessage gives a message the form in which the server stores it.
func checkMessage(w *writer, c *change) {
	if content, ok := c.values["content"].(string); ok {
		c.values["content"] = contentFormats[w.behavior.ContentFormat](content)
		if c.values["content"] == "" {
			c.rejectMissing("content")
		}
	}
	if sent, ok := c.values["datetime_sent"].(time.Time); ok {
		c.values["datetime_sent"] = sent.Truncate(timePrecisions[w.behavior.TimePrecision])
	}
}
