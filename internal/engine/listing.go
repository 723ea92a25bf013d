package engine

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A listing is a list that grows page by page, as long as another page is worth its request to the readers.
//
// One listing of each collection serves a whole refresh: the reads of all single resources and of all maps. It
// answers later readers with records that earlier readers have listed. It returns each record once, and never one
// that this engine has changed. Its records may lack changes of other users that are newer than its as-of.
type listing[T client.Record, In Input] struct {
	col *Collection[T, In]

	floor int64

	turn   turns // holds one while a reader uses the list
	list   *newerList[T, In]
	begun  bool  // the first page has come
	left   int   // pages left, once begun
	closed bool  // no page is left, or listing failed
	gets   int   // gets that readers have made or begun instead
	shown  int64 // newest revision that the space had shown when the list began

	failed RecentError // of the latest reader that couldn't reach the space

	mu     sync.Mutex
	asOf   int64              // revision of the space when the first page came
	done   map[client.ID]bool // read or changed
	listed map[client.ID]T    // listed and not read yet; nil for a list with one reader
}

// newListing returns a list of what is newer than floor, for one reader.
func newListing[T client.Record, In Input](c *Collection[T, In], floor int64) *listing[T, In] {
	return &listing[T, In]{col: c, floor: floor, turn: make(turns, 1), asOf: floor}
}

// newSharedListing returns a list of everything, for any number of readers.
func newSharedListing[T client.Record, In Input](c *Collection[T, In]) *listing[T, In] {
	l := newListing(c, NoFloor)
	l.done, l.listed = map[client.ID]bool{}, map[client.ID]T{}
	return l
}

// lock takes the turn. It restarts the list if its user has seen a newer revision than the space had shown when the
// list began.
func (l *listing[T, In]) lock(ctx context.Context) error {
	if err := l.turn.acquire(ctx); err != nil {
		return err
	}
	if _, expected, _ := l.col.engine.seen.wanted(false); l.begun && l.shown < expected {
		l.begun, l.closed, l.gets, l.list = false, false, 0, nil
		l.mu.Lock()
		defer l.mu.Unlock()
		clear(l.listed)
	}
	return nil
}

// fail notes that a reader couldn't reach the space, and reports whether its error says that.
func (l *listing[T, In]) fail(err error) bool {
	isDown := isOfService(err)
	if isDown {
		l.failed.note(err)
	}
	return isDown
}

// goesOn reports whether another page is worth its request to a reader that lacks missing records. idle is the number
// of pages that have brought it none.
//
// A page that brings a missing record is worth its request, but the reader can't know which page does. So the list
// continues until idle pages have cost as much as a get for each missing record. It also continues if fewer pages are
// left than the gets that readers would have made by then. As in the ski-rental problem, that costs at most twice as
// much as the cheapest number of pages together with a get for each record that they lack.
//
// If a floor does not narrow the list, the list shows everything in any order. Then it is worth reading only if that
// costs less than a get for each record.
func (l *listing[T, In]) goesOn(missing, idle int) bool {
	switch {
	case l.closed || missing == 0:
		return false
	case l.floor > NoFloor && !l.col.engine.narrows():
		return missing > l.pagesLeft()
	}
	return !l.begun || missing > idle || l.gets+missing > l.left
}

func (l *listing[T, In]) pagesLeft() int {
	if l.begun {
		return l.left
	}
	return int(l.col.entity.pages.Load())
}

// next returns the records of the next page. If the service refuses to list, or a gateway fails to, it returns none,
// and the reader continues with gets. The caller holds the turn.
func (l *listing[T, In]) next(ctx context.Context) ([]T, error) {
	page, more, err := l.page(ctx)
	if !isOfGateway(err) && l.fail(err) {
		return nil, err // a get would fail too
	}
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	l.closed = !more || !page.HasNextPage // also if it ends too soon: gets read what it lacks
	if err != nil {
		l.col.engine.config.Logger.DebugContext(ctx, "giving up a listing; getting records one by one", "entity", l.col.entity.Segment, "error", client.KindOf(err))
		return nil, nil
	}
	if !l.begun {
		l.begin(page)
	}
	l.left--
	return page.Records, nil
}

// isOfGateway reports whether a gateway has failed. A list may be too long for the gateway or for the service behind
// it, while gets still work. Only HTTP 503 says that the service is down.
func isOfGateway(err error) bool {
	return client.ProblemOf(err) == client.Unavailable && client.StatusOf(err) != http.StatusServiceUnavailable
}

// begin notes how many pages there are, and the as-of.
func (l *listing[T, In]) begin(page client.Page[T]) {
	l.begun, l.left = true, pagesFor(page.Total)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asOf == l.floor { // after a restart, the older as-of holds for all records
		l.asOf = max(l.floor, newest(page.Records))
	}
}

// page asks for the next page. It asks for the first page again if that came before the space had shown everything
// that its user has seen.
func (l *listing[T, In]) page(ctx context.Context) (page client.Page[T], more bool, err error) {
	if l.list == nil {
		l.list = l.listAnew()
	}
	page, more, err = l.list.next(ctx)
	if l.begun || err != nil {
		return page, more, err
	}
	l.col.entity.observePage(page)
	waited, err := l.col.engine.caughtUp(ctx)
	l.shown = l.col.engine.Newest()
	if err != nil || !waited {
		return page, more, err
	}
	l.list = l.listAnew()
	return l.list.next(ctx)
}

func (l *listing[T, In]) listAnew() *newerList[T, In] {
	query := l.col.query
	query.IncludeDeleted = true
	return l.col.entity.listNewer(l.floor, query)
}

// finish takes records off the list, for good.
func (l *listing[T, In]) finish(ids []client.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.done[id] = true
		delete(l.listed, id)
	}
}

// split separates the records for which the list may still answer from the rest.
func (l *listing[T, In]) split(ids []client.ID) (open, done []client.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if l.done[id] {
			done = append(done, id)
		} else {
			open = append(open, id)
		}
	}
	return open, done
}

// keep keeps a record for a later reader.
func (l *listing[T, In]) keep(record T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id := record.Meta().ID; l.listed != nil && !l.done[id] {
		l.listed[id] = record
	}
}

// kept returns a record that was kept.
func (l *listing[T, In]) kept(id client.ID) (record T, isKept bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record, isKept = l.listed[id]
	return record, isKept
}

// Unread returns the records that the list has shown and that no reader has asked for. It
// sends no request.
func (c *Collection[T, In]) Unread() []T {
	c.reads.mu.Lock()
	defer c.reads.mu.Unlock()
	return slices.Collect(maps.Values(c.reads.listed))
}
