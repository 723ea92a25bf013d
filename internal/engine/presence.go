package engine

import (
	"context"
	"math"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Newest returns the newest revision of the space that this engine has seen, or 0.
func (e *Engine) Newest() int64 {
	newest, _, _ := e.seen.wanted(false)
	return newest
}

// Expect tells the engine which revision of the space its user has seen before. As long as the space shows less, no
// record there counts as gone or as unchanged: reads and comparisons fail with a *BehindError.
func (e *Engine) Expect(revision int64) { e.seen.raise(&e.seen.expected, revision) }

// Reached returns the revision that the space must have reached with creates that could not
// be read back, or 0 if there are none.
func (e *Engine) Reached() int64 {
	e.seen.mu.Lock()
	defer e.seen.mu.Unlock()
	return e.seen.reached
}

// Reach tells the engine what [Engine.Reached] returned earlier. As long as the space shows less, no record there
// counts as gone. Unlike an expected revision, the space may never show it, so it fails only reads of records that
// can't be found.
func (e *Engine) Reach(revision int64) { e.seen.raise(&e.seen.reached, revision) }

// reachMore asks for more than the space shows now. Until it shows that, a record that could not be read back may
// still come.
func (e *Engine) reachMore(ctx context.Context) {
	_ = e.lookForNewest(ctx, math.MaxInt64) // what could be seen counts
	e.Reach(e.Newest() + 1)
}

// now returns the latest known moment of the space's history. It asks the service first,
// unless the newest record of the entity was seen a short time ago.
func (e *entityOf[T, In]) now(ctx context.Context) (Moment, error) {
	if seen := e.newestSeen.Load(); seen == nil || time.Since(seen.at) > fresh {
		if err := e.failed.Try(ctx, func() error { return e.observeNewest(ctx, false) }, isOfService); err != nil {
			return Moment{}, err
		}
	}
	if err := e.engine.shows(ctx, false); err != nil {
		return Moment{}, err
	}
	return Moment{Revision: e.engine.Newest(), IsUnproven: !e.newestSeen.Load().isProven}, nil
}

func (e *entityOf[T, In]) seenNewest(isProven bool) { e.newestSeen.Store(&sight{time.Now(), isProven}) }

// observePage learns from the first page of a list that is ordered by revision.
func (e *entityOf[T, In]) observePage(page client.Page[T]) {
	if len(page.Records) > 0 {
		e.engine.seen.observe(newest(page.Records))
		if isWhole(page) || isNewestFirst(page) {
			e.seenNewest(isWhole(page))
		}
	}
}

// isThere returns an error unless the space has shown that it exists and that it has everything that its user has
// seen. Only then does "not found" mean that a record is gone. Otherwise, the address may be wrong, or a copy may lag
// behind.
func (e *Engine) isThere(ctx context.Context) error { return e.shows(ctx, true) }

// caughtUp waits until the space shows the revision that its user has seen before, unless it already has. It reports
// whether it has waited, because earlier reads may be outdated then. If the caller may not read the revision of the
// space, the records that it finds count all the same.
func (e *Engine) caughtUp(ctx context.Context) (waited bool, err error) {
	if !e.seen.isBehind() {
		return false, nil
	}
	if err = e.shows(ctx, false); client.ProblemOf(err) == client.Behind || mayPass(err) {
		return true, err
	}
	return true, nil
}

// shows returns an error unless the space has shown that it exists, and the revision that
// its user has seen before. With all, it must also have shown the revision that it has
// reached with creates.
func (e *Engine) shows(ctx context.Context, all bool) error {
	if newest, wanted, there := e.seen.wanted(all); there && newest >= wanted {
		return nil
	}
	if err := e.seen.asking.acquire(ctx); err != nil {
		return err
	}
	defer e.seen.asking.release()
	return e.seen.failed.Try(ctx, func() error { return e.await(ctx, all) }, func(err error) bool {
		return isOfService(err) && client.ProblemOf(err) != client.Behind // the space has been reached
	})
}

// await gives a lagging copy the time to catch up, once for all callers. After that, it looks only from time to time.
func (e *Engine) await(ctx context.Context, all bool) error {
	patience := e.settings.RecoveryTimeout
	if !e.seen.gaveUp.IsZero() {
		patience = 0
	}
	looks := newIntervals(patience)
	for {
		newest, wanted, there := e.seen.wanted(all)
		if !there || newest < wanted && time.Since(e.seen.gaveUp) > fresh {
			if err := e.lookForNewest(ctx, wanted); err != nil {
				return err
			}
			if newest, wanted, _ = e.seen.wanted(all); newest < wanted && looks.areOver() {
				e.seen.gaveUp = time.Now()
			}
		}
		switch {
		case newest >= wanted:
			return nil
		case looks.areOver():
			_, seen, _ := e.seen.wanted(false)
			return &BehindError{Space: e.api.SpaceID(), Newest: newest, Seen: seen, Wanted: wanted}
		}
		if !looks.wait(ctx) && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// lookForNewest observes the newest revision of the space. It asks one entity after another until one shows the
// expected revision, because all entities share one counter.
//
// First it trusts the order of the lists. If that does not show the revision, it asks for proof.
func (e *Engine) lookForNewest(ctx context.Context, expected int64) error {
	if !e.unsupported.has(revisionOrder) {
		if err := e.observeEach(ctx, expected, false); err != nil || e.Newest() >= expected || e.ordered.Load() {
			return err
		}
	}
	return e.observeEach(ctx, expected, true)
}

func (e *Engine) observeEach(ctx context.Context, expected int64, prove bool) error {
	for i, segment := range []string{e.Conversations.entity.Segment, e.Messages.entity.Segment, e.relations.Segment, "Phones", "Accounts", "Contacts"} {
		entity := &entityOf[client.RecordValues, struct{}]{Entity: client.NewEntity[client.RecordValues, struct{}](e.api, segment), engine: e}
		err := entity.observeNewest(ctx, prove)
		if err != nil && i == 0 {
			return err
		}
		if e.Newest() >= expected || prove && e.ordered.Load() {
			return nil
		}
	}
	return nil
}

// observeNewest observes the newest record. If the service does not order by revision, it lists all records that are
// newer than those of the first page. With prove, it trusts the order of a list only if the service is known to order
// by revision.
func (e *entityOf[T, In]) observeNewest(ctx context.Context, prove bool) error {
	query := client.Query{IncludeDeleted: true, LoadOnly: []string{"id", "revision"}}
	page, _, err := e.listNewer(NoFloor, query).next(ctx)
	if err != nil {
		return err
	}
	top := max(newest(page.Records), 0)
	hasRevisions := top > 0 // those of other entities need not
	if !hasRevisions || isWhole(page) || isNewestFirst(page) && (!prove || e.isOrdered(ctx, page)) {
		e.engine.seen.observe(top)
		e.seenNewest(isWhole(page))
		return nil
	}
	for page, err := range e.newerThan(ctx, top, query) {
		if err != nil {
			return err
		}
		top = max(top, newest(page.Records))
	}
	e.engine.seen.observe(top)
	e.seenNewest(true)
	return nil
}
