package client

import (
	"context"
	"errors"
	"time"
)

// errGrace ends work that goes on after an interrupt.
var errGrace = errors.New("not finished within request_timeout after an interrupt")

// A lasting is the context of work that must be finished once it has begun. It outlives
// the context that it was made from by a grace period.
type lasting struct{ context.Context } //nolint:containedctx // it is one

type lastingKey struct{}

// Value returns the lasting context itself for its key, so that [LastingOf] returns the
// same one for every context that is derived from it.
func (l lasting) Value(key any) any {
	if key == (lastingKey{}) {
		return l
	}
	return l.Context.Value(key)
}

// WithLasting returns a copy of ctx whose [LastingOf] outlives it by grace. That is one
// deadline for all work that goes on, however many requests it makes. If ctx already has
// a lasting context, WithLasting returns ctx.
func WithLasting(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	if _, has := ctx.Value(lastingKey{}).(lasting); has {
		return ctx, func() {}
	}
	long, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if sleep(long, grace) == nil {
			cancel(errGrace)
		}
	})
	return context.WithValue(ctx, lastingKey{}, lasting{long}), func() {
		stop()
		cancel(nil)
	}
}

// LastingOf returns the context for work that must be finished once it has begun.
func LastingOf(ctx context.Context) context.Context {
	if long, has := ctx.Value(lastingKey{}).(lasting); has {
		return long
	}
	return context.WithoutCancel(ctx)
}
