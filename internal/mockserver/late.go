package mockserver

import (
	"sync"
	"time"
)

// lateCommits are requests that have their answer, or will never get one, and are carried out later.
type lateCommits struct {
	mu      sync.Mutex
	pending []*lateCommit
	waiting []chan struct{} // closed when nothing is pending any more
}

type lateCommit struct{ timer *time.Timer }

// after carries something out when the time has passed. A timer, unlike a goroutine that sleeps, holds up nobody who
// ends before.
func (l *lateCommits) after(d time.Duration, carryOut func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	commit := &lateCommit{}
	l.pending = append(l.pending, commit)
	commit.timer = time.AfterFunc(d, func() {
		carryOut()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.forget(commit)
	})
}

// forget removes what is carried out or cancelled. The lock must be held.
func (l *lateCommits) forget(done *lateCommit) {
	var left []*lateCommit
	for _, commit := range l.pending {
		if commit != done {
			left = append(left, commit)
		}
	}
	if l.pending = left; len(left) > 0 {
		return
	}
	for _, waiter := range l.waiting {
		close(waiter)
	}
	l.waiting = nil
}

// PendingCommits returns how many requests that a [CommitLater] has hit are not carried out yet.
func (s *Server) PendingCommits() int {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	return len(s.late.pending)
}

// AwaitCommits returns when all requests that a [CommitLater] has hit are carried out or cancelled.
func (s *Server) AwaitCommits() {
	s.late.mu.Lock()
	if len(s.late.pending) == 0 {
		s.late.mu.Unlock()
		return
	}
	done := make(chan struct{})
	s.late.waiting = append(s.late.waiting, done)
	s.late.mu.Unlock()
	<-done
}

// CancelCommits forgets the requests that a [CommitLater] has hit and that are not carried out yet.
func (s *Server) CancelCommits() {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	for _, commit := range s.late.pending {
		if commit.timer.Stop() {
			s.late.forget(commit)
		}
	}
}
