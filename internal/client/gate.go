package client

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A gate keeps all requests of a client back while the service asks for a pause:
// how long to wait is a fact about the service, not about one request.
type gate struct {
	mu    sync.Mutex
	opens time.Time

	throttled time.Time // when the service began to ask all to wait; zero: it doesn't
}

// refused notes that the service asks to wait, and returns for how long it has done
// nothing else.
func (g *gate) refused() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.throttled.IsZero() {
		g.throttled = time.Now()
	}
	return time.Since(g.throttled)
}

// served notes that the service does something else than to ask to wait.
func (g *gate) served() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.throttled = time.Time{}
}

// shut keeps the gate shut for at least so long from now, and a little longer, so that
// different programs that were sent away together don't come back together.
func (g *gate) shut(wait time.Duration) {
	wait += rand.N(min(wait/10, time.Second) + time.Millisecond) //nolint:gosec // jitter needs no secrecy
	g.mu.Lock()
	defer g.mu.Unlock()
	if opens := time.Now().Add(wait); opens.After(g.opens) {
		g.opens = opens
	}
}

// pass waits until the gate is open.
func (g *gate) pass(ctx context.Context) error {
	for {
		g.mu.Lock()
		wait := time.Until(g.opens)
		g.mu.Unlock()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// sleep waits, but no longer than ctx.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
