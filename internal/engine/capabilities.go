package engine

import "sync"

// refusals are the things that the service has been found to refuse.
type refusals struct {
	mu  sync.Mutex
	set map[string]bool
}

const (
	revisionFilter = "filter on revision"
	getParameters  = "parameters of a get"
)

func (r *refusals) has(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.set[what]
}

func (r *refusals) add(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set == nil {
		r.set = map[string]bool{}
	}
	r.set[what] = true
}
