package engine

import (
	"context"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/batch"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// queues are the batchers of one operation: one for each validation level, which
// belongs to the request as a whole.
type queues[In, Out any] struct {
	run func(context.Context, []In, client.WriteOptions) []Out

	mu       sync.Mutex
	batchers map[int64]*batch.Batcher[In, Out]
}

// at returns the batcher of a validation level, made when first needed. Its
// batches roll back only what failed: a bad neighbour sinks nobody.
func (q *queues[In, Out]) at(e *Engine, level int64) *batch.Batcher[In, Out] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b := q.batchers[level]; b != nil {
		return b
	}
	options := client.WriteOptions{ValidationLevel: level, RollbackMethod: client.RollbackFailed}
	b := batch.New(e.settings.BatchSize, e.settings.BatchWindow, func(ctx context.Context, items []In) []Out {
		return q.run(ctx, items, options)
	})
	if q.batchers == nil {
		q.batchers = map[int64]*batch.Batcher[In, Out]{}
	}
	q.batchers[level] = b
	return b
}
