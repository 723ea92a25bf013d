package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

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
// change has an Earlier.
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
