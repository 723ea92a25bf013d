package client

import (
	"testing"
	"time"
)

func TestDurationText(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "20ms": 20 * time.Millisecond, "10s": 10 * time.Second, "1m": time.Minute, "1m30s": 90 * time.Second,
		"10m": 10 * time.Minute, "1h": time.Hour, "1h10m": 70 * time.Minute, "20h0m10s": 20*time.Hour + 10*time.Second,
	} {
		wantEqual(t, d.String(), want, DurationText(d))
		if parsed, err := time.ParseDuration(want); err != nil || parsed != d {
			t.Errorf("%q is %v, %v", want, parsed, err)
		}
	}
}
