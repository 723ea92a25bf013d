package engine

import "sync"

// A history is what an engine has learned of its space's history, so that it can tell
// what is new, and that what it does not see is gone.
type history struct {
	asking chan struct{} // holds one while somebody waits for the space to show what is expected
	gaveUp bool          // waiting has been in vain; of who holds asking

	mu       sync.Mutex
	there    bool  // the space has shown that it exists
	newest   int64 // revision that it has shown
	expected int64 // revision that the engine's user has seen there before
	reached  int64 // revision that the space must have by what was written and not read back
}

func newHistory() history {
	return history{asking: make(chan struct{}, 1)}
}

// observe notes a revision that the space has shown.
func (h *history) observe(revision int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.there = true
	h.newest = max(h.newest, revision)
}

func (h *history) expect(revision int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expected = max(h.expected, revision)
}

// wanted returns the newest revision that the space has shown, and the one that it must
// show: what its user has seen there, and with all also what must be there.
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

// reach notes a revision that the space has, though it has not shown it.
func (h *history) reach(revision int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reached = max(h.reached, revision)
}
