package client

import (
	"context"
	"errors"
	"time"
)

// errGrace ends what runs on after an interrupt.
var errGrace = errors.New("not finished within request_timeout after an interrupt")

// A lasting context is that of what must be finished once it is begun. It outlives
// the context that it was made from by a grace period, and no longer.
type lasting struct{ context.Context } //nolint:containedctx // it is one

type lastingKey struct{}

// Value makes the lasting context its own, so that [LastingOf] is the same for
// whatever is derived from it.
func (l lasting) Value(key any) any {
	if key == (lastingKey{}) {
		return l
	}
	return l.Context.Value(key)
}

// WithLasting returns a copy of ctx for which [LastingOf] outlives it by grace: one
// deadline for all that runs on, however many requests and looks that is.
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

// LastingOf returns the context of what must be finished once it is begun.
func LastingOf(ctx context.Context) context.Context {
	if long, has := ctx.Value(lastingKey{}).(lasting); has {
		return long
	}
	return context.WithoutCancel(ctx)
}
