package engine

import (
	"context"
	"maps"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// ReadMany returns those of the records that exist, as FetchMany does. It is for callers
// of whom it is not known how many will follow, such as Terraform's refresh: they share a
// list with each other and with those of [Collection.Read].
//
// A *BehindError says that the space shows less than its user has seen of it.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) ReadMany(ctx context.Context, ids []client.ID) (map[client.ID]T, error) {
	open, done := c.reads.split(ids)
	f := newFetching(c.reads, open)
	if err := f.run(ctx); err != nil || len(done) == 0 {
		return f.found, err
	}
	again, err := c.FetchMany(ctx, done, NoFloor)
	maps.Copy(f.found, again)
	return f.found, err
}

// Read returns one record, as Get does. It is for callers who come one by one, as those
// of ReadMany.
//
// It balances gets and pages, as in the ski-rental problem. It lists one page, then gets
// what the page lacks until that has cost as much as listing all would. Then it lists
// all, and answers the rest from the list. So n reads of existing records in a space of
// t cost at most 2·min(n, ⌈t/100⌉)+2 requests.
//
// A *BehindError says that the space shows less than its user has seen of it.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) Read(ctx context.Context, id client.ID) (record T, err error) {
	list := c.reads
	if _, done := list.split([]client.ID{id}); len(done) > 0 {
		list = newListing(c, NoFloor)
		list.closed = true
	}
	f := newFetching(list, []client.ID{id})
	if err := f.run(ctx); err != nil {
		return record, err
	}
	if record, found := f.found[id]; found {
		return record, nil
	}
	return record, f.gone
}

// ListedAsOf returns the revision of the space as of which Read and ReadMany answer from
// their list, [NoFloor] while they don't.
func (c *Collection[T, In]) ListedAsOf() int64 { return c.reads.current() }
