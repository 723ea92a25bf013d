package engine

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A newerList lists the records with a revision above a floor, the newest first. Without a floor, it lists all
// records. If the service does not filter by revision, the list also contains older records, and ends when nothing
// newer can follow. A record that changes meanwhile may be missing, because it has moved to an earlier page.
type newerList[T client.Record, In any] struct {
	entity   *entityOf[T, In]
	floor    int64
	query    client.Query // without the filter
	walk     *client.Walk[T, In]
	filtered bool
	begun    bool
	final    *client.Page[T] // the last page, if the service orders by revision
}

// listNewer returns the list of what is newer than floor. The query has no filters.
func (e *entityOf[T, In]) listNewer(floor int64, query client.Query) *newerList[T, In] {
	query.OrderBy = e.engine.unsupported.orderBy("-revision")
	l := &newerList[T, In]{entity: e, floor: floor, query: query}
	l.filtered = floor > NoFloor && !e.engine.unsupported.has(revisionFilter)
	l.walk = l.walkAnew(l.filtered, true)
	return l
}

// above filters records by their revision.
func above(floor int64) []client.Filter {
	return []client.Filter{{Field: "revision", Op: "gt", Value: strconv.FormatInt(floor, 10)}}
}

// walkAnew begins the list again, with or without the filter and the order.
func (l *newerList[T, In]) walkAnew(filtered, ordered bool) *client.Walk[T, In] {
	query := l.query
	if filtered {
		query.Filters = above(l.floor)
	}
	if !ordered {
		query.OrderBy = nil
	}
	return l.entity.Walk(query)
}

// newerThan returns the pages of the list of what is newer than floor.
func (e *entityOf[T, In]) newerThan(ctx context.Context, floor int64, query client.Query) iter.Seq2[client.Page[T], error] {
	return client.Pages(ctx, e.listNewer(floor, query).next)
}

// next returns the next page, and false if there is none. If the request fails, the next
// call repeats it.
func (l *newerList[T, In]) next(ctx context.Context) (page client.Page[T], more bool, err error) {
	if l.final != nil && l.entity.isOrdered(ctx, *l.final) {
		return page, false, nil
	}
	l.final = nil
	page, more, err = l.walk.Next(ctx)
	if isRefusal(err) && !l.begun {
		page, more, err = l.plainer(ctx, err)
	}
	if more {
		l.begun = true
		l.learn(ctx, page)
		if l.floor > NoFloor && page.HasNextPage && noneNewerFollow(page, l.floor) {
			l.final = &page
		}
	}
	return page, more, err
}

// plainer returns the first page of the list without the filter, the order or both, and notes what the service
// refuses. If the service refuses all variants, it objects to something else, and plainer returns the error.
func (l *newerList[T, In]) plainer(ctx context.Context, refusal error) (page client.Page[T], more bool, err error) {
	for _, with := range []struct{ filter, order bool }{{false, true}, {true, false}, {false, false}} {
		if !l.filtered && (with.filter || with.order) || l.query.OrderBy == nil && !with.order {
			continue // the same as what was refused
		}
		walk := l.walkAnew(with.filter, with.order)
		switch page, more, err = walk.Next(ctx); {
		case isRefusal(err):
			continue
		case err != nil:
			return page, more, err
		}
		if l.walk = walk; l.filtered && !with.filter {
			l.filtered = false
			l.entity.engine.unsupported.add(ctx, revisionFilter)
		}
		if !with.order {
			l.entity.engine.unsupported.add(ctx, revisionOrder)
			l.entity.engine.unsupported.add(ctx, revisionSort)
		}
		return page, more, nil
	}
	return page, false, refusal
}

// isOrdered reports whether the service orders by revision, if the page shows the newest records first. That alone
// does not prove it, because the record that was created last has often also changed last. So isOrdered asks once
// whether the opposite order begins with an older record.
func (e *entityOf[T, In]) isOrdered(ctx context.Context, page client.Page[T]) bool {
	switch {
	case e.engine.unsupported.has(revisionOrder) || !isNewestFirst(page):
		return false
	case len(page.Records) < 2 || e.engine.ordered.Load():
		return true
	}
	oldest, err := e.List(ctx, client.Query{First: 1, OrderBy: []string{"revision"}, IncludeDeleted: true, LoadOnly: []string{"id", "revision"}})
	switch {
	case err != nil || len(oldest.Records) == 0:
		return false
	case newest(oldest.Records) >= newest(page.Records):
		e.engine.unsupported.add(ctx, revisionOrder)
		return false
	}
	e.engine.ordered.Store(true)
	return true
}

// ordersByRevision reports whether the service has proved, or proves now, that it orders by revision.
func (e *entityOf[T, In]) ordersByRevision(ctx context.Context) bool {
	if e.engine.ordered.Load() {
		return true
	}
	page, err := e.List(ctx, client.Query{First: 2, OrderBy: []string{"-revision"}, IncludeDeleted: true, LoadOnly: []string{"id", "revision"}})
	return err == nil && e.isOrdered(ctx, page)
}

// learn notes what the page shows about the service.
func (l *newerList[T, In]) learn(ctx context.Context, page client.Page[T]) {
	unsupported := &l.entity.engine.unsupported
	if l.filtered && slices.ContainsFunc(page.Records, func(record T) bool { return record.Meta().Revision <= l.floor }) {
		unsupported.add(ctx, revisionFilter)
	}
	if !isDescending(page.Records) {
		unsupported.add(ctx, revisionOrder)
	}
	if l.floor == NoFloor || unsupported.has(revisionFilter) {
		l.entity.pages.Store(int64(pagesFor(page.Total)))
	}
}

// noneNewerFollow reports whether the page has the newest records first and ends at or
// below floor.
func noneNewerFollow[T client.Record](page client.Page[T], floor int64) bool {
	return isNewestFirst(page) && len(page.Records) > 0 && page.Records[len(page.Records)-1].Meta().Revision <= floor
}

// pagesFor returns how many pages that many records take.
func pagesFor(records int) int { return (records + client.MaxPageSize - 1) / client.MaxPageSize }

// narrows reports whether a list of records above a revision can be shorter than a list of everything. It can't if
// the service neither filters nor orders by revision.
func (e *Engine) narrows() bool {
	return !e.unsupported.has(revisionFilter) || !e.unsupported.has(revisionOrder)
}
