package engine

import (
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// claims are what an engine knows about the origin of records: which records are known,
// and which lost creates may have made others.
type claims struct {
	// Every create holds one unit until its ids are recorded. A search for lost
	// creates takes all units, so that it never sees a record whose owner is not
	// known yet.
	creating *semaphore.Weighted

	mu      sync.Mutex
	mine    map[client.ID]origin
	owners  map[client.ID]string          // of adopted and left records
	doubted map[client.ID]bool            // unclaimed records that a search has found and not adopted
	lost    map[Identity]map[string]int   // creates that are lost now, by their input
	open    map[Identity]map[Identity]int // open creates, including those that were given up, by place and tail
}

// The weights with which claims.creating is held.
const (
	one      = 1
	everyone = math.MaxInt32
)

// A lostCreate is what a create that is lost would have made.
type lostCreate struct {
	of    Identity
	input string // as it is sent
}

// An origin says where a record comes from, as far as the engine knows.
type origin int

const (
	unclaimed origin = iota
	known            // to the engine or its user
	created          // by the engine
	adopted          // by a search, as the result of a lost create
	left             // adopted, and then left to a later create of the same owner
)

func newClaims() claims {
	return claims{
		creating: semaphore.NewWeighted(everyone), mine: map[client.ID]origin{}, owners: map[client.ID]string{}, doubted: map[client.ID]bool{},
		lost: map[Identity]map[string]int{}, open: map[Identity]map[Identity]int{},
	}
}

// claim claims a record. It reports false if the record was claimed already.
func (c *claims) claim(id client.ID, from origin) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mine[id] != unclaimed {
		return false
	}
	c.mine[id] = from
	return true
}

// adopt claims a record for a create of an owner. It reports false if the record was claimed
// already, unless it was left to that owner, or to any if isRecalled: then the caller no longer knows
// the owner's earlier name.
func (c *claims) adopt(id client.ID, owner string, isRecalled bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	isLeft := c.isLeftTo(id, owner) || isRecalled && c.mine[id] == left
	if c.mine[id] != unclaimed && !isLeft {
		return false
	}
	c.mine[id], c.owners[id] = adopted, owner
	return true
}

// leave leaves an adopted record to a later create of its owner, if that has a name.
func (c *claims) leave(id client.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mine[id] == adopted && c.owners[id] != "" {
		c.mine[id] = left
	}
}

// leaveAll leaves all adopted records of an owner to a later create of it.
func (c *claims) leaveAll(owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, of := range c.owners {
		if c.mine[id] == adopted && owner != "" && of == owner {
			c.mine[id] = left
		}
	}
}

// confirm notes that an owner has the record that was adopted for it. It reports false if the
// record was not adopted for this owner.
func (c *claims) confirm(id client.ID, owner string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mine[id] != adopted || owner == "" || c.owners[id] != owner {
		return false
	}
	c.mine[id] = known
	return true
}

// isFree reports whether creates of these owners may have made the record, as far as claims tell.
// The owner "" may be any, see adopt.
func (c *claims) isFree(id client.ID, owners map[string]bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mine[id] == unclaimed || c.mine[id] == left && (owners[""] || owners[c.owners[id]])
}

// isLeftToOther reports whether the record was left to another owner.
func (c *claims) isLeftToOther(id client.ID, owner string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mine[id] == left && !c.isLeftTo(id, owner)
}

// isLeftTo reports whether the record was left to this owner. The caller holds mu.
func (c *claims) isLeftTo(id client.ID, owner string) bool {
	return c.mine[id] == left && c.owners[id] == owner
}

// release withdraws the claim of a record that turns out not to be the engine's. It leaves a claim
// of another origin than from.
func (c *claims) release(id client.ID, from origin) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mine[id] == from {
		delete(c.mine, id)
	}
}

// doubt notes a record that may be the result of a lost create.
func (c *claims) doubt(id client.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubted[id] = true
}

// isDoubted reports whether a search has found the record, and can't tell whose it is.
func (c *claims) isDoubted(id client.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubted[id]
}

// has reports whether the record is claimed.
func (c *claims) has(id client.ID) bool { return c.originOf(id) != unclaimed }

func (c *claims) originOf(id client.ID) origin {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mine[id]
}

// lose counts creates as lost and open (by 1), or as no longer so (by -1).
func (c *claims) lose(creates []lostCreate, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, create := range creates {
		count(c.lost, create.of, create.input, by)
		count(c.open, create.of.end(), create.of, by)
	}
}

// giveUp leaves creates open for good: what they have made stays unknown.
func (c *claims) giveUp(creates []lostCreate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, create := range creates {
		count(c.open, create.of.end(), create.of, 1)
	}
}

// count adds to a counter in a group. It keeps neither counters of 0 nor empty groups.
func count[G, K comparable](groups map[G]map[K]int, group G, key K, by int) {
	if groups[group] == nil {
		groups[group] = map[K]int{}
	}
	if groups[group][key] += by; groups[group][key] == 0 {
		delete(groups[group], key)
	}
	if len(groups[group]) == 0 {
		delete(groups, group)
	}
}

// openLike returns the open creates with the same place and tail.
func (c *claims) openLike(create Identity) []Identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.open[create.end()]))
}

// losses returns how many creates of one identity are lost now.
func (c *claims) losses(of Identity) (losses int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, count := range c.lost[of] {
		losses += count
	}
	return losses
}

// hasRivals reports whether creates of one identity are lost now whose input is none of
// these.
func (c *claims) hasRivals(of Identity, inputs map[string]bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for input := range c.lost[of] {
		if !inputs[input] {
			return true
		}
	}
	return false
}
