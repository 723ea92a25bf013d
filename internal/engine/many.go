package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

var (
	errUnreadable = errors.New("the provider couldn't read it to make sure that it did not exist before")
	errUnread     = errors.New("the provider couldn't read its messages to make sure that others have not written in it")
	errAnswered   = errors.New("others have written messages in it")
	errDiffers    = errors.New("it differs from what was sent")
)

// undo deletes what was created, unless it may be someone else's.
func (w *writing[T, In]) undo(ctx context.Context) {
	items := only(w.all(), func(i int) bool { return !w.createdID(i).IsZero() })
	ids := w.createdIDs(items)
	found := w.fetchCreated(ctx, ids)
	var talked talks
	var talkErr error
	if len(found) > 0 {
		talked, talkErr = w.inside.talked(ctx, w.before.Revision)
	}
	items = slices.DeleteFunc(items, func(i int) bool {
		id := w.createdID(i)
		record, isThere := found[id]
		return !isThere && w.leave(i, errUnreadable) ||
			isThere && w.isSpared(ctx, i, record, talkErr != nil || talked.mayBeIn(id))
	})
	ids = w.createdIDs(items)
	for n, err := range w.DeleteMany(ctx, ids, w.options.ValidationLevel) {
		i := items[n]
		if err != nil {
			w.leave(i, err)
			continue
		}
		w.head(i).ID = client.Field[client.ID]{} // nothing is left of it
		if w.results[i].Err == nil {
			w.results[i].Err = &UndoneError{ID: ids[n]}
		}
	}
}

// fetchCreated returns those of the created records that show. Reads may come from a copy that lags
// behind, so it waits for the others.
func (w *writing[T, In]) fetchCreated(ctx context.Context, ids []client.ID) map[client.ID]T {
	found := make(map[client.ID]T, len(ids))
	isFound := func(id client.ID) bool { _, is := found[id]; return is }
	for looks := newIntervals(w.engine.settings.RecoveryTimeout); ; {
		ids = slices.DeleteFunc(slices.Clone(ids), isFound)
		shown, err := w.FetchMany(ctx, ids, w.before.Revision)
		maps.Copy(found, shown)
		if err != nil || len(shown) == len(ids) || !looks.wait(ctx) {
			return found
		}
	}
}

// isSpared sets the error of an item whose record an undo must not delete, and reports whether
// there is one. A record that others use may be theirs. One that differs from what was sent, or
// of which that can't be told, may have existed before. isTalked says that it may have messages
// of others.
func (w *writing[T, In]) isSpared(ctx context.Context, i int, record T, isTalked bool) bool {
	id := record.Meta().ID
	isOthers, err := w.isOthers(ctx, i, record)
	switch {
	case err != nil:
		return w.leave(i, errUnreadable)
	case isOthers:
		w.failUnknown([]int{i}, answeredWith(id))
		w.engine.claims.release(id, created) // another create may have made it
		w.ids[i] = client.ID{}               // the others are undone, so nothing is to be adopted
	case !w.results[i].Adopted && !w.fields.like(new(w.fields.valued(w.changes[i].Input)), &record):
		return w.leave(i, errDiffers)
	case w.results[i].Adopted && (w.ids[i].IsZero() || !w.isUnused(ctx, i, id)):
		w.head(i).ID = client.Field[client.ID]{} // the record lacks something, or others use it: it may be someone else's
		w.engine.claims.release(id, adopted)
		var why error = &AmbiguousError{IDs: []client.ID{id}}
		if refusal := w.results[i].Err; refusal != nil {
			why = fmt.Errorf("%w; %w", why, refusal)
		}
		w.failUnknown([]int{i}, why)
	default:
		return isTalked && w.isAnswered(ctx, i, id)
	}
	return true
}

// isUnused reports whether no one else uses the record of an item. If that can't be read, others
// may use it.
func (w *writing[T, In]) isUnused(ctx context.Context, i int, id client.ID) bool {
	found, err := w.inside.useOf(ctx, &w.changes[i], id)
	return err == nil && found == unused
}

// isAnswered does the same as isSpared for a record in which others may have written.
func (w *writing[T, In]) isAnswered(ctx context.Context, i int, id client.ID) bool {
	found, err := w.inside.useOf(ctx, &w.changes[i], id)
	if err != nil {
		return w.leave(i, errUnread)
	}
	return found == used && w.leave(i, errAnswered)
}

// leave sets the error of an item whose record an undo leaves. It returns true.
func (w *writing[T, In]) leave(i int, err error) bool {
	w.results[i].Err = &LeftoverError{ID: w.createdID(i), Err: err}
	return true
}

// createdIDs returns the ids of what the items have created.
func (w *writing[T, In]) createdIDs(items []int) []client.ID {
	ids := make([]client.ID, len(items))
	for n, i := range items {
		ids[n] = w.createdID(i)
	}
	return ids
}
