package mockserver

import (
	"sync"
	"time"
)

// lateCommits are requests that are carried out later, after their answer or without one.
type lateCommits struct {
	mu      sync.Mutex
	pending map[*time.Timer]bool
	fewer   *sync.Cond // on mu: fewer requests are pending
}

func newLateCommits() *lateCommits {
	l := &lateCommits{pending: map[*time.Timer]bool{}}
	l.fewer = sync.NewCond(&l.mu)
	return l
}

// after calls carryOut when the time has passed. It uses a timer and no goroutine, because a synctest bubble waits for its
// goroutines, and a test may end earlier.
func (l *lateCommits) after(d time.Duration, carryOut func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		carryOut()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.forget(timer)
	})
	l.pending[timer] = true
}

// forget removes a request that was carried out or cancelled. The caller holds mu.
func (l *lateCommits) forget(done *time.Timer) {
	delete(l.pending, done)
	l.fewer.Broadcast()
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
	defer s.late.mu.Unlock()
	for len(s.late.pending) > 0 {
		s.late.fewer.Wait()
	}
}

// CancelCommits forgets the requests that a [CommitLater] has hit and that are not carried out yet.
func (s *Server) CancelCommits() {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	for timer := range s.late.pending {
		if timer.Stop() {
			s.late.forget(timer)
		}
	}
}
