package engine

import (
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// claims contain what an engine knows about the origin of records: which records are known, and which lost creates
// may have made others.
type claims struct {
	// Every create holds one unit until its ids are recorded. A search for lost
	// creates takes all units, so that it never sees a record whose owner is not
	// known yet.
	creating *semaphore.Weighted

	mu      sync.Mutex
	records map[client.ID]claim
	lost    map[Identity]map[lostCreate]int // by place and tail
}

// The weights with which claims.creating is held.
const (
	one      = 1
	everyone = math.MaxInt32
)

func newClaims() claims {
	return claims{creating: semaphore.NewWeighted(everyone), records: map[client.ID]claim{}, lost: map[Identity]map[lostCreate]int{}}
}

// A claim is what an engine knows about the origin of one record.
type claim struct {
	origin    origin
	owner     string // who has an adopted or left record
	isDoubted bool   // a search has found the record, and can't tell whose it is
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

// isFree reports whether creates of these owners may have made the record, as far as the claim
// tells. The owner "" stands for any, see isLeftFor.
func (c claim) isFree(owners map[string]bool) bool {
	return c.origin == unclaimed || c.origin == left && (owners[""] || owners[c.owner])
}

// isLeftFor reports whether the record was left to this owner. If isRecalled is true, any owner will do, because the
// caller no longer knows the owner's earlier name.
func (c claim) isLeftFor(owner string, isRecalled bool) bool {
	return c.origin == left && (isRecalled || c.owner == owner)
}

// isAdoptedFor reports whether the record was adopted for this owner, who has a name.
func (c claim) isAdoptedFor(owner string) bool {
	return c.origin == adopted && owner != "" && c.owner == owner
}

// of returns the claim of a record.
func (c *claims) of(id client.ID) claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.records[id]
}

// has reports whether the record is claimed.
func (c *claims) has(id client.ID) bool { return c.of(id).origin != unclaimed }

// change changes the claim of a record if it fits, and reports whether it does.
func (c *claims) change(id client.ID, fits func(claim) bool, change func(*claim)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := c.records[id]
	if !fits(is) {
		return false
	}
	change(&is)
	c.records[id] = is
	return true
}

// move changes the origin of a record if its claim fits, and reports whether it does.
func (c *claims) move(id client.ID, to origin, fits func(claim) bool) bool {
	return c.change(id, fits, func(is *claim) { is.origin = to })
}

// claim claims a record. It reports false if the record was claimed already.
func (c *claims) claim(id client.ID, from origin) bool {
	return c.move(id, from, func(is claim) bool { return is.origin == unclaimed })
}

// release withdraws the claim of a record that turns out not to belong to the engine. It keeps a claim whose origin
// is not from.
func (c *claims) release(id client.ID, from origin) {
	c.move(id, unclaimed, func(is claim) bool { return is.origin == from })
}

// adopt claims a record for a create of an owner. It returns false if the record was already claimed, and not left
// for that owner.
func (c *claims) adopt(id client.ID, owner string, isRecalled bool) bool {
	fits := func(is claim) bool { return is.origin == unclaimed || is.isLeftFor(owner, isRecalled) }
	return c.change(id, fits, func(is *claim) { is.origin, is.owner = adopted, owner })
}

// leave leaves an adopted record to a later create of its owner, if the owner has a name.
func (c *claims) leave(id client.ID) {
	c.move(id, left, func(is claim) bool { return is.isAdoptedFor(is.owner) })
}

// leaveAll leaves all adopted records of an owner to a later create of that owner.
func (c *claims) leaveAll(owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, is := range c.records {
		if is.isAdoptedFor(owner) {
			is.origin = left
			c.records[id] = is
		}
	}
}

// confirm notes that an owner has the record that was adopted for it. It returns false if the record was not adopted
// for this owner.
func (c *claims) confirm(id client.ID, owner string) bool {
	return c.move(id, known, func(is claim) bool { return is.isAdoptedFor(owner) })
}

// doubt notes a record that may be the result of a lost create.
func (c *claims) doubt(id client.ID) {
	c.change(id, func(claim) bool { return true }, func(is *claim) { is.isDoubted = true })
}

// A lostCreate is a create that may have been carried out.
type lostCreate struct {
	of        Identity // what it would have made
	input     string   // as it is sent
	isGivenUp bool     // what it has made stays unknown for good
}

// lose adds by to the number of lost creates: 1 for a create that is lost, -1 for one that is no longer lost.
func (c *claims) lose(creates []lostCreate, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, create := range creates {
		end := create.of.end()
		if c.lost[end] == nil {
			c.lost[end] = map[lostCreate]int{}
		}
		if c.lost[end][create] += by; c.lost[end][create] == 0 {
			delete(c.lost[end], create)
		}
	}
}

// giveUp leaves creates open for good.
func (c *claims) giveUp(creates []lostCreate) {
	c.lose(mapped(creates, func(create lostCreate) lostCreate { return lostCreate{of: create.of, isGivenUp: true} }), 1)
}

// openLike returns the open creates with the same place and tail, including those that were given up.
func (c *claims) openLike(of Identity) []lostCreate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.lost[of.end()]))
}

// losses returns how many creates of one identity are lost now.
func (c *claims) losses(of Identity) (losses int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for create, count := range c.lost[of.end()] {
		if create.of == of && !create.isGivenUp {
			losses += count
		}
	}
	return losses
}
