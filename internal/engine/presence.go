package engine

import (
	"context"
	"iter"
	"strconv"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Newest returns the newest revision that this engine knows the space to have, 0 for
// none.
func (e *Engine) Newest() int64 {
	e.seen.mu.Lock()
	defer e.seen.mu.Unlock()
	return max(e.seen.newest, e.seen.reached)
}

// Expect tells the engine which revision of the space its user has seen before. As
// long as the space shows less, nothing there counts as gone or as unchanged: reads
// and comparisons fail with a *BehindError.
func (e *Engine) Expect(revision int64) { e.seen.expect(revision) }

// now returns the latest known moment of the space's history, behind all records of the
// entity that are known to exist; the first time it asks the service.
func (e *entityOf[T, In]) now(ctx context.Context) (Moment, error) {
	if !e.known.Load() {
		if err := e.observeNewest(ctx); err != nil {
			return Moment{}, err
		}
	}
	if err := e.engine.isThere(ctx); err != nil {
		return Moment{}, err
	}
	newest, _, _ := e.engine.seen.state()
	return Moment{Revision: newest}, nil
}

// observePage learns from the first page of a list that is ordered by revision.
func (e *entityOf[T, In]) observePage(page client.Page[T]) {
	if len(page.Records) > 0 {
		e.engine.seen.observe(newest(page.Records))
		if isNewestFirst(page) {
			e.known.Store(true)
		}
	}
}

// isThere returns an error unless the space has shown that it exists, and all that
// its user has seen of it before. Only then does "not found" mean that a record is
// gone, rather than that the address is wrong or a copy is behind.
func (e *Engine) isThere(ctx context.Context) error {
	newest, expected, there := e.seen.state()
	if there && newest >= expected {
		return nil
	}
	select {
	case e.seen.asking <- struct{}{}:
		defer func() { <-e.seen.asking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return e.awaitExpected(ctx)
}

// awaitExpected gives a copy that lags the time to catch up, once for all who ask.
func (e *Engine) awaitExpected(ctx context.Context) error {
	looks := newIntervals(e.settings.RecoveryTimeout)
	for {
		newest, expected, there := e.seen.state()
		if !there || newest < expected && !e.seen.gaveUp {
			if err := e.lookForNewest(ctx, expected); err != nil {
				return err
			}
			newest, expected, _ = e.seen.state()
		}
		if newest >= expected {
			return nil
		}
		e.seen.gaveUp = e.seen.gaveUp || looks.areOver()
		if e.seen.gaveUp {
			return &BehindError{Space: e.api.SpaceID(), Seen: expected, Newest: newest}
		}
		if !looks.wait(ctx) && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// lookForNewest observes the newest revision of the space. Where that is below the
// one expected, other entities may have newer records: the revision is one counter
// for all of them.
func (e *Engine) lookForNewest(ctx context.Context, expected int64) error {
	for i, segment := range []string{e.Conversations.entity.Segment, e.Messages.entity.Segment, e.relations.Segment, "Phones", "Accounts", "Contacts"} {
		entity := &entityOf[stamp, struct{}]{Entity: client.NewEntity[stamp, struct{}](e.api, segment), engine: e}
		err := entity.observeNewest(ctx)
		if err != nil && i == 0 {
			return err
		}
		if newest, _, _ := e.seen.state(); newest >= expected {
			return nil
		}
	}
	return nil
}

// observeNewest observes the newest record. Where the service does not order by
// revision, the newest is climbed up to by the filter, or all are listed.
func (e *entityOf[T, In]) observeNewest(ctx context.Context) error {
	query := client.Query{OrderBy: []string{"-revision"}, IncludeDeleted: true, LoadOnly: []string{"id", "revision"}}
	page, err := e.List(ctx, query)
	if err != nil {
		return err
	}
	top := max(newest(page.Records), 0)
	if isNewestFirst(page) {
		e.engine.seen.observe(top)
		e.known.Store(true)
		return nil
	}
	for page, err := range e.climb(ctx, query, top) {
		if err != nil {
			return err
		}
		top = max(top, newest(page.Records))
	}
	e.engine.seen.observe(top)
	e.known.Store(true)
	return nil
}

// climb returns pages of what is newer than all that came before, from top on; where
// the service does not filter by revision, all pages.
func (e *entityOf[T, In]) climb(ctx context.Context, query client.Query, top int64) iter.Seq2[client.Page[T], error] {
	return func(yield func(client.Page[T], error) bool) {
		for !e.engine.refused.has(revisionFilter) {
			query.Filters = []client.Filter{{Field: "revision", Op: "gt", Value: strconv.FormatInt(top, 10)}}
			page, err := e.List(ctx, query)
			higher := newest(page.Records)
			switch {
			case isRefusal(err):
				e.engine.refused.add(ctx, revisionFilter)
			case err != nil:
				yield(page, err)
				return
			case len(page.Records) == 0:
				return
			case higher > top:
				top = higher
				if !yield(page, nil) {
					return
				}
				continue
			}
			break
		}
		query.Filters = nil
		e.Pages(ctx, query)(yield)
	}
}

// A stamp is of a record only which one it is, and when it was last changed.
type stamp struct {
	ID       client.ID `json:"id"`
	Revision int64     `json:"revision"`
}

// Meta returns all of it.
func (s stamp) Meta() client.Meta { return client.Meta{ID: s.ID, Revision: s.Revision} }
