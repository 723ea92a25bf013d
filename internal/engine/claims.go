package engine

import (
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// claims are what an engine knows of the origin of records: which are known, and which
// creates may have made others.
type claims struct {
	// Every create holds one unit until its ids are recorded. A search for lost
	// creates takes all units, so that it never sees a record whose owner is not
	// known yet.
	creating *semaphore.Weighted

	mu   sync.Mutex
	mine map[client.ID]origin
	lost map[Identity]int
	open map[Identity]map[Identity]int // lost creates, also those that were given up, by place and tail
}

// The weights with which claims.creating is held.
const (
	one      = 1
	everyone = math.MaxInt32
)

// An origin is what is known of where a record comes from.
type origin int

const (
	unclaimed origin = iota
	known            // to the engine or its user
	created          // by the engine
	adopted          // a search took it for the result of a lost create
)

func newClaims() claims { return claims{creating: semaphore.NewWeighted(everyone)} }

// take notes that the record is known. It reports false where it was.
func (c *claims) take(id client.ID) bool { return c.note(id, known) }

// create is take, for what the engine has created.
func (c *claims) create(id client.ID) bool { return c.note(id, created) }

// adopt is take, for the result of a lost create.
func (c *claims) adopt(id client.ID) bool { return c.note(id, adopted) }

func (c *claims) note(id client.ID, from origin) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mine[id] != unclaimed {
		return false
	}
	if c.mine == nil {
		c.mine = map[client.ID]origin{}
	}
	c.mine[id] = from
	return true
}

// has reports whether the record is known.
func (c *claims) has(id client.ID) bool { return c.originOf(id) != unclaimed }

// hasCreated reports whether the engine has created the record, seen or not.
func (c *claims) hasCreated(id client.ID) bool { return c.originOf(id) >= created }

// wasAdopted reports whether the record was taken for the result of a lost create.
func (c *claims) wasAdopted(id client.ID) bool { return c.originOf(id) == adopted }

func (c *claims) originOf(id client.ID) origin {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mine[id]
}

// lose notes creates that are lost, by what they would have made, or (by -1) that are
// no longer.
func (c *claims) lose(creates []Identity, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = map[Identity]int{}
	}
	for _, create := range creates {
		if c.lost[create] += by; c.lost[create] == 0 {
			delete(c.lost, create)
		}
		c.leaveOpen(create, by)
	}
}

// giveUp notes creates of which it stays unknown what they have made.
func (c *claims) giveUp(creates []Identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, create := range creates {
		c.leaveOpen(create, 1)
	}
}

// leaveOpen counts a create by its tail. mu is held.
func (c *claims) leaveOpen(create Identity, by int) {
	end := create.withTail(create.tail())
	if c.open == nil {
		c.open = map[Identity]map[Identity]int{}
	}
	if c.open[end] == nil {
		c.open[end] = map[Identity]int{}
	}
	if c.open[end][create] += by; c.open[end][create] == 0 {
		delete(c.open[end], create)
	}
}

// openLike returns the lost creates that have the same place and tail.
func (c *claims) openLike(create Identity) []Identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.open[create.withTail(create.tail())]))
}

// losses returns how many creates of one identity are lost at the moment.
func (c *claims) losses(create Identity) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[create]
}
