package engine

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// readBack sets the results to what the CRM holds now.
func (w *writing[T, In]) readBack(ctx context.Context) {
	for i, result := range w.results {
		if id := w.createdID(i); result.Err != nil && !id.IsZero() && !errors.As(result.Err, new(*LeftoverError)) {
			w.results[i].Err = &UnreadError{ID: id, Err: result.Err} // the record exists, so its id must not get lost
		}
	}
	w.fetch(ctx, w.written())
	w.fetch(ctx, w.findAstray(ctx))
	if w.cleaned = w.clean(ctx); w.cleaned {
		w.fetch(ctx, w.written())
	}
	w.col.inside.read(ctx, w)
	for i := range w.results {
		if w.creates[i] {
			w.results[i].Since = w.attempt(i).Since
		}
	}
	if slices.ContainsFunc(w.all(), func(i int) bool { return w.creates[i] && errors.Is(w.results[i].Err, errGone) }) {
		w.col.engine.reachMore(ctx)
	}
}

// floor returns a revision below everything that was written. A write is newer than everything known before it. But a
// restore alone may not change the revision, and the record of an earlier attempt is older.
func (w *writing[T, In]) floor() int64 {
	floor, older := w.before.Revision, int64(math.MaxInt64)
	for i, result := range w.results {
		revision, update := w.head(i).Revision.Get()
		switch {
		case update && w.changes[i].Restore && len(w.changes[i].Input.Fields()) == 0:
			older = min(older, revision-1)
		case update:
			floor = max(floor, revision)
		case result.Adopted:
			older = min(older, result.Value.Meta().Revision-1)
		}
	}
	switch {
	case older == math.MaxInt64:
		return floor
	case floor == NoFloor:
		return older
	}
	return min(floor, older)
}

// fetch reads the items back. A lagging copy may answer the reads, so fetch waits for records that don't appear yet.
func (w *writing[T, In]) fetch(ctx context.Context, items []int) {
	floor, looks := w.floor(), newIntervals(w.col.engine.settings.RecoveryTimeout)
	for len(items) > 0 {
		list := newListing(w.col, floor)
		list.listed = map[client.ID]T{}
		found, err := list.fetch(ctx, mapped(items, func(i int) client.ID { return w.ids[i] }))
		var open []int
		for _, i := range items {
			record, ok := found[w.ids[i]]
			w.setRead(ctx, i, record, ok, err)
			if err == nil && !w.shows(i, record, ok) {
				open = append(open, i)
			}
		}
		w.noteLookAlikes(ctx, items, list.listed)
		if items = open; len(items) == 0 || !looks.wait(ctx) {
			return
		}
	}
}

// noteLookAlikes notes which of the other records in the read-back have the identity of a create. A record that a
// lost request may have made is a twin instead. A record that another batch has made is neither: that batch claims it
// when its reply comes or is lost.
func (w *writing[T, In]) noteLookAlikes(ctx context.Context, items []int, others map[client.ID]T) {
	isCreate := func(i int) bool { return w.creates[i] && len(w.results[i].Twins) == 0 }
	creates := grouped(only(w.unfailed(items), isCreate), w.identity)
	if len(creates) == 0 {
		return // numbers are slow to parse
	}
	alike := map[Identity][]client.ID{}
	for id, record := range others {
		if record.Meta().IsDeleted || w.col.engine.claims.has(id) {
			continue
		}
		if of := w.col.names.held(record); len(creates[of]) > 0 {
			alike[of] = append(alike[of], id)
		}
	}
	if len(alike) == 0 || w.col.engine.claims.creating.Acquire(ctx, everyone) != nil {
		return
	}
	defer w.col.engine.claims.creating.Release(everyone)
	for of, ids := range alike {
		if w.col.engine.claims.losses(of) > 0 {
			continue
		}
		ids = slices.DeleteFunc(ids, w.col.engine.claims.has)
		for _, i := range creates[of] {
			w.results[i].LookAlikes = ids
		}
	}
}

// findAstray handles creates that were answered with an id that no record has, or with the id of another record, and
// looks for the records that they have made. It takes a record only if it has everything that was sent, and returns
// the items that it has found in the space. If an item may have made several records, it becomes open. The remaining
// items keep what they have.
func (w *writing[T, In]) findAstray(ctx context.Context) (found []int) {
	astray := only(w.all(), func(i int) bool { return w.isAstray(ctx, i) })
	if len(astray) == 0 {
		return nil
	}
	answers := make(map[int]Result[T], len(astray))
	ids := make(map[int]client.ID, len(astray))
	for _, i := range astray {
		answers[i], ids[i] = w.results[i], w.ids[i]
		w.col.engine.claims.release(ids[i], created) // another create may have made it
		w.results[i], w.ids[i] = Result[T]{}, client.ID{}
	}
	w.exact = true                           // nothing else looks after this
	_, _ = w.settle(ctx, astray, errGone, 0) // if it fails, the items keep what they have
	for _, i := range astray {
		if w.results[i].Err == nil && !w.ids[i].IsZero() {
			found = append(found, i)
			if w.changes[i].repeated && errors.Is(answers[i].Err, errGone) && ids[i] != w.ids[i] {
				w.results[i].Twins = append(w.results[i].Twins, ids[i]) // each request may have made one
			}
			continue
		}
		if errors.Is(answers[i].Err, errGone) && errors.As(w.results[i].Err, new(*AmbiguousError)) {
			continue // the answer is worth less than the records that it may have made
		}
		w.results[i], w.ids[i] = answers[i], ids[i]
		if lost, isLost := errors.AsType[*LostCreateError](answers[i].Err); isLost {
			w.failUnknown([]int{i}, lost.Err)
		} else if !w.col.engine.claims.claim(ids[i], created) {
			w.failUnknown([]int{i}, answeredWith(ids[i]))
		}
	}
	return found
}

// isAstray reports whether a create was answered with an id that may not be its own: the record is gone, deleted,
// others', or of another identity, or it contradicts what was sent while others use it, and the read-back has shown
// another one of that identity.
func (w *writing[T, In]) isAstray(ctx context.Context, i int) bool {
	result := w.results[i]
	switch {
	case !w.creates[i], result.Adopted, w.ids[i].IsZero():
		return false
	case result.Err != nil:
		return errors.Is(result.Err, errGone) || errors.As(result.Err, new(*LostCreateError))
	case result.Value.Meta().IsDeleted:
		return true
	case w.col.stubs != nil || w.col.carried(w.changes[i].Input, result.Value):
		return false
	case w.col.names.held(result.Value) != w.identity(i):
		return true
	}
	sent := w.col.fields.valued(w.changes[i].Input)
	if len(result.LookAlikes) == 0 || w.col.fields.like(&sent, &result.Value) {
		return false
	}
	use, err := w.col.inside.useOf(ctx, &w.changes[i], w.ids[i])
	return err == nil && use != unused
}

// setRead sets the result of a write to what was read back.
func (w *writing[T, In]) setRead(ctx context.Context, i int, record T, found bool, err error) {
	isOthers, failure := w.isOthers(ctx, i, record)
	switch {
	case !found:
		if w.creates[i] {
			w.col.engine.Reach(w.before.Revision + 1) // until the space shows it, the record need not be gone
		}
		w.results[i].Err = &UnreadError{ID: w.ids[i], Err: cmp.Or(err, errGone)}
	case failure != nil && !isForbidden(failure): // if the caller may not look, the service's word counts
		w.results[i].Err = &UnreadError{ID: w.ids[i], Err: failure}
	case isOthers:
		w.results[i] = Result[T]{Err: &LostCreateError{Attempt: w.attempt(i), Err: answeredWith(record.Meta().ID)}}
	case w.changes[i].Restore && record.Meta().IsDeleted:
		w.results[i].Err = &RestoreError{ID: w.ids[i], Err: errStillDeleted}
	default:
		w.results[i].Value, w.results[i].Err = record, nil
	}
}

// isOthers reports whether a create can't have made the record that answered it. The record existed before, belongs
// to another phone or conversation, or has a number that is not a spelling of the number that was sent. If isOthers
// returns an error, it can't tell. For an adopted record, the search has already checked that.
func (w *writing[T, In]) isOthers(ctx context.Context, i int, record T) (bool, error) {
	switch {
	case !w.creates[i] || w.results[i].Adopted:
		return false, nil
	case record.Meta().Revision <= w.before.Revision || w.isOfAnother(i, record):
		return true, nil
	case !w.col.inside.hasChanged(record):
		return false, nil
	}
	return w.col.inside.existed(ctx, record, w.before.Revision)
}

// isOfAnother reports whether the identity of the record differs from that of the item, and the difference is not the
// service's spelling.
func (w *writing[T, In]) isOfAnother(i int, record T) bool {
	if w.col.carried(w.changes[i].Input, record) {
		return false
	}
	of, at := w.identity(i), w.col.names.held(record)
	isElsewhere := !at.Place.IsZero() && at.Place != of.Place
	return isElsewhere || w.col.stubs == nil && at.tail() != "" && of.tail() != "" && !slices.Contains(of.tails(), at.tail())
}

// shows reports whether the record that was read back can already include the write.
func (w *writing[T, In]) shows(i int, record T, found bool) bool {
	if !found || w.changes[i].Restore && record.Meta().IsDeleted {
		return false
	}
	if w.cleaned && len(w.col.links.left(&w.changes[i], record)) > 0 {
		return false
	}
	return record.Meta().Revision > orZero(w.head(i).Revision) || w.col.agrees(w.changes[i].Input, record)
}

var (
	errGone         = errors.New("the CRM no longer shows it")
	errStillDeleted = errors.New("the CRM reported success, but still shows it as deleted")
)
