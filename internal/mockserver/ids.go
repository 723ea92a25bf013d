package mockserver

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// idSource makes ids like the service's: the milliseconds of the creation in front, and no version. Those of one source are in
// ascending order, however many are made in a millisecond.
type idSource struct {
	last uint64 // milliseconds, and 16 bits to tell apart what was made within one
}

func (s *idSource) next() string {
	stamp := uint64(time.Now().UnixMilli()) << 16
	s.last = max(s.last+1, stamp)

	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], s.last)
	_, _ = rand.Read(id[8:]) // never fails, says its documentation
	return id.String()
}

// now returns the time in the resolution of the service.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
