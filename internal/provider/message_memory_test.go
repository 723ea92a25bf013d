package provider

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A conversation with several attempts at messages is looked through since the first one.
func TestMessageMemory_since(t *testing.T) {
	t.Parallel()
	m, a := &messageMemory{}, parse(t, "80000000-0000-4000-8000-00000000000a")
	if since := m.since(a); since != engine.NoFloor {
		t.Errorf("without an attempt: since %d", since)
	}
	for _, step := range []struct{ tried, want int64 }{{7, 7}, {9, 7}, {3, 3}} {
		if m.tried(a, step.tried); m.since(a) != step.want {
			t.Errorf("tried since %d: since %d, not %d", step.tried, m.since(a), step.want)
		}
	}
}
