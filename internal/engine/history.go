package engine

import (
	"sync"
	"time"
)

// A history is what an engine knows about the history of its space. From it, the engine decides what is new, and
// whether a record that does not appear is gone.
type history struct {
	asking turns       // holds one while a caller waits for the space to show a revision
	gaveUp time.Time   // when the last look was in vain; guarded by asking
	failed RecentError // of the latest look that couldn't reach the space

	mu       sync.Mutex
	there    bool  // the space has shown that it exists
	newest   int64 // newest revision that it has shown
	expected int64 // revision that the engine's user has seen there before
	reached  int64 // revision that it must have reached with creates that could not be read back
}

func newHistory() history {
	return history{asking: make(turns, 1)}
}

// observe notes a revision that the space has shown.
func (h *history) observe(revision int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.there = true
	h.newest = max(h.newest, revision)
}

// raise raises one of the revisions, if it is lower.
func (h *history) raise(one *int64, to int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*one = max(*one, to)
}

// wanted returns the newest revision that the space has shown, and the revision that it must show: the expected one
// or, with all, the reached one if that is higher.
func (h *history) wanted(all bool) (newest, wanted int64, there bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wanted = h.expected
	if all {
		wanted = max(wanted, h.reached)
	}
	return h.newest, wanted, h.there
}

// isBehind reports whether the space shows less than its user has seen of it.
func (h *history) isBehind() bool {
	newest, wanted, _ := h.wanted(false)
	return newest < wanted
}
