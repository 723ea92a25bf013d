package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// readUses reads the use of each record that is likely and the only one of its identity. It sends concurrent
// requests, because the search holds up all creates.
func (s *search[T, In]) readUses(ctx context.Context, waiting map[Identity][]int, alike map[Identity][]T) {
	var items []int
	var ids []client.ID
	for of, alone := range waiting {
		if records := alike[of]; len(alone) == 1 && len(records) == 1 {
			i, record := alone[0], records[0]
			if s.mayHaveMade(i, record) && (s.agreed(i, record) || s.last && s.resembles(i, record)) {
				items, ids = append(items, i), append(ids, record.Meta().ID)
			}
		}
	}
	uses := make([]foundUse, len(ids))
	errs := s.col.engine.readEach(len(ids), func(n int) error {
		uses[n] = s.useOf(ctx, items[n], ids[n])
		return uses[n].err
	})
	for n, id := range ids {
		s.uses[id] = foundUse{uses[n].use, errs[n]}
	}
}

// useOf returns the use of a record that the search has found. Unless the batch is exact, it asks only about a record
// with messages. If the caller may not list messages, the record then counts as unused.
func (s *search[T, In]) useOf(ctx context.Context, i int, id client.ID) foundUse {
	if found, isRead := s.uses[id]; isRead {
		return found
	}
	switch {
	case s.w.exact, s.talked.mayBeIn(id):
		use, err := s.col.inside.useOf(ctx, &s.w.changes[i], id)
		return foundUse{use, err}
	case s.talked == nil:
		return foundUse{use: unused}
	}
	return foundUse{use: s.useOfSilent(i)}
}

// useOfSilent returns the use of a record without messages, assuming that the create has made it.
func (s *search[T, In]) useOfSilent(i int) use {
	return useOfSilent(s.col.inside.sent(&s.w.changes[i]))
}

// A foundUse is the use of a record, or why the engine could not read it.
type foundUse struct {
	use use
	err error
}
