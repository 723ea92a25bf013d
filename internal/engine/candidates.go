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

// mayHaveMade reports whether the create may have made the record, now or in its earlier attempt.
func (s *search[T, In]) mayHaveMade(i int, record T) bool {
	change, attempt := &s.w.changes[i], s.w.attempt(i)
	claim := s.col.engine.claims.of(record.Meta().ID)
	isOfOther := claim.origin == left && !claim.isLeftFor(change.Owner, attempt.IsRecalled)
	return attempt.mayHaveMade(record.Meta()) && !isOfOther && (change.Tried == nil || change.isSent || s.col.fields.like(change.Tried, &record))
}

// agreed reports whether the record has everything that the create wants, apart from what an adoption still changes.
func (s *search[T, In]) agreed(i int, record T) bool {
	return s.col.agrees(s.untried(i, record), record)
}

// hasAll does the same as agreed, for a record whose name may be a spelling of the create's.
func (s *search[T, In]) hasAll(i int, record T) bool {
	return s.col.carried(s.untried(i, record), record)
}

// resembles reports whether the record has everything that the create wants, except for fields that are empty or that
// the service may have changed.
func (s *search[T, In]) resembles(i int, record T) bool {
	return s.col.fields.like(new(s.untried(i, record)), &record)
}

// untried returns the input of a create without some fields: those for which the record holds the value of an earlier
// attempt, or a value that was filled in after it.
func (s *search[T, In]) untried(i int, record T) In {
	return s.col.fields.untried(s.w.changes[i].Input, s.attempted(i, record), &record)
}

// attempted returns what the earlier attempt at a create has sent. If the attempt has sent messages, a record is
// adopted only if it contains them. Then the service has filled in the fields that the attempt did not send, unless
// someone has changed the record since.
func (s *search[T, In]) attempted(i int, record T) attempted[In] {
	return attempted[In]{s.w.changes[i].Tried, s.isProvenByMessages(i) && !s.col.inside.hasChanged(record)}
}

// isProvenByMessages reports whether an unused record has the messages that the create or its attempt has sent: the
// use says that it has no others, and this says that there are some.
func (s *search[T, In]) isProvenByMessages(i int) bool {
	return (s.talked != nil || s.w.exact) && s.useOfSilent(i) == incomplete
}
