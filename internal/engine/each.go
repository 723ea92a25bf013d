package engine

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// each does something for each index below n at the same time.
func each(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// completeAll completes records concurrently, and returns the error of each.
func (c *Collection[T, In]) completeAll(ctx context.Context, records []T) []error {
	errs := make([]error, len(records))
	c.engine.concurrently(len(records), func(i int) { errs[i] = c.complete(ctx, &records[i]) })
	return errs
}

// concurrently calls do for each index below n, for as many at once as there may be requests.
func (e *Engine) concurrently(n int, do func(i int)) {
	var group errgroup.Group
	group.SetLimit(e.config.MaxConcurrentRequests)
	for i := range n {
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait()
}
