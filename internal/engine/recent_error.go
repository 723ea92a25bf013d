package engine

import (
	"sync/atomic"
	"time"
)

// A RecentError is valid for a moment after it was noted. Callers who come in that time return it too: the request
// was tried as often as they would try it, and hundreds of callers don't wait for it one after another. The zero
// value contains no error.
type RecentError struct{ last atomic.Pointer[notedError] }

type notedError struct {
	error

	at time.Time
}

// Note notes an error.
func (r *RecentError) Note(err error) { r.last.Store(&notedError{err, time.Now()}) }

// Err returns the error that was noted, or nil if that was not a moment ago.
func (r *RecentError) Err() error {
	if last := r.last.Load(); last != nil && time.Since(last.at) < fresh {
		return last.error
	}
	return nil
}
