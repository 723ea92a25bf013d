package mockserver

import (
	"sync"
	"time"
)

// lateCommits are requests that are carried out later, after their answer or without one.
type lateCommits struct {
	mu      sync.Mutex
	pending []*lateCommit
	waiting []chan struct{} // closed when no request is pending any more
}

type lateCommit struct{ timer *time.Timer }

// after calls carryOut when the time has passed. It uses a timer, so that a test may end before: a synctest bubble does
// not end before its goroutines.
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

// forget removes a request that was carried out or cancelled. The caller holds mu.
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

// PendingCommits returns the number of requests that a [CommitLater] has hit and that are not carried out yet.
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
