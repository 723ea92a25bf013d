package engine

import (
	"maps"
	"slices"
)

// lose notes creates that are lost, by what they would have made, or (by -1) that are
// no longer.
func (h *history) lose(creates []Identity, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost == nil {
		h.lost = map[Identity]int{}
	}
	for _, create := range creates {
		if h.lost[create] += by; h.lost[create] == 0 {
			delete(h.lost, create)
		}
		h.leaveOpen(create, by)
	}
}

// giveUp notes creates of which it stays unknown what they have made.
func (h *history) giveUp(creates []Identity) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, create := range creates {
		h.leaveOpen(create, 1)
	}
}

// leaveOpen counts a create by its tail. mu is held.
func (h *history) leaveOpen(create Identity, by int) {
	end := create.withTail(create.tail())
	if h.open == nil {
		h.open = map[Identity]map[Identity]int{}
	}
	if h.open[end] == nil {
		h.open[end] = map[Identity]int{}
	}
	if h.open[end][create] += by; h.open[end][create] == 0 {
		delete(h.open[end], create)
	}
}

// openLike returns the lost creates that have the same place and tail.
func (h *history) openLike(create Identity) []Identity {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.open[create.withTail(create.tail())]))
}

// losses returns how many creates of one identity are lost at the moment.
func (h *history) losses(create Identity) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost[create]
}
