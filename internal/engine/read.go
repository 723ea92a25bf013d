package engine

import (
	"cmp"
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Read returns one record, as Get does. It is for callers who come one by one, and of
// whom it is not known how many will follow, such as Terraform's refresh.
//
// It balances gets and pages, as in the ski-rental problem. It lists one page, then gets
// what the page lacks until that has cost as much as listing all would. Then it lists
// all, and answers the rest from the list. So n reads of existing records in a space of
// t cost at most 2·min(n, ⌈t/100⌉)+2 requests.
//
// A *BehindError says that the space shows less than its user has seen of it.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) Read(ctx context.Context, id client.ID) (T, error) {
	var record T
	var listed bool
	var err error
	if c.mayBeListed == nil || c.mayBeListed(id, NoFloor) {
		record, listed, err = c.lookUp(ctx, id)
	}
	if !listed && err == nil {
		asOf := c.reads.current() // before the get: what comes later may be older than the list
		record, err = c.Get(ctx, id)
		*c.asOf(&record) = max(*c.asOf(&record), asOf)
	}
	if err != nil && client.ProblemOf(err) != client.NotFound {
		return record, err
	}
	return record, cmp.Or(c.believe(ctx, err == nil), err)
}

// ListedAsOf returns the revision of the space as of which Read answers from a
// list, [NoFloor] while it doesn't.
func (c *Collection[T, In]) ListedAsOf() int64 { return c.reads.current() }

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
