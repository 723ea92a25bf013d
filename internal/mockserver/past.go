package mockserver

import (
	"errors"
	"time"
)

// replica contains what reads show if they lag behind writes: versions of the store, the oldest first.
type replica struct {
	lag      time.Duration
	versions []version
}

type version struct {
	since time.Time
	store *store
}

// SetLag makes reads show the space as it was that long ago, but never as it was before this call. Writes use the
// current space. Reads show seeds at once. A lag of 0 ends this.
func (s *Server) SetLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replica.lag = max(lag, 0)
	s.catchUp()
}

// catchUp makes reads show the current space.
func (s *Server) catchUp() {
	s.replica.versions = nil
	s.written()
}

// written tells the replica that the store may have changed.
func (s *Server) written() {
	if s.replica.lag == 0 {
		return
	}
	s.replica.versions = append(s.replica.versions, version{time.Now(), s.store.clone()})
	s.replica.forget()
}

// forget drops the versions that reads no longer show.
func (r *replica) forget() {
	for len(r.versions) > 1 && time.Since(r.versions[1].since) >= r.lag {
		r.versions = r.versions[1:]
	}
}

// shown returns the store that reads see.
func (s *Server) shown() *store {
	if s.replica.lag == 0 {
		return s.store
	}
	s.replica.forget()
	shown := s.replica.versions[0].store
	shown.behavior = s.store.behavior
	return shown
}

// Backup keeps the space as it is now for [Server.RestoreBackup]. It replaces the last backup.
func (s *Server) Backup() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backup = s.store.clone()
}

// RestoreBackup restores the whole space as it was at the last [Server.Backup], including its revision. It returns an
// error if there is no backup.
func (s *Server) RestoreBackup() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.backup == nil {
		return errors.New("there is no backup")
	}
	restored := s.backup.clone()
	restored.behavior, restored.ids = s.store.behavior, s.store.ids // no id is made twice
	s.store = restored
	s.catchUp()
	return nil
}
