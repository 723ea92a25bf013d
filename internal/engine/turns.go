package engine

import "context"

// turns are acquired by callers. At most as many callers as the channel holds have a turn at the same time.
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
