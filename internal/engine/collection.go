package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A Collection reads and writes the records of one entity as if there were no
// limit to a request: it gathers what concurrent callers want, reads many in
// the cheaper of several ways, compares before it updates, and looks before it
// repeats. What it has no method for is an operation of the client's entity.
type Collection[T client.Record, In Input] struct {
	entity *entityOf[T, In]

	shape[T, In]
	engine  *Engine
	reads   *listing[T, In] // shared by all who read
	feed    *feed[T]
	writes  queues[Change[In], Result[T]]
	removes queues[client.ID, error]
	batches chan struct{} // one for each batch under way
}

// agrees reports whether the record has everything that the input sets. Links that an
// update should have removed don't matter: the read-back removes those that a service
// which merges arrays has kept.
func (c *Collection[T, In]) agrees(in In, record T) bool {
	return len(c.fields.differences(&in, &record, !c.headOf(&in).ID.IsZero())) == 0
}

// lacks reports whether the record agrees but for what is empty there, or what the
// service may have made of it.
func (c *Collection[T, In]) lacks(in In, record T) bool { return c.fields.like(&in, &record) }

func newCollection[T client.Record, In Input](e *Engine, entity *client.Entity[T, In], shape shape[T, In]) *Collection[T, In] {
	col := &Collection[T, In]{
		entity:  &entityOf[T, In]{Entity: entity, engine: e},
		shape:   shape,
		engine:  e,
		feed:    newFeed[T](),
		batches: make(chan struct{}, e.config.MaxConcurrentRequests),
	}
	col.reads = newSharedListing(col)
	col.writes.run = col.write
	col.removes.run = col.remove
	return col
}

// CreateOrUpdate writes one record, together with those that other callers
// write at the same time, and returns it as the CRM then holds it. An input
// without an ID creates; an update needs ID and Revision, and Known beside it.
//
// An error is as of [client.Entity], or a *ConflictError, *GoneError or *RestoreError; an
// *UnreadError says that the record was written all the same. An
// *client.OutcomeUnknownError or *LostCreateError means that even looking at what the CRM
// holds now did not tell.
//
// POST /entities/{entity}/batch-modify, around which GET /entities/{entity} compares and
// reads back, and POST /entities/{entity}/batch-restore undoes deletes
func (c *Collection[T, In]) CreateOrUpdate(ctx context.Context, change Change[In], validationLevel int64) Result[T] {
	result, err := c.writes.at(c.engine, validationLevel).Do(ctx, change)
	result.Err = c.stillOpen(change, cmp.Or(err, result.Err))
	return result
}

// LookFor looks for what earlier attempts at creates have made. It changes nothing. A
// patient caller waits for the recovery timeout, others get the answer of one look. Each
// change has a Since.
//
// A result without an error holds the record that the attempt has made, or a zero record
// where there is none. A *LostCreateError means that this can't be told. It wraps an
// *AmbiguousError where records may be the attempt's or someone else's: they lack part of
// what was sent, others write in them, or there are several.
//
// GET /entities/{entity}
func (c *Collection[T, In]) LookFor(ctx context.Context, changes []Change[In], patient bool) []Result[T] {
	w := newWriting(c, changes, client.WriteOptions{})
	w.exact = true
	patience := time.Duration(0)
	if patient {
		patience = c.engine.settings.RecoveryTimeout
	}
	if open, err := w.settle(ctx, w.all(), errEarlier, patience); err != nil {
		w.failUnknown(open, err)
	}
	return w.results
}

// Delete soft-deletes one record, together with those that other callers delete
// at the same time. One that is deleted or gone already is no error; one that may
// not be deleted is a *ProtectedError.
//
// POST /entities/{entity}/batch-delete
func (c *Collection[T, In]) Delete(ctx context.Context, id client.ID, validationLevel int64) error {
	failure, err := c.removes.at(c.engine, validationLevel).Do(ctx, id)
	return cmp.Or(err, failure)
}

// Get returns one record, also a soft-deleted one. [client.ProblemOf] its error is
// [client.NotFound] when there is none.
//
// GET /entities/{entity}/{id}; GET /entities/{entity}, filtered by id, where that finds
// nothing
func (c *Collection[T, In]) Get(ctx context.Context, id client.ID) (T, error) {
	find := c.find
	if find == nil {
		find = c.findWhole
	}
	record, err := find(ctx, id)
	if err != nil {
		return record, err
	}
	*c.asOf(&record) = record.Meta().Revision
	c.engine.seen.observe(record.Meta().Revision, false)
	c.engine.claims.take(id)
	if c.find != nil {
		return record, nil
	}
	return record, c.complete(ctx, &record)
}

func (c *Collection[T, In]) findWhole(ctx context.Context, id client.ID) (T, error) {
	query := c.whole
	query.IncludeDeleted = true
	plain := c.engine.refused.has(getParameters)
	if plain {
		query = client.Query{}
	}
	record, err := c.entity.find(ctx, id, query)
	if isRefusal(err) && !plain {
		// The vendor's documents disagree on whether a get takes parameters.
		if record, err = c.entity.find(ctx, id, client.Query{}); err == nil || client.ProblemOf(err) == client.NotFound {
			c.engine.refused.add(ctx, getParameters)
		}
	}
	return record, err
}

// believe returns an error where the space does not exist, or shows less than its user
// has seen of it: then "not found" proves nothing. What was found is there, even where
// the revision of the space can't be read.
func (c *Collection[T, In]) believe(ctx context.Context, foundAll bool) error {
	err := c.engine.isThere(ctx)
	if foundAll && client.ProblemOf(err) != client.Behind {
		return nil
	}
	return err
}

// ListedAsOf returns the revision of the space as of which Read and ReadMany answer from
// their list, [NoFloor] while they don't.
func (c *Collection[T, In]) ListedAsOf() int64 { return c.reads.current() }

// Known tells the engine of records that are known to its user, though it has
// not read them: none of them can have been made by a lost create. It returns those that
// the engine has taken for the result of one before it knew.
func (c *Collection[T, In]) Known(ids ...client.ID) (adopted []client.ID) {
	for _, id := range ids {
		if !c.engine.claims.take(id) && c.engine.claims.wasAdopted(id) {
			adopted = append(adopted, id)
		}
	}
	return adopted
}
