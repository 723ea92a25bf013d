package engine

import "context"

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
