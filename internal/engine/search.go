package engine

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A search finds what lost requests have done, among the unclaimed records that are newer
// than the first of these requests. It finds updated records by their id, and created ones
// by their identity.
type search[T client.Record, In Input] struct {
	col *Collection[T, In]
	w   *writing[T, In] // whose requests are lost

	updates       map[client.ID][]int // items to update, by their record
	places        map[client.ID][]int // items to create, by the phone or conversation they belong to
	wanted        map[Identity]int64  // a floor for each identity that they make, and for its place and tail
	floor         int64               // of all that is sought
	createsFloor  int64               // the floor of what creates have made
	last          bool                // no look follows
	openUntilLast map[int]openRecord  // creates whose record only the last look decides about

	talked  talks                  // messages since; nil: the caller may not list them, or the batch is exact
	uses    map[client.ID]foundUse // as far as readUses has read them
	useErr  error                  // why the use of a record could not be read
	inputs  map[string]bool        // of the creates that settle has begun with
	own     map[Identity]bool      // identities of those creates
	owners  map[string]bool        // of the creates
	updated map[int]T
	made    map[client.ID][]T // by place, oldest first
	claimed []T               // records that would be candidates otherwise
}

// An openRecord is a record about which only the last look decides, and why.
type openRecord struct {
	id  client.ID
	why reason
}

type reason int

const (
	lacksSomething reason = iota + 1
	mayBeOthers           // nothing proves that it is the create's, whose own record may come late
)

func newSearch[T client.Record, In Input](w *writing[T, In], items []int) *search[T, In] {
	s := &search[T, In]{
		col: w.col, w: w, updates: map[client.ID][]int{}, places: map[client.ID][]int{}, wanted: map[Identity]int64{}, floor: w.sinceAny(items),
		updated: map[int]T{}, made: map[client.ID][]T{}, uses: map[client.ID]foundUse{},
		owners: map[string]bool{}, openUntilLast: map[int]openRecord{},
	}
	s.createsFloor = w.sinceAny(only(items, w.isCreate))
	for _, i := range items {
		if id, update := w.head(i).ID.Get(); update {
			s.updates[id] = append(s.updates[id], i)
		} else {
			of := s.w.identity(i)
			if owner := w.changes[i].Owner; owner != "" {
				s.owners[owner] = true
			}
			if w.attempt(i).IsRecalled {
				s.owners[""] = true
			}
			s.places[of.Place] = append(s.places[of.Place], i)
			for _, key := range []Identity{of, of.end()} {
				since := w.since(i)
				if earlier, isKnown := s.wanted[key]; isKnown {
					since = min(since, earlier)
				}
				s.wanted[key] = since
			}
		}
	}
	return s
}

// run lists what has changed, and keeps the records that the requests may have written.
func (s *search[T, In]) run(ctx context.Context) error {
	for page, err := range s.col.entity.newerThan(ctx, s.floor, s.col.search) {
		if err != nil {
			return err
		}
		for _, record := range page.Records {
			if err := s.consider(ctx, record); err != nil {
				return err
			}
		}
	}
	for _, made := range s.made {
		slices.SortFunc(made, func(a, b T) int { return cmp.Compare(a.Meta().Revision, b.Meta().Revision) })
	}
	if s.w.exact || len(s.made) == 0 {
		return nil
	}
	var err error
	s.talked, err = s.col.inside.talked(ctx, s.createsFloor)
	return err
}

func (s *search[T, In]) consider(ctx context.Context, record T) error {
	updates := s.updates[record.Meta().ID]
	isUpdate := len(updates) > 0
	isClaimed := !isUpdate && !s.col.engine.claims.of(record.Meta().ID).isFree(s.owners)
	if record.Meta().Revision <= s.floor || isClaimed && !s.w.exact {
		return nil
	}
	of := s.col.names.held(record)
	since, isWanted := s.sinceOf(of)
	if s.col.stubs != nil {
		isWanted = slices.ContainsFunc(s.places[of.Place], func(i int) bool { return s.col.names.mayDouble(s.w.identity(i), record) })
		s.col.stubs.cut(&record)
	}
	if !isUpdate && s.col.stubs == nil && of.Place.IsZero() && s.wantsAnywhere(of) {
		return withoutPlace(record.Meta().ID)
	}
	if !isUpdate && (s.places[of.Place] == nil || !isWanted) {
		return nil
	}
	if isClaimed {
		s.claimed = append(s.claimed, record)
		return nil
	}
	switch err := s.col.complete(ctx, &record); {
	case client.ProblemOf(err) == client.NotFound:
		return nil // deleted meanwhile
	case err != nil:
		return err
	}
	if isUpdate {
		for _, i := range updates {
			s.updated[i] = record
		}
		return nil
	}
	existed, err := s.col.inside.existed(ctx, record, since)
	if err != nil && !isForbidden(err) {
		return err
	}
	if !existed { // as far as the caller may read messages
		s.made[of.Place] = append(s.made[of.Place], record)
	}
	return nil
}

// lacks reports whether an older copy has answered the search: it lacks a record that an earlier look has found.
func (s *search[T, In]) lacks(open map[int]openRecord) bool {
	shown := map[client.ID]bool{}
	for _, record := range slices.Concat(slices.Collect(maps.Values(s.made))...) {
		shown[record.Meta().ID] = true
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(open)), func(found openRecord) bool {
		return !shown[found.id] && !s.col.engine.claims.has(found.id)
	})
}

// sinceOf reports whether one of the creates may have made a record of the identity, and returns the revision that
// such a record must be above. A name without a tail, such as a masked number, may belong to any create.
func (s *search[T, In]) sinceOf(of Identity) (since int64, isWanted bool) {
	end := of.tail()
	if end == "" {
		return s.createsFloor, true
	}
	since = math.MaxInt64
	for _, key := range []Identity{of, of.withTail(end), of.withTail("")} {
		if revision, isThere := s.wanted[key]; isThere {
			since, isWanted = min(since, revision), true
		}
	}
	return since, isWanted
}

// wantsAnywhere reports whether one of the creates would have made a record of this name.
func (s *search[T, In]) wantsAnywhere(of Identity) bool {
	for of.Place = range s.places {
		if _, isWanted := s.wanted[of]; isWanted {
			return true
		}
	}
	return false
}

// passClaimed notes the claimed records for the creates that a later look may look for again. The later look then
// passes these records too.
func (s *search[T, In]) passClaimed() {
	claimed := grouped(s.claimed, func(record T) Identity { return s.col.names.held(record).end() })
	for place, items := range s.places {
		if !s.w.exact { // else the caller may not take what was found
			items = s.w.unsettled(items)
		}
		for _, i := range items {
			attempt, of := s.w.attempt(i), s.w.identity(i)
			passed := maps.Clone(attempt.Passed)
			for _, record := range slices.Concat(claimed[of.end()], claimed[of.withTail("")]) {
				at := s.col.names.held(record)
				if at.Place != place || at != of && !s.col.names.mayBe(of, record) || !attempt.mayHaveMade(record.Meta()) {
					continue
				}
				if s.w.isSettled(i) && s.col.engine.claims.of(record.Meta().ID).origin == adopted {
					continue // an earlier look may have found it for this very create
				}
				if passed == nil {
					passed = map[client.ID]int64{}
				}
				passed[record.Meta().ID] = record.Meta().Revision
			}
			if len(passed) > len(attempt.Passed) {
				attempt.Passed = passed
				s.w.results[i].Earlier = &attempt
			}
		}
	}
}

// A foundUse is the use of a record, or why the engine could not read it.
type foundUse struct {
	use use
	err error
}
