package engine

import (
	"context"
	"maps"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// CreateOrUpdateEach calls [Collection.CreateOrUpdate] for each of several records at the same time.
// The results are in the order of the changes.
//
// POST /entities/{entity}/batch-modify
func (c *Collection[T, In]) CreateOrUpdateEach(ctx context.Context, changes []Change[In], validationLevel int64) []Result[T] {
	results := make([]Result[T], len(changes))
	each(len(changes), func(i int) { results[i] = c.CreateOrUpdate(ctx, changes[i], validationLevel) })
	return results
}

// DeleteEach calls [Collection.Delete] for each of several records at the same time. The errors are in
// the order of the ids.
//
// POST /entities/{entity}/batch-delete
func (c *Collection[T, In]) DeleteEach(ctx context.Context, ids []client.ID, validationLevel int64) []error {
	errs := make([]error, len(ids))
	each(len(ids), func(i int) { errs[i] = c.Delete(ctx, ids[i], validationLevel) })
	return errs
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

// each does something for each index below n at the same time.
func each(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}
