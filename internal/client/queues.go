package client

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// queues are the batchers of one operation: one for each validation level, which
// belongs to the request as a whole.
type queues[In, Out any] struct {
	run func(context.Context, []In, WriteOptions) []Result[Out]

	mu       sync.Mutex
	batchers map[int64]*Batcher[In, Out]
	closed   bool
}

// at returns the batcher of a validation level, made when first needed. Its
// batches roll back only what failed: a bad neighbour sinks nobody.
func (q *queues[In, Out]) at(c *Client, level int64) *Batcher[In, Out] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b := q.batchers[level]; b != nil {
		return b
	}
	options := WriteOptions{ValidationLevel: level, RollbackMethod: rollbackFailed}
	b := NewBatcher(c.config.BatchSize, c.config.BatchWindow, func(ctx context.Context, items []In) []Result[Out] {
		return q.run(ctx, items, options)
	})
	if q.batchers == nil {
		q.batchers = map[int64]*Batcher[In, Out]{}
	}
	q.batchers[level] = b
	b.closed = q.closed
	return b
}

func (q *queues[In, Out]) close() {
	q.mu.Lock()
	q.closed = true
	batchers := slices.Collect(maps.Values(q.batchers))
	q.mu.Unlock()
	for _, b := range batchers {
		b.Close()
	}
}
