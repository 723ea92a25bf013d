package engine

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// remove soft-deletes the records of one batch. A record that is already deleted or gone is
// no error: a lost request may have deleted it.
func (e *entityOf[T, In]) remove(ctx context.Context, ids []client.ID, options client.WriteOptions) []error {
	looks := newIntervals(e.engine.settings.RecoveryTimeout)
	return e.operate(ctx, ids, options, e.BatchDelete, func(id client.ID, found *T, err error) error {
		for found != nil && !(*found).Meta().IsDeleted && !(*found).Meta().IsDeleteProtected && mayBeDeleted(err) && looks.wait(ctx) {
			switch record, lookErr := e.peek(ctx, id); {
			case client.ProblemOf(lookErr) == client.NotFound:
				found = nil
			case lookErr != nil:
				return err
			default:
				found = &record
			}
		}
		switch {
		case found == nil, (*found).Meta().IsDeleted:
			return nil
		case (*found).Meta().IsDeleteProtected:
			return &ProtectedError{ID: id, Err: err}
		}
		return err
	})
}

// remove deletes the records of one batch, except those that the caller refers to. If the space is older than what
// the caller has seen of it, remove deletes none: the records may belong to someone else by now, and a deletion would
// make the space look newer.
func (c *Collection[T, In]) remove(ctx context.Context, ids []client.ID, options client.WriteOptions) []error {
	ctx, done := client.WithLasting(ctx, c.engine.config.RequestTimeout)
	defer done()
	c.reads.finish(ids)
	if _, err := c.engine.caughtUp(ctx); err != nil {
		return slices.Repeat([]error{err}, len(ids))
	}
	due := only(ids, func(id client.ID) bool { return c.stubs == nil || !c.stubs.isReferred(id) })
	failed := make(map[client.ID]error, len(due))
	for i, err := range c.entity.remove(ctx, due, options) {
		failed[due[i]] = err
	}
	return mapped(ids, func(id client.ID) error { return failed[id] })
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
