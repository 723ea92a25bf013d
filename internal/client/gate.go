package client

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A gate holds back all requests of a client while the service asks for a pause. The pause applies to the service,
// not to a single request.
type gate struct {
	mu    sync.Mutex
	opens time.Time

	throttled time.Time // since when every reply has asked to wait; zero if the last one did not
}

// throttle notes that the service asks to wait, and returns how long every reply has done so.
func (g *gate) throttle() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.throttled.IsZero() {
		g.throttled = time.Now()
	}
	return time.Since(g.throttled)
}

// served notes a reply that does not ask to wait.
func (g *gate) served() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.throttled = time.Time{}
}

// shut keeps the gate shut for at least this duration from now. It adds a random time, so that several programs that
// have to wait don't come back at the same time.
func (g *gate) shut(wait time.Duration) {
	wait += rand.N(min(wait/10, time.Second) + time.Millisecond) //nolint:gosec // jitter needs no secrecy
	g.mu.Lock()
	defer g.mu.Unlock()
	if opens := time.Now().Add(wait); opens.After(g.opens) {
		g.opens = opens
	}
}

// pass waits until the gate is open, and reports whether it was shut.
func (g *gate) pass(ctx context.Context) (waited bool, err error) {
	for {
		g.mu.Lock()
		wait := time.Until(g.opens)
		g.mu.Unlock()
		if wait <= 0 {
			return waited, nil
		}
		waited = true
		if err := sleep(ctx, wait); err != nil {
			return waited, err
		}
	}
}

// sleep waits for the duration. If ctx ends first, it returns the cause.
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
