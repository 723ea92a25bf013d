package engine

import (
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A feed contains the records of an entity that have changed since some revision of the space. One list of newer
// records brings it up to date, however many records there are. So one request compares many updates with what the
// CRM holds, without a get for each.
type feed[T any] struct {
	turn    turns // holds one while a caller uses the feed
	base    int64 // the feed knows all changes after this revision; [NoFloor] before the first list
	upTo    int64 // and up to this one
	changed map[client.ID]T
}

func newFeed[T any]() *feed[T] {
	return &feed[T]{turn: make(turns, 1), base: NoFloor, upTo: NoFloor, changed: map[client.ID]T{}}
}

// begin sets the revision from which the feed begins: the newest as-of that it gets before it contains any change.
func (f *feed[T]) begin(asOf int64) {
	if f.base == f.upTo && len(f.changed) == 0 && asOf > f.base {
		f.base, f.upTo = asOf, asOf
	}
}

// covers reports whether the feed knows all changes since the as-of.
func (f *feed[T]) covers(asOf int64) bool { return asOf > NoFloor && asOf >= f.base }
