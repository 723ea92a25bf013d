package engine

import (
	"context"
	"sync"
	"sync/atomic"

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
	return c.engine.readEach(len(records), func(i int) error { return c.complete(ctx, &records[i]) })
}

// readEach calls read for each index below n concurrently, and returns its errors. If a read says that the service is
// down, the reads that have not begun get the same error.
func (e *Engine) readEach(n int, read func(i int) error) []error {
	errs := make([]error, n)
	var down atomic.Pointer[error]
	e.concurrently(n, func(i int) {
		if err := down.Load(); err != nil {
			errs[i] = *err
		} else if errs[i] = read(i); isOfService(errs[i]) {
			down.Store(&errs[i])
		}
	})
	return errs
}

// concurrently calls do for each index below n. It runs as many calls at once as there may be requests.
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
