package engine

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A newerList lists the records with a revision above a floor, the newest first. Without a
// floor, it lists all. If the service does not filter by revision, older records come too,
// until nothing newer can follow. A record that changes meanwhile may be missing, because
// it has moved to an earlier page.
type newerList[T client.Record, In any] struct {
	entity   *entityOf[T, In]
	floor    int64
	query    client.Query
	walk     *client.Walk[T, In]
	filtered bool
	begun    bool
	ended    bool
}

// listNewer returns the list of what is newer than floor. The query has no filters.
func (e *entityOf[T, In]) listNewer(floor int64, query client.Query) *newerList[T, In] {
	query.OrderBy = []string{"-revision"}
	l := &newerList[T, In]{entity: e, floor: floor, query: query}
	if l.filtered = floor > NoFloor && !e.engine.refused.has(revisionFilter); l.filtered {
		query.Filters = []client.Filter{{Field: "revision", Op: "gt", Value: strconv.FormatInt(floor, 10)}}
	}
	l.walk = e.Walk(query)
	return l
}

// newerThan returns the pages of the list of what is newer than floor.
func (e *entityOf[T, In]) newerThan(ctx context.Context, floor int64, query client.Query) iter.Seq2[client.Page[T], error] {
	return func(yield func(client.Page[T], error) bool) {
		for l := e.listNewer(floor, query); ; {
			page, more, err := l.next(ctx)
			if !more && err == nil || !yield(page, err) || err != nil {
				return
			}
		}
	}
}

// next returns the next page, and false if there is none. If the request fails, the next
// call repeats it.
func (l *newerList[T, In]) next(ctx context.Context) (page client.Page[T], more bool, err error) {
	if l.ended {
		return page, false, nil
	}
	page, more, err = l.walk.Next(ctx)
	if isRefusal(err) && l.filtered && !l.begun {
		l.entity.engine.refused.add(ctx, revisionFilter)
		*l = *l.entity.listNewer(l.floor, l.query)
		return l.next(ctx)
	}
	if more {
		l.begun = true
		l.learn(ctx, page)
		l.ended = l.floor > NoFloor && noneNewerFollow(page, l.floor)
	}
	return page, more, err
}

// learn notes what the page shows about the service.
func (l *newerList[T, In]) learn(ctx context.Context, page client.Page[T]) {
	refused := &l.entity.engine.refused
	if l.filtered && slices.ContainsFunc(page.Records, func(record T) bool { return record.Meta().Revision <= l.floor }) {
		refused.add(ctx, revisionFilter)
	}
	if !isDescending(page.Records) {
		refused.add(ctx, revisionOrder)
	}
	if l.floor == NoFloor || refused.has(revisionFilter) {
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
