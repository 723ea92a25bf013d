package engine

import (
	"context"
	"log/slog"
	"sync"
)

// unsupported are the capabilities that the service refuses or silently ignores.
type unsupported struct {
	log *slog.Logger

	mu  sync.Mutex
	set map[string]bool
}

const (
	revisionFilter = "filter on revision"
	revisionOrder  = "order by revision"
	revisionSort   = "order-by with revision" // refused, not only ignored
	idFilter       = "filter on id"
	getParameters  = "parameters of a get"
)

func (u *unsupported) has(capability string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.set[capability]
}

// add notes a capability, and logs it the first time.
func (u *unsupported) add(ctx context.Context, capability string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.set[capability] {
		return
	}
	u.set[capability] = true
	u.log.DebugContext(ctx, "the Pipeliner API lacks a capability; going on without it", "capability", capability)
}

// orderBy returns the order of a list by revision. It returns no order if the service refuses that.
func (u *unsupported) orderBy(order string) []string {
	if u.has(revisionSort) {
		return nil
	}
	return []string{order}
}
