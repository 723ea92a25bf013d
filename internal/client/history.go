package client

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// A Moment is a point in the history of a space: whatever is created behind it
// has a higher revision and is created later.
type Moment struct {
	Revision int64     `json:"revision"`
	At       time.Time `json:"at"`
}

// A history is what a client has learned of its space's history, so that it
// can tell what is new, and what of the new is its own.
type history struct {
	// creating is held by one from before records are created until
	// their ids are in mine, and by everyone to look for lost ones.
	creating *semaphore.Weighted

	mu    sync.Mutex
	known bool
	last  Moment
	mine  map[ID]bool // records that this client has read or written
}

// The weights with which history.creating is held.
const (
	one      = 1
	everyone = math.MaxInt32
)

func newHistory() history { return history{creating: semaphore.NewWeighted(everyone)} }

// claim notes that the record is known. It reports false where it was.
func (h *history) claim(id ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mine[id] {
		return false
	}
	if h.mine == nil {
		h.mine = map[ID]bool{}
	}
	h.mine[id] = true
	return true
}

func (h *history) isMine(id ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mine[id]
}

// observe learns from the newest records of an entity, if there are any.
func observe[T record](h *history, newest []T) {
	if len(newest) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = true
	for _, record := range newest {
		if record.changed() < h.last.Revision {
			continue
		}
		h.last.Revision = record.changed()
		created, modified := record.times()
		for _, t := range []time.Time{created, modified} {
			if t.After(h.last.At) {
				h.last.At = t
			}
		}
	}
}

// begin notes that the newest record of the space is known, if there is one.
func (h *history) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = true
}

func (h *history) latest() (last Moment, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last, h.known
}

// now returns the latest known moment of the space's history; the first time
// it asks the service.
func (c *Client) now(ctx context.Context) (Moment, error) {
	if last, known := c.seen.latest(); known {
		return last, nil
	}
	page, err := c.Conversations.Entity.List(ctx, Query{
		First: 1, OrderBy: []string{"-revision"}, IncludeDeleted: true,
		LoadOnly: []string{"id", "revision", "created", "modified"},
	})
	if err != nil {
		return Moment{}, err
	}
	c.seen.begin()
	observe(&c.seen, page.Records)
	last, _ := c.seen.latest()
	return last, nil
}

// isThere returns an error unless the space has shown, once, that it exists.
// Only then does "not found" mean that a record is gone, rather than that the
// address is wrong, which must never count as a deletion.
func (c *Client) isThere(ctx context.Context) error {
	_, err := c.now(ctx)
	return err
}

// refusals are the things that the service has been found to refuse.
type refusals struct {
	mu  sync.Mutex
	set map[string]bool
}

const (
	revisionFilter = "filter on revision"
	getParameters  = "parameters of a get"
)

func (r *refusals) has(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.set[what]
}

func (r *refusals) add(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set == nil {
		r.set = map[string]bool{}
	}
	r.set[what] = true
}
