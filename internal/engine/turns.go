package engine

import "context"

// turns are what callers acquire one by one: at most as many at once as the channel holds.
type turns chan struct{}

// acquire waits for a turn. If ctx ends first, it returns the cause.
func (t turns) acquire(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turns) release() { <-t }
