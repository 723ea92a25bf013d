package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A feed knows which records of an entity have changed since some revision of
// the space, and how: one request for what is newer than it knows brings it up to
// date, however many records there are. So many updates are held against what
// the CRM has in one request, without a get for each.
type feed[T any] struct {
	turn    chan struct{} // held by who uses the feed; holds one
	base    int64         // it knows what has changed since; [NoFloor] for nothing yet
	upTo    int64         // it knows what has changed until
	changed map[client.ID]T
}

func newFeed[T any]() *feed[T] {
	return &feed[T]{turn: make(chan struct{}, 1), base: NoFloor, upTo: NoFloor, changed: map[client.ID]T{}}
}

func (m *feed[T]) lock(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (m *feed[T]) unlock() { <-m.turn }

// begin sets where the feed begins: at the newest as-of of those that it is given
// before it is first brought up to date.
func (m *feed[T]) begin(asOf int64) {
	if m.base == m.upTo && len(m.changed) == 0 && asOf > m.base {
		m.base, m.upTo = asOf, asOf
	}
}

// covers reports whether the feed knows what has changed since the revision.
func (m *feed[T]) covers(asOf int64) bool { return asOf > NoFloor && asOf >= m.base }
