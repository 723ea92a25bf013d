package client

import (
	"strings"
	"time"
)

// DurationText returns a duration in its usual short form: 1h, not 1h0m0s. The text is also a duration in Go's
// notation.
func DurationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
