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
		batches: make(turns, e.config.MaxConcurrentRequests),
	}
	col.reads = newSharedListing(col)
	col.writes.run = col.write
	col.removes.run = col.remove
	return col
}

// CreateOrUpdate writes one record, and returns it as the CRM then holds it. Concurrent
// calls share requests. An input without an ID creates a record. An update needs ID and
// Revision, and a Baseline to find conflicts.
//
// An error is one of [client.Entity], or a *ConflictError, *GoneError or *RestoreError. An
// *UnreadError means that the record was written but could not be read back. A
// *client.OutcomeUnknownError or *LostCreateError means that even a look at what the CRM
// holds could not tell whether it was written.
//
// POST /entities/{entity}/batch-modify, GET /entities/{entity} to compare and to read back,
// and POST /entities/{entity}/batch-restore to undo deletes
func (c *Collection[T, In]) CreateOrUpdate(ctx context.Context, change Change[In], validationLevel int64) Result[T] {
	result, err := c.writes.at(c.engine, validationLevel).Do(ctx, change)
	result.Err = c.stillOpen(change, cmp.Or(err, result.Err)) // it may not have been its turn yet
	return result
}

// LookFor looks for what earlier attempts at creates have made. It sends no change. With
// patient, it keeps looking for the recovery timeout; otherwise it looks once. Each change
// must have an Earlier.
//
// A result without an error holds the record that the attempt has made, or a zero record
// if the attempt has made none. A *LostCreateError means that LookFor can't tell. It wraps
// an *AmbiguousError if records may be the attempt's or someone else's: they lack part of
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
	open := w.all()
	_, err := c.engine.caughtUp(ctx) // an old copy lacks what the attempts have made
	if err == nil {
		open, err = w.settle(ctx, open, errEarlier, patience)
	}
	if err != nil {
		w.failUnknown(open, err)
	}
	return w.results
}

// Delete soft-deletes one record. Concurrent calls share requests. A record that is already
// deleted or gone is no error. If the CRM protects the record, the error is a
// *ProtectedError.
//
// POST /entities/{entity}/batch-delete
func (c *Collection[T, In]) Delete(ctx context.Context, id client.ID, validationLevel int64) error {
	failure, err := c.removes.at(c.engine, validationLevel).Do(ctx, id)
	return cmp.Or(err, failure)
}
