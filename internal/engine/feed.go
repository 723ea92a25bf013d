package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A feed knows which records of an entity have changed since some revision of
// the space, and how: one request for what is newer than it knows brings it up to
// date, however many records there are. So many updates are held against what
// the CRM has in one request, without a get for each.
type feed[T any] struct {
	turn    chan struct{} // held by who uses the feed; holds one
	base    int64         // it knows what has changed since; [NoFloor] for nothing yet
	upTo    int64         // it knows what has changed until
	changed map[client.ID]T
}

func newFeed[T any]() *feed[T] {
	return &feed[T]{turn: make(chan struct{}, 1), base: NoFloor, upTo: NoFloor, changed: map[client.ID]T{}}
}

func (m *feed[T]) lock(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (m *feed[T]) unlock() { <-m.turn }

// begin sets where the feed begins: at the newest as-of of those that it is given
// before it is first brought up to date.
func (m *feed[T]) begin(asOf int64) {
	if m.base == m.upTo && len(m.changed) == 0 && asOf > m.base {
		m.base, m.upTo = asOf, asOf
	}
}

// covers reports whether the feed knows what has changed since the revision.
func (m *feed[T]) covers(asOf int64) bool { return asOf > NoFloor && asOf >= m.base }

// overlap is how many revisions a feed looks back each time: changes that are
// carried out side by side need not become visible in the order of their
// revisions.
const overlap = 50

// mostRounds is how often a feed is brought up to date at once, in a space in
// which much changes meanwhile.
const mostRounds = 3

// catchUp brings the feed up to date. It reports false where that takes more than so
// many pages at a time.
func (c *Collection[T, In]) catchUp(ctx context.Context, pages int) (bool, error) {
	for range mostRounds {
		more, err := c.feedMore(ctx, pages)
		if more == 0 || err != nil {
			return err == nil, err
		}
		if more > pages {
			return false, nil
		}
		// What changed while there was more than one page has moved in front of
		// the first one: it is newer than that.
	}
	return false, nil
}

// feedMore lists what is newer than the feed knows. It returns how many pages there are
// behind the first; with more than most, the feed has learned nothing.
func (c *Collection[T, In]) feedMore(ctx context.Context, most int) (more int, err error) {
	m := c.feed
	query := c.query
	query.IncludeDeleted = true
	top, read, floor := NoFloor, 0, max(m.upTo-overlap, 0)
	for page, err := range c.entity.newerThan(ctx, floor, query) {
		if err != nil {
			return 0, err
		}
		if read == 0 {
			observePage(&c.engine.seen, page)
			top = max(m.upTo, newest(page.Records))
		} else {
			more++
		}
		for _, record := range page.Records {
			known, found := m.changed[record.Meta().ID]
			if record.Meta().Revision > floor && (!found || record.Meta().Revision > known.Meta().Revision) {
				*c.asOf(&record) = top
				m.changed[record.Meta().ID] = record
			}
		}
		read += len(page.Records)
		left := (page.Total - read + client.MaxPageSize - 1) / client.MaxPageSize
		if more+left > most && !noneNewerFollow(page, floor) {
			return more + left, nil
		}
	}
	m.upTo = top
	return more, nil
}
