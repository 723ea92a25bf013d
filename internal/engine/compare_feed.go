package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A feed contains the records of an entity that have changed since some revision of the space. One list of newer
// records brings it up to date, however many records there are. So one request compares many updates with what the
// CRM holds, without a get for each.
type feed[T any] struct {
	turn    turns // holds one while a caller uses the feed
	base    int64 // the feed knows all changes after this revision; [NoFloor] before the first list
	upTo    int64 // and up to this one
	changed map[client.ID]T
}

func newFeed[T any]() *feed[T] {
	return &feed[T]{turn: make(turns, 1), base: NoFloor, upTo: NoFloor, changed: map[client.ID]T{}}
}

// begin sets the revision from which the feed begins: the newest as-of that it gets before it contains any change.
func (f *feed[T]) begin(asOf int64) {
	if f.base == f.upTo && len(f.changed) == 0 && asOf > f.base {
		f.base, f.upTo = asOf, asOf
	}
}

// covers reports whether the feed knows all changes since the as-of.
func (f *feed[T]) covers(asOf int64) bool { return asOf > NoFloor && asOf >= f.base }

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

// overlap is how many revisions a feed looks back each time. Concurrent changes need not
// become visible in the order of their revisions.
const overlap = 50

// mostRounds is how many lists catchUp tries in a space that keeps changing.
const mostRounds = 3

// catchUp brings the feed up to date. It returns false if a list takes more than most pages after the first, or if
// the space changes too fast.
func (c *Collection[T, In]) catchUp(ctx context.Context, pages int) (bool, error) {
	for range mostRounds {
		more, err := c.feedMore(ctx, pages)
		if err != nil || more > pages {
			return false, err
		}
		waited, err := c.engine.caughtUp(ctx)
		if err != nil || more == 0 && !waited {
			return err == nil, err
		}
		// If a record changes while pages are read, it moves in front of the first page, so this list may have missed
		// it. A lagging copy lacks new records. The next list shows them.
	}
	return false, nil
}

// feedMore lists the records that are newer than the feed. It returns how many pages follow the first. If there are
// more than most, it stops, and the feed is not up to date.
func (c *Collection[T, In]) feedMore(ctx context.Context, most int) (more int, err error) {
	f := c.feed
	query := c.query
	query.IncludeDeleted = true
	top, read, floor := NoFloor, 0, max(f.upTo-overlap, 0)
	for page, err := range c.entity.newerThan(ctx, floor, query) {
		if err != nil {
			return 0, err
		}
		if read == 0 {
			c.entity.observePage(page)
			top = max(f.upTo, newest(page.Records))
		} else {
			more++
		}
		for _, record := range page.Records {
			before, found := f.changed[record.Meta().ID]
			if record.Meta().Revision > floor && (!found || record.Meta().Revision > before.Meta().Revision) {
				f.changed[record.Meta().ID] = record
			}
		}
		read += len(page.Records)
		left := pagesFor(page.Total - read)
		if more+left > most && !noneNewerFollow(page, floor) {
			return more + left, nil
		}
	}
	f.upTo = top
	return more, nil
}
