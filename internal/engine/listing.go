package engine

import (
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A listing answers the reads of one refresh. It answers each record once, and none
// that this engine has changed.
type listing[T client.Record] struct {
	mu     sync.Mutex
	done   map[client.ID]bool // read or changed
	listed map[client.ID]T
	asOf   int64 // revision of the space when its first page came

	turn   chan struct{} // held by who decides how to go on; holds one
	gets   int           // that have been made, or begun
	query  client.Query  // of the next page
	begun  bool          // the first page has come
	pages  int           // that are left
	closed bool          // no page is left, or listing failed
}

func newListing[T client.Record](query client.Query) *listing[T] {
	query.OrderBy = []string{"-revision"}
	query.IncludeDeleted = true
	return &listing[T]{done: map[client.ID]bool{}, listed: map[client.ID]T{}, asOf: NoFloor, turn: make(chan struct{}, 1), query: query}
}

// finish takes the record off the list, for good.
func (l *listing[T]) finish(id client.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[id] = true
	delete(l.listed, id)
}

// state returns the record if it is listed, and whether it is done with.
func (l *listing[T]) state(id client.ID) (record T, listed, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record, listed = l.listed[id]
	return record, listed, l.done[id]
}

func (l *listing[T]) add(records []T, asOf func(*T) *int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asOf == NoFloor {
		l.asOf = newest(records)
	}
	for _, record := range records {
		*asOf(&record) = l.asOf
		if !l.done[record.Meta().ID] {
			l.listed[record.Meta().ID] = record
		}
	}
}

// current returns the as-of of the records that are read from now on, [NoFloor] where
// none is known.
func (l *listing[T]) current() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asOf
}
