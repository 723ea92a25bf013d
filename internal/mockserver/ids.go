package mockserver

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// idSource makes ids like the service's: they begin with the milliseconds of their creation and have no version. The
// ids of one source are in ascending order, even if many are made in a millisecond.
type idSource struct {
	last uint64 // milliseconds, and 16 bits to tell apart ids of the same millisecond
}

func (s *idSource) next() string {
	stamp := uint64(time.Now().UnixMilli()) << 16
	s.last = max(s.last+1, stamp)

	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], s.last)
	_, _ = rand.Read(id[8:]) // never fails, says its documentation
	return id.String()
}

// now returns the time with the precision of the service.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
