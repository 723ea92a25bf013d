package client

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is what a closed [Batcher] answers.
var ErrClosed = errors.New("the client is closed")

// A Batcher joins the single items of concurrent callers into batches (group
// commit). A batch is run when it is full, or when no other batch is being run
// and a short window has passed in which nothing more arrived; what arrives
// while a batch is run forms the next one. So the longer a run takes, the
// fuller the batches, and a lone item waits for the window only.
type Batcher[In, Out any] struct {
	size   int
	window time.Duration
	run    func(context.Context, []In) []Result[Out]

	mu      sync.Mutex
	waiting []*ticket[In, Out]
	running int
	timer   *time.Timer // runs out when the window has passed; nil: not set
	closed  bool
	done    sync.WaitGroup // one for each running batch
}

// A ticket is one caller's item on its way through a batcher.
type ticket[In, Out any] struct {
	ctx    context.Context //nolint:containedctx // of the caller who waits
	item   In
	result chan Result[Out] // holds one, so that no one waits to deliver it
}

// NewBatcher makes a batcher of at most size items a batch. run is called from
// several goroutines, never with more than size items or none, and must return
// one result for each item, in their order. Its context ends when every caller
// of the batch has given up.
func NewBatcher[In, Out any](size int, window time.Duration, run func(context.Context, []In) []Result[Out]) *Batcher[In, Out] {
	return &Batcher[In, Out]{size: max(size, 1), window: window, run: run}
}

// Do runs the item in some batch and returns its own result. When ctx ends
// before the batch is run, the item is dropped and the error is the context's;
// later, the result is awaited, so that it is not lost.
func (b *Batcher[In, Out]) Do(ctx context.Context, item In) (Out, error) {
	t := &ticket[In, Out]{ctx: ctx, item: item, result: make(chan Result[Out], 1)}
	if err := b.enqueue(t); err != nil {
		return *new(Out), err
	}
	select {
	case result := <-t.result:
		return result.Value, result.Err
	case <-ctx.Done():
	}
	if b.withdraw(t) {
		return *new(Out), context.Cause(ctx)
	}
	result := <-t.result
	return result.Value, result.Err
}

// Close runs what waits, waits for what runs, and takes no more.
func (b *Batcher[In, Out]) Close() {
	b.mu.Lock()
	b.closed = true
	b.dispatch()
	b.mu.Unlock()
	b.done.Wait()
}

func (b *Batcher[In, Out]) enqueue(t *ticket[In, Out]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	if err := context.Cause(t.ctx); err != nil {
		return err
	}
	b.waiting = append(b.waiting, t)
	switch {
	case len(b.waiting) >= b.size:
		b.dispatch()
	case b.running == 0:
		b.openWindow()
	}
	return nil
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

// openWindow begins the window anew. The caller holds mu.
func (b *Batcher[In, Out]) openWindow() {
	if b.timer != nil {
		b.timer.Stop()
	}
	var timer *time.Timer
	timer = time.AfterFunc(b.window, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.timer == timer && b.running == 0 { // else another window has begun since
			b.dispatch()
		}
	})
	b.timer = timer
}

// dispatch runs what waits as one batch. The caller holds mu.
func (b *Batcher[In, Out]) dispatch() {
	b.timer = nil
	if len(b.waiting) == 0 {
		return
	}
	batch := b.waiting
	b.waiting = nil
	b.running++
	b.done.Go(func() {
		b.runBatch(batch)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.running--
		if b.running == 0 && len(b.waiting) > 0 {
			// The callers just served often come back at once.
			b.openWindow()
		}
	})
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
