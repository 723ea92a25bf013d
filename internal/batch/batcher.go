// Package batch joins the calls of concurrent callers into batches. It doesn't know what the calls do.
package batch

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Batcher joins the items of concurrent callers into batches (group commit). A full batch leaves at once. Any other
// batch leaves when no batch is running and one of two conditions holds: all callers seen recently wait in it, or no
// item has arrived for some time. That time is five times the longest recent interval between arrivals, at least the
// window and at most longestWait.
//
// So a single item waits only for the window, callers that keep coming back wait only for each other, and slow
// callers share a batch too.
type Batcher[In, Out any] struct {
	size   int
	window time.Duration
	run    func(context.Context, []In) []Out

	mu      sync.Mutex
	waiting []*ticket[In, Out]
	running int         // batches
	riding  int         // items in the running batches
	timer   *time.Timer // runs out when nothing has arrived for long enough

	callers  int           // the most callers seen at once, until some stop calling
	all      bool          // these are known to be all callers
	last     time.Time     // of the last arrival or end of a run
	interval time.Duration // the longest recent interval between arrivals
}

const (
	longestWait      = 500 * time.Millisecond
	quietAsIntervals = 5 // this many intervals without an arrival mean that no item will come
)

// A ticket is one caller's item on its way through a batcher.
type ticket[In, Out any] struct {
	ctx    context.Context //nolint:containedctx // of the waiting caller
	item   In
	result chan Out // holds one, so that delivering it never blocks
}

// New returns a batcher with batches of at most size items. It calls run from several goroutines, each time with one
// to size items. run must return one result for each item, in the same order. Its context ends when every caller of
// the batch has given up.
func New[In, Out any](size int, window time.Duration, run func(context.Context, []In) []Out) *Batcher[In, Out] {
	return &Batcher[In, Out]{size: max(size, 1), window: window, run: run}
}

// Do runs the item in a batch and returns its own result. If ctx ends before the batch
// runs, Do drops the item and returns the cause of ctx. If ctx ends later, Do still waits
// for the result, so that it is not lost. There is no other error.
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

// learn notes an arrival. It forgets long intervals gradually, and ignores intervals that no batch would wait for.
// The caller holds mu.
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

// withdraw takes t out of the queue. It returns false if the batch of t has left.
func (b *Batcher[In, Out]) withdraw(t *ticket[In, Out]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, t)
	if i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	return i >= 0
}

// longest returns the longest time that a batch waits for another item.
func (b *Batcher[In, Out]) longest() time.Duration {
	if b.window == 0 {
		return 0
	}
	return max(b.window, longestWait)
}

// awaitQuiet restarts the wait until nothing has arrived for long enough. The caller holds mu.
func (b *Batcher[In, Out]) awaitQuiet() {
	if b.timer != nil {
		b.timer.Stop()
	}
	wait := min(max(b.window, quietAsIntervals*b.interval), b.longest())
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.timer == timer && b.running == 0 { // otherwise something has happened since
			b.callers, b.all = len(b.waiting), false
			b.dispatch()
		}
	})
	b.timer = timer
}

// dispatch runs the waiting items as one batch. The caller holds mu.
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

// finish notes the end of a run. The caller holds mu.
func (b *Batcher[In, Out]) finish(size int) {
	b.last = time.Now()
	b.running--
	b.riding -= size
	// Any other caller would have come during the run.
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

// untilAllGiveUp returns a context with the values of the first caller's context. It ends
// when the contexts of all callers have ended.
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
