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

// Delete soft-deletes one record. Concurrent calls share requests. A record that is already
// deleted or gone is no error. If the CRM protects the record, the error is a
// *ProtectedError.
//
// POST /entities/{entity}/batch-delete
func (c *Collection[T, In]) Delete(ctx context.Context, id client.ID, validationLevel int64) error {
	failure, err := c.removes.at(validationLevel).Do(ctx, id)
	return cmp.Or(err, failure)
}

// DeleteEach calls [Collection.Delete] for each of several records at the same time. The errors are in
// the order of the ids.
//
// POST /entities/{entity}/batch-delete
func (c *Collection[T, In]) DeleteEach(ctx context.Context, ids []client.ID, validationLevel int64) []error {
	errs := make([]error, len(ids))
	each(len(ids), func(i int) { errs[i] = c.Delete(ctx, ids[i], validationLevel) })
	return errs
}

// DeleteMany soft-deletes any number of records, and returns the error of each. A record
// that is already deleted or gone is no error.
//
// POST /entities/{entity}/batch-delete
func (c *Collection[T, In]) DeleteMany(ctx context.Context, ids []client.ID, validationLevel int64) []error {
	options := client.WriteOptions{ValidationLevel: validationLevel, RollbackMethod: client.RollbackFailed}
	errs := make([]error, len(ids))
	var done atomic.Int64
	batches := slices.Collect(slices.Chunk(ids, c.engine.settings.BatchSize))
	c.engine.concurrently(len(batches), func(n int) {
		copy(errs[n*c.engine.settings.BatchSize:], c.remove(ctx, batches[n], options))
		c.engine.config.Logger.InfoContext(ctx, "deleted a batch", "entity", c.entity.Segment, "done", done.Add(int64(len(batches[n]))), "of", len(ids))
	})
	return errs
}
