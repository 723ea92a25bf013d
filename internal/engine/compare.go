package engine

import (
	"cmp"
	"context"
	"errors"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// compare compares the updates among the items with what the CRM holds. An update gets an error if it has a conflict,
// or if its record is gone. Otherwise compare brings it up to date, with the current revision and the ids of the
// links that it keeps. It returns the updates whose record has another revision than the one given.
//
// With trusted, a record with a known as-of counts as current if nothing newer has changed it. One request answers
// that for all updates.
func (w *writing[T, In]) compare(ctx context.Context, items []int, trusted bool) (changed []int) {
	open := only(items, w.isUpdate)
	if trusted {
		changed, open = w.compareWithFeed(ctx, open)
	}
	floor := lowest(open, func(i int) int64 { return orZero(w.head(i).Revision) - 1 })
	ids := mapped(open, w.target)
	current, err := w.col.FetchMany(ctx, ids, floor)
	if err != nil {
		err = &unprovenError{err}
	}
	if err != nil && w.col.engine.seen.isBehind() {
		w.fail(open, err) // the records that were found may be outdated too
		return changed
	}
	for n, i := range open {
		record, found := current[ids[n]]
		if !found {
			w.results[i].Err = cmp.Or(w.results[i].Err, err)
			if err == nil {
				w.results[i].Err = &GoneError{ID: ids[n]}
			}
			continue
		}
		if w.bringUpToDate(i, record) {
			changed = append(changed, i)
		}
	}
	return changed
}

// bringUpToDate compares one item with what the CRM holds. It reports whether the revision has changed.
func (w *writing[T, In]) bringUpToDate(i int, current T) bool {
	id, change := current.Meta().ID, &w.changes[i]
	if current.Meta().IsDeleted && !change.Restore {
		w.results[i].Err = &GoneError{ID: id, Restorable: true}
		return false
	}
	isKnown := w.col.stubs != nil && w.col.stubs.isStub(current) // no more of it was read, because its revision is the known one
	if change.Baseline != nil && !isKnown && !w.col.engine.settings.Overwrite {
		// Changes up to the as-of tell nothing, nor does the restore of this batch. Without an as-of, such as after an
		// apply that has written messages, the caller's own writes may have raised the revision.
		asOf := change.Baseline.AsOf
		hasChanged := asOf != NoFloor && current.Meta().Revision > max(asOf, change.Baseline.Revision) && !change.restored
		if fields := w.col.fields.conflicts(&change.Input, *change.Baseline, &current, hasChanged); len(fields) > 0 {
			w.results[i].Err = &ConflictError{ID: id, Known: change.Baseline.Revision, Current: current.Meta().Revision, Fields: fields}
			return false
		}
	}
	change.Restore = change.Restore && current.Meta().IsDeleted
	before := orZero(w.head(i).Revision)
	w.col.links.prepare(change, current)
	w.head(i).Revision = client.Value(current.Meta().Revision)
	return before != current.Meta().Revision
}

// stale returns the items to send again, which were refused only because their records have changed since the
// comparison. A service may refuse an update with an old revision, and roll back the rest of its request.
func (w *writing[T, In]) stale(ctx context.Context, items []int) []int {
	refused := only(items, func(i int) bool {
		return isRefusal(w.results[i].Err) || errors.Is(w.results[i].Err, ErrRolledBack)
	})
	if w.options.RollbackMethod != client.RollbackFailed && len(refused) < len(items)-len(w.unfailed(items)) {
		return nil // some failed for another reason
	}
	again := w.compare(ctx, refused, false)
	if len(again) > 0 && w.options.RollbackMethod != client.RollbackFailed {
		again = refused // the request is all or nothing
	}
	again = only(again, func(i int) bool {
		err := w.results[i].Err
		return !errors.As(err, new(*ConflictError)) && !errors.As(err, new(*GoneError))
	})
	for _, i := range again {
		w.results[i].Err = nil
	}
	return again
}

// compareWithFeed compares the items that the feed covers. It returns those whose record
// has another revision than the one given, and the items that it could not compare.
func (w *writing[T, In]) compareWithFeed(ctx context.Context, items []int) (changed, left []int) {
	f := w.col.feed
	if len(items) == 0 || !w.col.engine.narrows() {
		return nil, items
	}
	if err := f.turn.acquire(ctx); err != nil {
		w.fail(items, err)
		return nil, nil
	}
	defer f.turn.release()
	for _, i := range items {
		f.begin(w.knownAsOf(i))
	}
	isCovered := func(i int) bool { return f.covers(w.knownAsOf(i)) }
	covered := only(items, isCovered)
	left = only(items, func(i int) bool { return !isCovered(i) })
	if len(covered) == 0 {
		return nil, left
	}
	switch current, err := w.col.catchUp(ctx, len(covered)); {
	case err != nil:
		w.fail(covered, err)
		return nil, left
	case !current:
		return nil, items
	}
	fed := only(covered, func(i int) bool { _, isFed := f.changed[w.target(i)]; return isFed })
	for _, i := range w.completeFed(ctx, fed) {
		if w.bringUpToDate(i, f.changed[w.target(i)]) {
			changed = append(changed, i)
		}
	}
	return changed, left
}

// completeFed completes the feed's records of the items, if lists show stubs. It returns the items
// without an error. The caller holds the feed, which has a record of each item.
func (w *writing[T, In]) completeFed(ctx context.Context, items []int) []int {
	if w.col.stubs == nil {
		return items
	}
	records := mapped(items, func(i int) T { return w.col.feed.changed[w.target(i)] })
	for n, err := range w.col.completeAll(ctx, records) {
		id := records[n].Meta().ID
		w.col.feed.changed[id] = records[n]
		if client.ProblemOf(err) == client.NotFound {
			err = &GoneError{ID: id}
		}
		w.results[items[n]].Err = err
	}
	return w.unfailed(items)
}

// knownAsOf returns the as-of of the item's baseline, or [NoFloor] if the update needs the
// record itself. A restore does, because a soft delete need not change the revision.
func (w *writing[T, In]) knownAsOf(i int) int64 {
	change := &w.changes[i]
	if change.Baseline == nil || change.Restore || w.col.links.areSet(change.Input) {
		return NoFloor
	}
	return change.Baseline.AsOf
}
