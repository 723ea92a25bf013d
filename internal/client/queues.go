package client

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// queues are the batchers of a client: one for each operation and validation
// level, since both belong to the request as a whole.
type queues struct {
	mu      sync.Mutex
	writes  map[int64]*Batcher[ConversationInput, Conversation]
	removes map[int64]*Batcher[ID, struct{}]
	closed  bool
}

func (q *queues) write(c *Client, level int64) *Batcher[ConversationInput, Conversation] {
	return queue(q, &q.writes, c, level, c.write)
}

func (q *queues) remove(c *Client, level int64) *Batcher[ID, struct{}] {
	return queue(q, &q.removes, c, level, c.removeConversations)
}

// queue returns the batcher of a validation level, made when first needed.
// Its batches roll back only what failed: a bad neighbour sinks nobody.
func queue[In, Out any](
	q *queues, batchers *map[int64]*Batcher[In, Out], c *Client, level int64,
	run func(context.Context, []In, WriteOptions) []Result[Out],
) *Batcher[In, Out] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b := (*batchers)[level]; b != nil {
		return b
	}
	options := WriteOptions{ValidationLevel: level, RollbackMethod: rollbackFailed}
	b := NewBatcher(c.config.BatchSize, c.config.BatchWindow, func(ctx context.Context, items []In) []Result[Out] {
		return run(ctx, items, options)
	})
	if *batchers == nil {
		*batchers = map[int64]*Batcher[In, Out]{}
	}
	(*batchers)[level] = b
	b.closed = q.closed
	return b
}

func (q *queues) close() {
	q.mu.Lock()
	q.closed = true
	writes, removes := slices.Collect(maps.Values(q.writes)), slices.Collect(maps.Values(q.removes))
	q.mu.Unlock()
	for _, b := range writes {
		b.Close()
	}
	for _, b := range removes {
		b.Close()
	}
}
