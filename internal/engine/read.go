package engine

import (
	"context"
	"maps"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// ReadMany returns those of the records that exist, as FetchMany does. Use it if you don't
// know how many reads will follow, as in Terraform's refresh: all calls of ReadMany share one
// list.
//
// It balances gets and pages, as in the ski-rental problem. It lists one page, then gets
// the records that the page lacks until these gets have cost as much as listing everything.
// Then it lists everything, and answers the rest from the list. So n reads of existing
// records in a space of t records cost at most 2·min(n, ⌈t/100⌉)+2 requests.
//
// A *BehindError says that the space shows less than its user has seen of it.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) ReadMany(ctx context.Context, ids []client.ID) (map[client.ID]T, error) {
	open, done := c.reads.split(ids)
	f := newFetching(c.reads, open)
	if err := f.run(ctx); err != nil {
		return f.found, err
	}
	if c.reads.finish(open); len(done) == 0 {
		return f.found, nil
	}
	again, err := c.FetchMany(ctx, done, NoFloor)
	maps.Copy(f.found, again)
	return f.found, err
}

// ReadEach calls [Collection.ReadMany] for each of several records at the same time, as if each had a
// caller of its own. It returns those that exist.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) ReadEach(ctx context.Context, ids []client.ID) (map[client.ID]T, error) {
	records, errs := make([]map[client.ID]T, len(ids)), make([]error, len(ids))
	each(len(ids), func(i int) { records[i], errs[i] = c.ReadMany(ctx, ids[i:i+1]) })
	found := make(map[client.ID]T, len(ids))
	for i, err := range errs {
		if err != nil {
			return nil, err
		}
		maps.Copy(found, records[i])
	}
	return found, nil
}

// ListedAsOf returns the as-of of all that ReadMany has returned: that of the list that its
// callers share. It is [NoFloor] if there is no list.
func (c *Collection[T, In]) ListedAsOf() int64 {
	c.reads.mu.Lock()
	defer c.reads.mu.Unlock()
	return c.reads.asOf
}
