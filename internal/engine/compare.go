package engine

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// compare holds the updates among the items against what the CRM has now. Those
// that are in conflict with it, or have nothing left to update, get an error; the
// others are brought up to date: with the current revision, and the ids of the
// links that they keep. It returns those of them that the CRM has at another
// revision than the one given.
//
// Where trusted, what is known as of some revision, and what nothing newer has
// changed, counts as current: that is one request for all of them.
func (w *writing[T, In]) compare(ctx context.Context, items []int, trusted bool) (changed []int) {
	open := slices.DeleteFunc(slices.Clone(items), func(i int) bool { return !w.isUpdate(i) })
	if trusted {
		changed, open = w.compareWithFeed(ctx, open)
	}
	floor := int64(math.MaxInt64)
	ids := make([]client.ID, len(open))
	for n, i := range open {
		ids[n], _ = w.head(i).ID.Get()
		revision, _ := w.head(i).Revision.Get()
		floor = min(floor, revision-1)
	}
	current, err := w.FetchMany(ctx, ids, floor)
	if client.ProblemOf(err) == client.Behind {
		w.fail(open, err) // what was found is as old as the rest
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

// compareWithFeed compares the items that the feed covers, and also returns the others.
func (w *writing[T, In]) compareWithFeed(ctx context.Context, items []int) (changed, others []int) {
	m := w.feed
	if len(items) == 0 || !w.engine.refused.narrows() {
		return nil, items
	}
	if err := m.lock(ctx); err != nil {
		w.fail(items, err)
		return nil, nil
	}
	defer m.unlock()
	var known []int
	for _, i := range items {
		m.begin(w.knownAsOf(i))
	}
	for _, i := range items {
		if m.covers(w.knownAsOf(i)) {
			known = append(known, i)
		} else {
			others = append(others, i)
		}
	}
	if len(known) == 0 {
		return nil, others
	}
	switch current, err := w.catchUp(ctx, len(known)); {
	case err != nil:
		w.fail(known, err)
		return nil, others
	case !current:
		return nil, items
	}
	if err := w.believe(ctx, true); err != nil {
		w.fail(known, err)
		return nil, others
	}
	for _, i := range w.completeFed(ctx, known) {
		id, _ := w.head(i).ID.Get()
		if record, found := m.changed[id]; found && w.bringUpToDate(i, record) {
			changed = append(changed, i)
		}
	}
	return changed, others
}

// completeFed completes the records of the items in the feed, where lists show stubs.
// It returns the items for which that worked. The feed is locked.
func (w *writing[T, In]) completeFed(ctx context.Context, items []int) []int {
	if w.suffices == nil {
		return items
	}
	var changed []int
	var records []T
	for _, i := range items {
		id, _ := w.head(i).ID.Get()
		if record, found := w.feed.changed[id]; found {
			changed, records = append(changed, i), append(records, record)
		}
	}
	for n, err := range w.completeAll(ctx, records) {
		id := records[n].Meta().ID
		w.feed.changed[id] = records[n]
		if client.ProblemOf(err) == client.NotFound {
			err = &GoneError{ID: id}
		}
		w.results[changed[n]].Err = err
	}
	return w.unfailed(items)
}

// knownAsOf returns the as-of of the item's baseline, [NoFloor] where that does not
// suffice for an update. A delete need not show in the revision.
func (w *writing[T, In]) knownAsOf(i int) int64 {
	change := &w.changes[i]
	if change.Known == nil || change.Restore || !w.isPlain(change.Input) {
		return NoFloor
	}
	return change.Known.AsOf
}

// bringUpToDate compares one item with what the CRM holds. It reports whether the
// revision has changed.
func (w *writing[T, In]) bringUpToDate(i int, current T) bool {
	id, change := current.Meta().ID, &w.changes[i]
	if current.Meta().IsDeleted && !change.Restore {
		w.results[i].Err = &GoneError{ID: id, Restorable: true}
		return false
	}
	if change.Known != nil && !w.engine.settings.Overwrite {
		if fields := w.conflicts(i, &current); len(fields) > 0 {
			w.results[i].Err = &ConflictError{ID: id, Known: change.Known.Revision, Current: current.Meta().Revision, Fields: fields}
			return false
		}
	}
	change.Restore = change.Restore && current.Meta().IsDeleted
	known, _ := w.head(i).Revision.Get()
	w.prepare(change, current)
	w.head(i).Revision = client.Value(current.Meta().Revision)
	return known != current.Meta().Revision
}

// conflicts returns which of the fields that the item changes someone else has changed.
// A stub has none: it was not read further because its revision is the known one.
func (w *writing[T, In]) conflicts(i int, current *T) []Conflict {
	if w.isStub != nil && w.isStub(*current) {
		return nil
	}
	return w.fields.conflicts(&w.changes[i].Input, *w.changes[i].Known, current)
}

// stale returns which of the items to send again: those that were refused only because
// something has changed since they were compared. A service may refuse an update of an
// old revision, and roll back the others of its request with it.
func (w *writing[T, In]) stale(ctx context.Context, items []int) []int {
	refused := slices.DeleteFunc(slices.Clone(items), func(i int) bool {
		err := w.results[i].Err
		return client.ProblemOf(err) != client.Refused && !errors.Is(err, ErrRolledBack)
	})
	if w.options.RollbackMethod != client.RollbackFailed && len(refused) < len(items)-len(w.unfailed(items)) {
		return nil // something else was in the way too
	}
	again := w.compare(ctx, refused, false)
	if len(again) > 0 && w.options.RollbackMethod != client.RollbackFailed {
		again = refused // they stand or fall together
	}
	again = slices.DeleteFunc(slices.Clone(again), func(i int) bool {
		err := w.results[i].Err
		return errors.As(err, new(*ConflictError)) || errors.As(err, new(*GoneError))
	})
	for _, i := range again {
		w.results[i].Err = nil
	}
	return again
}
