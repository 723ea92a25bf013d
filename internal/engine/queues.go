package engine

import (
	"context"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/batch"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// queues are the batchers of one operation. Each validation level has its own, because
// the level applies to a whole request.
type queues[In, Out any] struct {
	settings Settings
	run      func(context.Context, []In, client.WriteOptions) []Out

	mu       sync.Mutex
	batchers map[int64]*batch.Batcher[In, Out]
}

func newQueues[In, Out any](settings Settings, run func(context.Context, []In, client.WriteOptions) []Out) *queues[In, Out] {
	return &queues[In, Out]{settings: settings, run: run, batchers: map[int64]*batch.Batcher[In, Out]{}}
}

// at returns the batcher of a validation level. Its batches roll back only the items that failed, so that a bad item
// does not make the rest fail.
func (q *queues[In, Out]) at(level int64) *batch.Batcher[In, Out] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b := q.batchers[level]; b != nil {
		return b
	}
	options := client.WriteOptions{ValidationLevel: level, RollbackMethod: client.RollbackFailed}
	b := batch.New(q.settings.BatchSize, q.settings.BatchWindow, func(ctx context.Context, items []In) []Out {
		return q.run(ctx, items, options)
	})
	q.batchers[level] = b
	return b
}
