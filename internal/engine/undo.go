package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var (
	errUnreadable = errors.New("the provider couldn't read it to make sure that it did not exist before")
	errUnread     = errors.New("the provider couldn't read its messages to make sure that others have not written in it")
	errAnswered   = errors.New("others have written messages in it")
	errDiffers    = errors.New("it differs from what was sent")
)

// undo deletes the records that were created, unless they may belong to someone else.
func (w *writing[T, In]) undo(ctx context.Context) {
	items := only(w.all(), func(i int) bool { return !w.createdID(i).IsZero() })
	ids := mapped(items, w.createdID)
	found := w.fetchCreated(ctx, ids)
	var talked talks
	var talkErr error
	if len(found) > 0 {
		talked, talkErr = w.col.inside.talked(ctx, w.before.Revision)
	}
	items = slices.DeleteFunc(items, func(i int) bool {
		id := w.createdID(i)
		record, isThere := found[id]
		return !isThere && w.leave(i, errUnreadable) ||
			isThere && w.isSpared(ctx, i, record, talkErr != nil || talked.mayBeIn(id))
	})
	ids = mapped(items, w.createdID)
	for n, err := range w.col.DeleteMany(ctx, ids, w.options.ValidationLevel) {
		i := items[n]
		if err != nil {
			w.leave(i, err)
			continue
		}
		w.head(i).ID = client.Field[client.ID]{} // nothing is left of it
		if w.results[i].Err == nil {
			w.results[i].Err = ErrUndone
		}
	}
}

// fetchCreated returns the created records that appear. A lagging copy may answer the reads, so it waits for the
// missing ones.
func (w *writing[T, In]) fetchCreated(ctx context.Context, ids []client.ID) map[client.ID]T {
	found := make(map[client.ID]T, len(ids))
	isFound := func(id client.ID) bool { _, is := found[id]; return is }
	for looks := newIntervals(w.col.engine.settings.RecoveryTimeout); ; {
		ids = slices.DeleteFunc(slices.Clone(ids), isFound)
		shown, err := w.col.FetchMany(ctx, ids, w.before.Revision)
		maps.Copy(found, shown)
		if err != nil || len(shown) == len(ids) || !looks.wait(ctx) {
			return found
		}
	}
}

// isSpared sets the error of an item whose record an undo must not delete, and reports whether there is one. A record
// that other users use may belong to them. So may an adopted record that has anything that was not sent. A record
// that differs from what was sent may have existed before, and so may one that can't be compared. isTalked says that
// the record may have messages of other users.
func (w *writing[T, In]) isSpared(ctx context.Context, i int, record T, isTalked bool) bool {
	id := record.Meta().ID
	isOthers, err := w.isOthers(ctx, i, record)
	switch {
	case err != nil:
		return w.leave(i, errUnreadable)
	case isOthers:
		w.failUnknown([]int{i}, answeredWith(id))
		w.col.engine.claims.release(id, created) // another create may have made it
		w.ids[i] = client.ID{}                   // the others are undone, so the create adopts nothing
	case !w.results[i].Adopted && !w.col.fields.like(new(w.col.fields.valued(w.changes[i].Input)), &record):
		return w.leave(i, errDiffers)
	case w.results[i].Adopted && (w.ids[i].IsZero() || w.col.fields.hasMore([]*In{&w.changes[i].Input}, &record, anyField) || !w.isUnused(ctx, i, id)):
		w.head(i).ID = client.Field[client.ID]{} // the record lacks a value, has an additional one, or is used by others: it may be someone else's
		w.col.engine.claims.release(id, adopted)
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

// isUnused reports whether no one else uses the record of an item. If isUnused can't read that, it returns false.
func (w *writing[T, In]) isUnused(ctx context.Context, i int, id client.ID) bool {
	found, err := w.col.inside.useOf(ctx, &w.changes[i], id)
	return err == nil && found == unused
}

// isAnswered does the same as isSpared for a record in which other users may have written.
func (w *writing[T, In]) isAnswered(ctx context.Context, i int, id client.ID) bool {
	found, err := w.col.inside.useOf(ctx, &w.changes[i], id)
	if err != nil {
		return w.leave(i, errUnread)
	}
	return found == used && w.leave(i, errAnswered)
}

// leave sets the error of an item whose record an undo keeps. It returns true.
func (w *writing[T, In]) leave(i int, err error) bool {
	w.results[i].Err = &LeftoverError{ID: w.createdID(i), Err: err}
	return true
}
