package engine

import (
	"sync"
	"time"
)

// A RecentError holds for a moment after it was noted. Callers who come in that time return it, too: the
// request was tried as often as they would try it, and hundreds of callers don't wait for that one after
// another. Its zero value holds none.
type RecentError struct {
	mu  sync.Mutex
	err error
	at  time.Time
}

// Note notes an error.
func (r *RecentError) Note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err, r.at = err, time.Now()
}

// Err returns the error that was noted, or nil if that was not a moment ago.
func (r *RecentError) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < fresh {
		return r.err
	}
	return nil
}
