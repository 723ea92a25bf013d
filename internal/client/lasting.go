package client

import (
	"context"
	"errors"
	"time"
)

// errGrace ends work that continues after an interrupt.
var errGrace = errors.New("not finished within request_timeout after an interrupt")

// lastingKey is the key of the context for work that must be finished once it has begun. That context outlives the
// one that contains it by a grace period.
type lastingKey struct{}

// WithLasting returns a copy of ctx whose [LastingOf] outlives it by grace. All work that continues shares that one
// deadline, however many requests it makes. If ctx already has a lasting context, WithLasting returns ctx.
func WithLasting(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	if ctx.Value(lastingKey{}) != nil {
		return ctx, func() {}
	}
	long, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if sleep(long, grace) == nil {
			cancel(errGrace)
		}
	})
	return context.WithValue(ctx, lastingKey{}, long), func() {
		stop()
		cancel(nil)
	}
}

// LastingOf returns the context for work that must be finished once it has begun.
func LastingOf(ctx context.Context) context.Context {
	if long, has := ctx.Value(lastingKey{}).(context.Context); has {
		return context.WithValue(long, lastingKey{}, long) // derived work has the same deadline
	}
	return context.WithoutCancel(ctx)
}
