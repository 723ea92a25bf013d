package engine

import (
	"context"
	"log/slog"
	"sync"
)

// refusals are the capabilities that the service refuses or silently ignores.
type refusals struct {
	log *slog.Logger

	mu  sync.Mutex
	set map[string]bool
}

const (
	revisionFilter = "filter on revision"
	revisionOrder  = "order by revision"
	idFilter       = "filter on id"
	getParameters  = "parameters of a get"
)

func (r *refusals) has(capability string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.set[capability]
}

// narrows reports whether a list of what is newer than a revision can be shorter than a
// list of everything. It can't if the service neither filters nor orders by revision.
func (r *refusals) narrows() bool { return !r.has(revisionFilter) || !r.has(revisionOrder) }

// add records a refusal, and logs it the first time.
func (r *refusals) add(ctx context.Context, capability string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set[capability] {
		return
	}
	r.set[capability] = true
	r.log.DebugContext(ctx, "the Pipeliner API lacks a capability; going on without it", "capability", capability)
}
