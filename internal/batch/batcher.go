// Package batch joins the single calls of concurrent callers into batches. It knows
// nothing of what they do.
package batch

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Batcher joins the single items of concurrent callers into batches (group
// commit). A batch leaves when it is full. Otherwise it leaves when no other batch is
// running and either all callers seen of late wait in it, or nothing has arrived for five
// times the longest interval seen of late, at least the window and at most longestWait.
//
// So a lone item waits for the window only, callers who come back again and again wait
// for each other and for nothing else, and slow callers share a batch too.
type Batcher[In, Out any] struct {
	size   int
	window time.Duration
	run    func(context.Context, []In) []Out

	mu      sync.Mutex
	waiting []*ticket[In, Out]
	running int         // batches
	riding  int         // items in the running batches
	timer   *time.Timer // runs out when nothing has arrived for long enough

	callers  int           // as many as have been seen at once, until some stay away
	all      bool          // whether that is known to be all of them
	last     time.Time     // of the last arrival or end of a run
	interval time.Duration // the longest of late between arrivals
}

const (
	longestWait      = 500 * time.Millisecond
	quietAsIntervals = 5 // so many intervals without an arrival mean that nobody comes
)

// A ticket is one caller's item on its way through a batcher.
type ticket[In, Out any] struct {
	ctx    context.Context //nolint:containedctx // of the caller who waits
	item   In
	result chan Out // holds one, so that no one waits to deliver it
}

// New makes a batcher of at most size items a batch. run is called from
// several goroutines, never with more than size items or none, and must return
// one result for each item, in their order. Its context ends when every caller
// of the batch has given up.
func New[In, Out any](size int, window time.Duration, run func(context.Context, []In) []Out) *Batcher[In, Out] {
	return &Batcher[In, Out]{size: max(size, 1), window: window, run: run}
}

// Do runs the item in some batch and returns its own result. When ctx ends
// before the batch is run, the item is dropped and the error is the context's;
// later, the result is awaited, so that it is not lost. There is no other error.
func (b *Batcher[In, Out]) Do(ctx context.Context, item In) (Out, error) {
	t := &ticket[In, Out]{ctx: ctx, item: item, result: make(chan Out, 1)}
	if err := b.enqueue(t); err != nil {
		return *new(Out), err
	}
	select {
	case result := <-t.result:
		return result, nil
	case <-ctx.Done():
	}
	if b.withdraw(t) {
		return *new(Out), context.Cause(ctx)
	}
	return <-t.result, nil
}

func (b *Batcher[In, Out]) enqueue(t *ticket[In, Out]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := context.Cause(t.ctx); err != nil {
		return err
	}
	b.waiting = append(b.waiting, t)
	b.learn()
	switch {
	case len(b.waiting) >= b.size:
		b.dispatch()
	case b.running > 0:
	case b.all && len(b.waiting) >= b.callers:
		b.dispatch()
	default:
		b.awaitQuiet()
	}
	return nil
}

// learn takes note of an arrival. Long intervals are forgotten little by
// little; those that no batch would wait for don't count. mu is held.
func (b *Batcher[In, Out]) learn() {
	if together := len(b.waiting) + b.riding; together > b.callers {
		b.callers, b.all = together, false
	}
	now := time.Now()
	if interval := now.Sub(b.last); interval <= b.longest() {
		b.interval = max(interval, b.interval*15/16)
	}
	b.last = now
}

// withdraw takes t out of the queue, unless it is on its way already.
func (b *Batcher[In, Out]) withdraw(t *ticket[In, Out]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.waiting {
		if other == t {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// longest is how long a batch waits at most for another item.
func (b *Batcher[In, Out]) longest() time.Duration {
	if b.window == 0 {
		return 0
	}
	return max(b.window, longestWait)
}

// awaitQuiet begins anew to wait until nothing has arrived for long enough. mu is held.
func (b *Batcher[In, Out]) awaitQuiet() {
	if b.timer != nil {
		b.timer.Stop()
	}
	wait := min(max(b.window, quietAsIntervals*b.interval), b.longest())
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.timer == timer && b.running == 0 { // else something has happened since
			b.callers, b.all = len(b.waiting), false
			b.dispatch()
		}
	})
	b.timer = timer
}

// dispatch runs what waits as one batch. mu is held.
func (b *Batcher[In, Out]) dispatch() {
	b.timer = nil
	if len(b.waiting) == 0 {
		return
	}
	batch := b.waiting
	b.waiting = nil
	b.running++
	b.riding += len(batch)
	go func() {
		b.runBatch(batch)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.finish(len(batch))
	}()
}

// finish takes note of the end of a run. mu is held.
func (b *Batcher[In, Out]) finish(size int) {
	b.last = time.Now()
	b.running--
	b.riding -= size
	// Had there been others, they would have come meanwhile.
	b.all = size == b.callers
	if b.running == 0 && len(b.waiting) > 0 {
		b.awaitQuiet()
	}
}

func (b *Batcher[In, Out]) runBatch(batch []*ticket[In, Out]) {
	ctx, cancel := untilAllGiveUp(batch)
	defer cancel()
	items := make([]In, len(batch))
	for i, t := range batch {
		items[i] = t.item
	}
	results := b.run(ctx, items)
	for i, t := range batch {
		t.result <- results[i]
	}
}

// untilAllGiveUp returns a context with the values of the first caller's, that
// ends when the last of the callers' has ended.
func untilAllGiveUp[In, Out any](batch []*ticket[In, Out]) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(batch[0].ctx))
	var patient atomic.Int64
	patient.Store(int64(len(batch)))
	stops := make([]func() bool, len(batch))
	for i, t := range batch {
		stops[i] = context.AfterFunc(t.ctx, func() {
			if patient.Add(-1) == 0 {
				cancel(context.Cause(t.ctx))
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel(nil)
	}
}
