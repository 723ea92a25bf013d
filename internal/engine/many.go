package engine

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// CreateOrUpdateMany writes any number of records in as few requests as possible, and reads
// them back together. The results are in the order of the changes, and have the errors of
// [Collection.CreateOrUpdate] or those below.
//
// With allOrNothing, it stops sending once a change fails, and deletes what it has created.
// A create that was undone then has an *UndoneError, or a *LeftoverError if its record
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
	// Undoing and reading back go on even if the caller has given up, so that no id gets lost.
	ctx = client.LastingOf(ctx)
	if allOrNothing && failed.Load() {
		w.undo(ctx)
	}
	w.readBack(ctx)
	w.keepOpen(changes)
	return w.results
}

// keepOpen sets the errors of creates that earlier attempts may have made. changes are those that
// the caller asked for: an adoption has made updates of some. If the service refuses several changes
// and rolls back whole requests, a refusal need not be about the create: it may only have been
// rolled back with another one.
func (w *writing[T, In]) keepOpen(changes []Change[In]) {
	refused := 0
	for _, result := range w.results {
		if isRefusedWhole(result.Err) {
			refused++
		}
	}
	isUnproven := refused > 1 && w.options.RollbackMethod != client.RollbackFailed
	for i := range w.results {
		err := w.results[i].Err
		if isUnproven && w.changes[i].Earlier != nil && isRefusedWhole(err) {
			err = &unprovenError{err}
		}
		w.results[i].Err = w.stillOpen(changes[i], err)
	}
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
