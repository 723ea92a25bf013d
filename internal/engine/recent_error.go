package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// fresh is how long the newest record counts as known, and how long a [RecentError] is valid. Records that other
// users write after the moment may look like the result of a lost create.
const fresh = 5 * time.Second

// A RecentError is valid for a moment after it was noted. Callers who come in that time return it too: the request
// was tried as often as they would try it, and hundreds of callers don't wait for it one after another. The zero
// value contains no error.
type RecentError struct{ last atomic.Pointer[notedError] }

type notedError struct {
	error

	at time.Time
}

// note notes an error.
func (r *RecentError) note(err error) { r.last.Store(&notedError{err, time.Now()}) }

// err returns the error that was noted, or nil if that was not a moment ago.
func (r *RecentError) err() error {
	if last := r.last.Load(); last != nil && time.Since(last.at) < fresh {
		return last.error
	}
	return nil
}

// Try calls ask, and notes its error if it counts. Within a moment after such an error, Try returns that error instead.
// An error does not count for other callers if ctx has ended.
func (r *RecentError) Try(ctx context.Context, ask func() error, counts func(error) bool) error {
	if err := r.err(); err != nil {
		return err
	}
	err := ask()
	if err != nil && ctx.Err() == nil && counts(err) {
		r.note(err)
	}
	return err
}
