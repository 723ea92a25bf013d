package engine

import (
	"context"
	"time"
)

// intervals are the growing pauses of a loop that looks again until its patience ends.
type intervals struct {
	next     time.Duration
	deadline time.Time
}

// firstInterval is the pause after the first look. Each further pause is twice as long as
// the one before.
const firstInterval = time.Second

func newIntervals(patience time.Duration) *intervals {
	return &intervals{firstInterval, time.Now().Add(patience)}
}

// areOver reports whether the patience has ended.
func (i *intervals) areOver() bool { return time.Until(i.deadline) <= 0 }

// wait waits for the next look. It returns false if the patience or ctx has ended.
func (i *intervals) wait(ctx context.Context) bool {
	pause := min(i.next, time.Until(i.deadline))
	i.next *= 2
	if pause <= 0 {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

// waitOut waits until the patience ends or givenUp is closed.
func (i *intervals) waitOut(givenUp <-chan struct{}) {
	select {
	case <-time.After(time.Until(i.deadline)):
	case <-givenUp:
	}
}
