package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testWindow = 20 * time.Millisecond

// recorder runs batches and remembers them.
type recorder struct {
	takes time.Duration // how long a run takes

	mu      sync.Mutex
	batches [][]int
	most    int // batches that ran at the same time
	running int
	ends    []error // of the context of each batch, at the end of its run
}

// run returns twice each item.
func (r *recorder) run(ctx context.Context, items []int) []int {
	r.mu.Lock()
	r.batches = append(r.batches, slices.Clone(items))
	r.running++
	r.most = max(r.most, r.running)
	r.mu.Unlock()
	time.Sleep(r.takes)
	results := make([]int, len(items))
	for i, item := range items {
		results[i] = 2 * item
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	r.ends = append(r.ends, context.Cause(ctx))
	return results
}

func (r *recorder) sizes() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	sizes := make([]int, len(r.batches))
	for i, batch := range r.batches {
		sizes[i] = len(batch)
	}
	return sizes
}

func wantSizes(t *testing.T, r *recorder, want ...int) {
	t.Helper()
	if diff := cmp.Diff(want, r.sizes()); diff != "" {
		t.Errorf("sizes of the batches (-want +got):\n%s", diff)
	}
}

func TestBatcherLoneItemWaitsForTheWindowOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := New(10, testWindow, r.run)
		begin := time.Now()
		got, err := b.Do(t.Context(), 21)
		if got != 42 || err != nil {
			t.Errorf("Do(21) = %d, %v; want 42", got, err)
		}
		if took, want := time.Since(begin), testWindow+r.takes; took != want {
			t.Errorf("took %s; want %s", took, want)
		}
		wantSizes(t, r, 1)
	})
}

func TestBatcherEachGetsItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := New(100, testWindow, r.run)
		var callers sync.WaitGroup
		for item := range 250 {
			callers.Go(func() {
				got, err := b.Do(t.Context(), item)
				if err != nil || got != 2*item {
					t.Errorf("Do(%d) = %d, %v", item, got, err)
				}
			})
		}
		callers.Wait()
		wantSizes(t, r, 100, 100, 50)
		if r.most != 2 {
			t.Errorf("%d batches ran at once; want the two full ones together, the rest behind them", r.most)
		}
	})
}

func TestBatcherGathersWhileRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := New(100, testWindow, r.run)
		var callers sync.WaitGroup
		do := func(item int) { callers.Go(func() { _, _ = b.Do(t.Context(), item) }) }
		do(0)
		time.Sleep(testWindow + time.Millisecond) // now it runs
		for item := range 30 {
			do(item + 1)
			time.Sleep(30 * time.Millisecond)
		}
		callers.Wait()
		wantSizes(t, r, 1, 30)
	})
}

func TestBatcherWindowBeginsAnewWithEachItem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := New(100, testWindow, r.run)
		var callers sync.WaitGroup
		for item := range 10 {
			callers.Go(func() { _, _ = b.Do(t.Context(), item) })
			time.Sleep(testWindow - time.Millisecond)
		}
		callers.Wait()
		wantSizes(t, r, 10)
	})
}

func TestBatcherCallersComeBackTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := New(100, testWindow, r.run)
		var callers sync.WaitGroup
		for caller := range 10 {
			callers.Go(func() {
				// The first three begin a window earlier than the rest.
				if caller >= 3 {
					time.Sleep(testWindow + time.Millisecond)
				}
				for item := range 5 {
					_, _ = b.Do(t.Context(), item)
				}
			})
		}
		callers.Wait()
		wantSizes(t, r, 3, 10, 10, 10, 10, 7)
	})
}

func TestBatcherDropsWhatIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := New(100, testWindow, r.run)
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if got, err := b.Do(ctx, 1); got != 2 || err != nil {
				t.Errorf("a sent item: %d, %v; want its result", got, err)
			}
		})
		time.Sleep(testWindow + time.Millisecond)
		callers.Go(func() {
			if _, err := b.Do(ctx, 2); !errors.Is(err, stopped) {
				t.Errorf("an item that was not sent: %v; want %v", err, stopped)
			}
		})
		time.Sleep(time.Millisecond)
		cancel(stopped)
		if _, err := b.Do(ctx, 3); !errors.Is(err, stopped) {
			t.Errorf("an item of a caller who had given up before: %v; want %v", err, stopped)
		}
		callers.Wait()
		wantSizes(t, r, 1)
		if !errors.Is(r.ends[0], stopped) {
			t.Errorf("the run's context: %v; want %v, as its only caller has", r.ends[0], stopped)
		}
	})
}

func TestBatcherRunsOnForThePatient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := New(100, testWindow, r.run)
		impatient, cancel := context.WithTimeout(t.Context(), testWindow+time.Millisecond)
		defer cancel()
		var callers sync.WaitGroup
		callers.Go(func() { _, _ = b.Do(impatient, 1) })
		callers.Go(func() {
			if got, err := b.Do(t.Context(), 2); got != 4 || err != nil {
				t.Errorf("Do(2) = %d, %v", got, err)
			}
		})
		callers.Wait()
		if r.ends[0] != nil {
			t.Errorf("the run's context ended (%v) though one caller waited", r.ends[0])
		}
	})
}

// Callers that arrive at longer intervals than the window share a batch, once a few of them have arrived during the
// run of another batch.
func TestBatcherSlowCallersShareABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: 5 * testWindow}
		b := New(100, testWindow, r.run)
		var callers sync.WaitGroup
		for item := range 12 {
			callers.Go(func() { _, _ = b.Do(t.Context(), item) })
			time.Sleep(3 * testWindow)
		}
		callers.Wait()
		wantSizes(t, r, 1, 11)
	})
}
