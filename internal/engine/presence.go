package engine

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Newest returns the newest revision of the space that this engine has seen, 0 for none.
func (e *Engine) Newest() int64 {
	newest, _, _ := e.seen.wanted(false)
	return newest
}

// Expect tells the engine which revision of the space its user has seen before. As
// long as the space shows less, nothing there counts as gone or as unchanged: reads
// and comparisons fail with a *BehindError.
func (e *Engine) Expect(revision int64) { e.seen.expect(revision) }

// Reached returns the revision that the space must have by what was created and could not
// be read back, 0 for none.
func (e *Engine) Reached() int64 {
	e.seen.mu.Lock()
	defer e.seen.mu.Unlock()
	return e.seen.reached
}

// Reach tells the engine what [Engine.Reached] was before. As long as the space shows
// less, nothing there counts as gone. Unlike what was seen, it may never show: then
// only what can't be found is an error.
func (e *Engine) Reach(revision int64) { e.seen.reach(revision) }

// now returns the latest known moment of the space's history, behind all records of the
// entity that are known to exist; the first time it asks the service.
func (e *entityOf[T, In]) now(ctx context.Context) (Moment, error) {
	if at := e.known.Load(); at == nil || time.Since(*at) > fresh {
		if err := e.observeNewest(ctx); err != nil {
			return Moment{}, err
		}
	}
	if err := e.engine.shows(ctx, false); err != nil {
		return Moment{}, err
	}
	return Moment{Revision: e.engine.Newest()}, nil
}

// fresh is how long the newest record counts as known: what others write later may look
// like a lost create.
const fresh = 5 * time.Second

func (e *entityOf[T, In]) seenNewest() {
	at := time.Now()
	e.known.Store(&at)
}

// observePage learns from the first page of a list that is ordered by revision.
func (e *entityOf[T, In]) observePage(page client.Page[T]) {
	if len(page.Records) > 0 {
		e.engine.seen.observe(newest(page.Records))
		if isNewestFirst(page) {
			e.seenNewest()
		}
	}
}

// isThere returns an error unless the space has shown that it exists, and all that its
// user knows it to have. Only then does "not found" mean that a record is gone, rather
// than that the address is wrong or a copy is behind.
func (e *Engine) isThere(ctx context.Context) error { return e.shows(ctx, true) }

// shows returns an error unless the space has shown that it exists, and what its user has
// seen of it before; with all, also what must be there by what was created.
func (e *Engine) shows(ctx context.Context, all bool) error {
	if newest, wanted, there := e.seen.wanted(all); there && newest >= wanted {
		return nil
	}
	select {
	case e.seen.asking <- struct{}{}:
		defer func() { <-e.seen.asking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return e.await(ctx, all)
}

// await gives a copy that lags the time to catch up, once for all who ask.
func (e *Engine) await(ctx context.Context, all bool) error {
	looks := newIntervals(e.settings.RecoveryTimeout)
	for {
		newest, wanted, there := e.seen.wanted(all)
		if !there || newest < wanted && !e.seen.gaveUp {
			if err := e.lookForNewest(ctx, wanted); err != nil {
				return err
			}
			newest, wanted, _ = e.seen.wanted(all)
		}
		if newest >= wanted {
			return nil
		}
		e.seen.gaveUp = e.seen.gaveUp || looks.areOver()
		if e.seen.gaveUp {
			return &BehindError{Space: e.api.SpaceID(), Seen: wanted, Newest: newest}
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
		if e.Newest() >= expected {
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
		e.seenNewest()
		return nil
	}
	for page, err := range e.climb(ctx, query, top) {
		if err != nil {
			return err
		}
		top = max(top, newest(page.Records))
	}
	e.engine.seen.observe(top)
	e.seenNewest()
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
