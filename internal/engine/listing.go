package engine

import (
	"context"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A listing answers the reads of one refresh. It answers each record once, and none
// that this engine has changed.
type listing[T client.Record] struct {
	mu     sync.Mutex
	done   map[client.ID]bool // read or changed
	listed map[client.ID]T
	asOf   int64 // revision of the space when its first page came

	turn   chan struct{} // held by who decides how to go on; holds one
	gets   int           // that have been made, or begun
	query  client.Query  // of the next page
	begun  bool          // the first page has come
	pages  int           // that are left
	closed bool          // no page is left, or listing failed
}

func newListing[T client.Record](query client.Query) *listing[T] {
	query.OrderBy = []string{"-revision"}
	query.IncludeDeleted = true
	return &listing[T]{done: map[client.ID]bool{}, listed: map[client.ID]T{}, asOf: NoFloor, turn: make(chan struct{}, 1), query: query}
}

// finish takes the record off the list, for good.
func (l *listing[T]) finish(id client.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[id] = true
	delete(l.listed, id)
}

// state returns the record if it is listed, and whether it is done with.
func (l *listing[T]) state(id client.ID) (record T, listed, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record, listed = l.listed[id]
	return record, listed, l.done[id]
}

func (l *listing[T]) add(records []T, asOf func(*T) *int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asOf == NoFloor {
		l.asOf = newest(records)
	}
	for _, record := range records {
		*asOf(&record) = l.asOf
		if !l.done[record.Meta().ID] {
			l.listed[record.Meta().ID] = record
		}
	}
}

// lookUp returns the record from the list, and makes the list grow when that is due. If
// it is not listed, the caller gets it.
func (c *Collection[T, In]) lookUp(ctx context.Context, id client.ID) (record T, listed bool, err error) {
	l := c.reads
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return record, false, context.Cause(ctx)
	}
	defer l.finish(id)
	for {
		record, listed, done := l.state(id)
		switch {
		case listed:
			c.engine.claims.take(id)
			return record, true, c.complete(ctx, &record)
		case done || l.closed || l.begun && l.gets < l.pages:
			l.gets++
			return record, false, nil
		}
		if err := c.nextPage(ctx); err != nil {
			return record, false, err
		}
	}
}

// nextPage adds a page to the list. If the service refuses to list, gets go on without
// it.
func (c *Collection[T, In]) nextPage(ctx context.Context) error {
	l := c.reads
	page, err := c.entity.List(ctx, l.query)
	switch client.ProblemOf(err) {
	case client.Unreachable, client.Throttled, client.WrongCredentials, client.WrongAddress:
		return err // a get would not go better
	}
	if err != nil {
		l.closed = true
		c.engine.config.Logger.DebugContext(ctx, "giving up a listing; getting records one by one", "entity", c.entity.Segment, "error", client.KindOf(err))
		return context.Cause(ctx)
	}
	l.add(page.Records, c.asOf)
	if !l.begun {
		observePage(&c.engine.seen, page)
		l.begun = true
		l.pages = (page.Total + client.MaxPageSize - 1) / client.MaxPageSize
	}
	l.pages--
	l.query.After = page.EndCursor
	l.closed = !page.HasNextPage || l.pages <= 0
	return nil
}

// current returns the as-of of the records that are read from now on, [NoFloor] where
// none is known.
func (l *listing[T]) current() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asOf
}
