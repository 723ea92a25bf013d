package engine

import (
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A Collection reads and writes the records of one entity as if a request had no limits. It combines the calls of
// concurrent callers, reads many records in the cheapest way, compares before it updates, and looks before it
// repeats. For operations that it lacks, use the client's entity.
type Collection[T client.Record, In Input] struct {
	entity *entityOf[T, In]

	shape[T, In]
	engine  *Engine
	reads   *listing[T, In] // shared by all readers
	feed    *feed[T]
	writes  *queues[Change[In], Result[T]]
	removes *queues[client.ID, error]
	batches turns // one for each batch under way
}

// agrees reports whether the record has everything that the input sets. Links that an
// update should have removed don't matter: a service that merges arrays keeps them, and
// the read-back removes them.
func (c *Collection[T, In]) agrees(in In, record T) bool {
	return len(c.fields.differences(&in, &record, !c.headOf(&in).ID.IsZero())) == 0
}

// carried reports whether the record has everything that the input sets, in any spelling.
func (c *Collection[T, In]) carried(in In, record T) bool {
	return c.agrees(c.fields.unspelled(in, &record), record)
}

// HasAdopted reports whether the engine has adopted the record for a lost create.
func (c *Collection[T, In]) HasAdopted(id client.ID) bool {
	return c.engine.claims.of(id).origin >= adopted
}

// Leave leaves a record that [Collection.LookFor] has found to a later look or create of the same owner, because the
// caller does not take it. For all other owners, it stays claimed.
func (c *Collection[T, In]) Leave(id client.ID) { c.engine.claims.leave(id) }

// LeaveAll leaves everything that [Collection.LookFor] has found for an owner and that the owner has not claimed.
func (c *Collection[T, In]) LeaveAll(owner string) { c.engine.claims.leaveAll(owner) }

// Claim claims records that an owner has, although the engine has not read them. It returns two kinds of records:
// those that the engine has already adopted for lost creates of other owners, and those about which a
// [Collection.LookFor] could not decide. The caller of that LookFor may take them later.
func (c *Collection[T, In]) Claim(owner string, ids ...client.ID) (taken, doubted []client.ID) {
	for _, id := range ids {
		isNew := c.engine.claims.claim(id, known)
		switch {
		case c.engine.claims.confirm(id, owner):
		case isNew && c.engine.claims.of(id).isDoubted:
			doubted = append(doubted, id)
		case !isNew && c.HasAdopted(id):
			taken = append(taken, id)
		}
	}
	return taken, doubted
}
