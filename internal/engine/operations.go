package engine

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

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
	result, err := c.writes.at(validationLevel).Do(ctx, change)
	result.Err = c.stillOpen(change, cmp.Or(err, result.Err)) // keepOpen has not done that if the batch did not begin
	return result
}

// CreateOrUpdateEach calls [Collection.CreateOrUpdate] for each of several records at the same time.
// The results are in the order of the changes.
//
// POST /entities/{entity}/batch-modify
func (c *Collection[T, In]) CreateOrUpdateEach(ctx context.Context, changes []Change[In], validationLevel int64) []Result[T] {
	results := make([]Result[T], len(changes))
	each(len(changes), func(i int) { results[i] = c.CreateOrUpdate(ctx, changes[i], validationLevel) })
	return results
}

// CreateOrUpdateMany writes any number of records in as few requests as possible, and reads
// them back together. The results are in the order of the changes, and have the errors of
// [Collection.CreateOrUpdate] or those below.
//
// With allOrNothing, it stops sending once a change fails, and deletes what it has created.
// A create that was undone then has [ErrUndone], or a *LeftoverError if its record
// could not be deleted. A change that was not sent has [ErrNotSent].
//
// A change has [ErrRolledBack] if the service says that it rolled the change back because
// of another one.
//
// POST /entities/{entity}/batch-modify, as [Collection.CreateOrUpdate], and POST
// /entities/{entity}/batch-delete to undo
func (c *Collection[T, In]) CreateOrUpdateMany(ctx context.Context, changes []Change[In], options client.WriteOptions, allOrNothing bool) []Result[T] {
	ctx, end := client.WithLasting(ctx, c.engine.config.RequestTimeout)
	defer end()
	w := newWriting(c, changes, options)
	w.givenUp = ctx.Done()
	all := w.all()
	var done atomic.Int64
	w.begin(ctx)
	var failed atomic.Bool
	failed.Store(len(w.unfailed(all)) < len(all))
	batches := slices.Collect(slices.Chunk(all, c.engine.settings.BatchSize))
	c.engine.concurrently(len(batches), func(n int) {
		items := batches[n]
		if allOrNothing && failed.Load() {
			w.fail(w.toSend(items), ErrNotSent)
			return
		}
		w.carryOut(ctx, items)
		c.engine.config.Logger.InfoContext(ctx, "wrote a batch", "entity", c.entity.Segment, "done", done.Add(int64(len(items))), "of", len(all))
		if len(w.unfailed(items)) < len(items) {
			failed.Store(true)
		}
	})
	// Undoing and reading back continue even if the caller has given up, so that no id is lost.
	ctx = client.LastingOf(ctx)
	if allOrNothing && failed.Load() {
		w.undo(ctx)
	}
	w.readBack(ctx)
	w.keepOpen(changes)
	return w.results
}

// LookFor looks for the results of earlier attempts at creates. It sends no change. With patient, it keeps looking
// for the recovery timeout. Otherwise it looks once. Each change must have an Earlier.
//
// A result without an error contains the record that the attempt has made, or a zero record if the attempt has made
// none. A *LostCreateError means that LookFor can't tell. It wraps an *AmbiguousError if records may belong to the
// attempt or to someone else. That is so if they lack part of what was sent, have links that were not sent, or have
// messages of other users, or if there are several.
//
// GET /entities/{entity}
func (c *Collection[T, In]) LookFor(ctx context.Context, changes []Change[In], patient bool) []Result[T] {
	w := newWriting(c, changes, client.WriteOptions{})
	w.givenUp = ctx.Done()
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

func newCollection[T client.Record, In Input](e *Engine, entity *client.Entity[T, In], shape shape[T, In]) *Collection[T, In] {
	col := &Collection[T, In]{
		entity:  &entityOf[T, In]{Entity: entity, engine: e},
		shape:   shape,
		engine:  e,
		feed:    newFeed[T](),
		batches: make(turns, e.config.MaxConcurrentRequests),
	}
	col.reads = newSharedListing(col)
	col.writes = newQueues(e.settings, col.write)
	col.removes = newQueues(e.settings, col.remove)
	return col
}

// write creates and updates the records of one batch of single callers. It sends one request to write and one to read
// back. Before updates, it sends one request to read what the CRM holds. It sends more only to restore records, or if
// something goes wrong.
func (c *Collection[T, In]) write(ctx context.Context, changes []Change[In], options client.WriteOptions) []Result[T] {
	// A batch begins only when it can be sent. If it began earlier, its knowledge of the space would be old by then,
	// and the read-back would take longer.
	if err := c.batches.acquire(ctx); err != nil {
		return slices.Repeat([]Result[T]{{Err: err}}, len(changes))
	}
	defer c.batches.release()
	return c.CreateOrUpdateMany(ctx, changes, options, false)
}
