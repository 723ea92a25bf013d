package client

import (
	"maps"
	"slices"
)

// A lostCreate is a create whose reply got lost, by what it would have made.
type lostCreate struct {
	segment string
	place   ID
	name    string
}

// lose notes creates that are lost, or (by -1) that are no longer.
func (h *history) lose(creates []lostCreate, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost == nil {
		h.lost = map[lostCreate]int{}
	}
	for _, create := range creates {
		if h.lost[create] += by; h.lost[create] == 0 {
			delete(h.lost, create)
		}
		h.leaveOpen(create, by)
	}
}

// giveUp notes creates of which it stays unknown what they have made.
func (h *history) giveUp(creates []lostCreate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, create := range creates {
		h.leaveOpen(create, 1)
	}
}

// leaveOpen counts a create by its tail. mu is held.
func (h *history) leaveOpen(create lostCreate, by int) {
	end := lostCreate{create.segment, create.place, tail(create.name)}
	if h.open == nil {
		h.open = map[lostCreate]map[string]int{}
	}
	if h.open[end] == nil {
		h.open[end] = map[string]int{}
	}
	if h.open[end][create.name] += by; h.open[end][create.name] == 0 {
		delete(h.open[end], create.name)
	}
}

// openNames returns the names of the lost creates that have the same place and tail.
func (h *history) openNames(create lostCreate) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.open[lostCreate{create.segment, create.place, tail(create.name)}]))
}

// losses returns how many creates of one kind are lost at the moment.
func (h *history) losses(create lostCreate) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost[create]
}
