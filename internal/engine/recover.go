package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// settle looks which of the items have been carried out by a request that did not
// say, sets their results, and returns the others. It goes on in growing intervals
// for the recovery timeout while creates are open: "not there yet" is not "not
// done". Updates can be sent again, so one look at them is enough.
//
// An error, which holds the lost request's, means that this could not be found
// out for the items that are returned with it.
func (w *writing[T, In]) settle(ctx context.Context, items []int, lost error, patience time.Duration) ([]int, error) {
	creates := w.lostCreates(items)
	w.engine.seen.lose(creates, 1)
	defer w.engine.seen.lose(creates, -1)
	looks := newIntervals(patience)
	for {
		err := w.look(ctx, items)
		items = w.unsettled(items)
		switch {
		case len(items) == 0:
			return nil, nil
		case err == nil && !slices.ContainsFunc(items, w.isCreate):
			return items, nil
		case err == nil || mayPass(err):
			if looks.wait(ctx) {
				continue
			}
			err = cmp.Or(err, context.Cause(ctx))
		}
		if err != nil {
			return items, fmt.Errorf("%w; looking for what it did failed too: %w", causeOf(lost), err)
		}
		return items, nil
	}
}

func (w *writing[T, In]) lostCreates(items []int) []Identity {
	var creates []Identity
	for _, i := range items {
		if w.isCreate(i) {
			creates = append(creates, w.identity(w.changes[i].Input))
		}
	}
	return creates
}

// mayPass reports whether looking again may go better.
func mayPass(err error) bool {
	switch client.ProblemOf(err) {
	case client.Unreachable, client.UnexpectedReply, client.Throttled, client.Other:
		return true
	}
	return false
}

// isUsed reports whether others use what the item may have created, or that can't be told.
func (w *writing[T, In]) isUsed(ctx context.Context, i int, id client.ID) bool {
	return w.inUse != nil && w.inUse(ctx, &w.changes[i], id)
}

func (w *writing[T, In]) isCreate(i int) bool { return !w.isUpdate(i) }

// unsettled returns those of the items that have neither an id nor an error.
func (w *writing[T, In]) unsettled(items []int) []int {
	return slices.DeleteFunc(w.unfailed(items), func(i int) bool { return !w.ids[i].IsZero() })
}

// settled returns those of the items that have an id or an error.
func (w *writing[T, In]) settled(items []int) []int {
	return slices.DeleteFunc(slices.Clone(items), func(i int) bool { return w.results[i].Err == nil && w.ids[i].IsZero() })
}

// adoptEarlier looks for what earlier attempts at creates have made, and adopts it;
// what has to be otherwise now is updated. Where that can't be seen, nothing must be
// created.
func (w *writing[T, In]) adoptEarlier(ctx context.Context) error {
	items := slices.DeleteFunc(w.all(), func(i int) bool { return w.changes[i].Since == nil })
	if len(items) == 0 {
		return nil
	}
	_, err := w.settle(ctx, items, errEarlier, w.engine.settings.RecoveryTimeout)
	return err
}

var errEarlier = errors.New("the outcome of an earlier attempt is not known")

// stillOpen returns the error of a create. Where an earlier attempt may have made it,
// that stays unknown unless this attempt was carried out, or the service refused it.
func (c *Collection[T, In]) stillOpen(change Change[In], err error) error {
	switch {
	case err == nil, change.Since == nil, !c.headOf(&change.Input).ID.IsZero(), isRefusedWhole(err), errors.Is(err, ErrRolledBack),
		isUnknown(err), errors.As(err, new(*UnreadError)),
		errors.As(err, new(*UndoneError)), errors.As(err, new(*LeftoverError)):
		return err
	case !errors.Is(err, errEarlier):
		err = fmt.Errorf("%w; this one: %w", errEarlier, err)
	}
	return &LostCreateError{Since: *change.Since, Err: err}
}

// since returns a moment before anything can have come of the item.
func (w *writing[T, In]) since(i int) Moment {
	if revision, update := w.head(i).Revision.Get(); update {
		return Moment{Revision: revision}
	}
	if since := w.changes[i].Since; since != nil {
		return *since
	}
	return w.before
}

// createdSince returns a revision that all creates among the items are above, also
// those that an earlier attempt has carried out.
func (w *writing[T, In]) createdSince(items []int) int64 {
	floor := w.before.Revision
	for _, i := range items {
		if since := w.changes[i].Since; since != nil {
			floor = min(floor, since.Revision)
		}
	}
	return floor
}

// sinceAny returns the earliest moment of any of the items.
func (w *writing[T, In]) sinceAny(items []int) Moment {
	earliest := Moment{Revision: math.MaxInt64}
	for _, i := range items {
		if since := w.since(i); since.Revision < earliest.Revision {
			earliest = since
		}
	}
	return earliest
}

// look is one look of settle.
func (w *writing[T, In]) look(ctx context.Context, items []int) error {
	// Others may be creating the same: what they create must be theirs first.
	if err := w.engine.seen.creating.Acquire(ctx, everyone); err != nil {
		return context.Cause(ctx)
	}
	defer w.engine.seen.creating.Release(everyone)
	s := newSearch(w, items)
	if err := s.run(ctx); err != nil {
		return err
	}
	s.takeUpdates()
	s.takeCreates(ctx)
	return nil
}

// A search is for what lost requests have done: updated records by their id, and
// created ones by where they belong and what identifies them there, among the
// records that are newer than anything that was known before the request and that
// have no owner yet.
type search[T client.Record, In Input] struct {
	*writing[T, In]

	updates map[client.ID]int
	places  map[client.ID][]int // items to create, by the phone or conversation they belong to
	wanted  map[Identity]bool   // what they would make, also by the tail of its name
	floor   int64
	created int64 // revision that all creates are above

	own     map[Identity]bool // of this batch; nil until they are needed
	updated map[int]T
	made    map[client.ID][]T // by place, oldest first
	met     map[client.ID]bool
}

func newSearch[T client.Record, In Input](w *writing[T, In], items []int) *search[T, In] {
	s := &search[T, In]{
		writing: w, updates: map[client.ID]int{}, places: map[client.ID][]int{}, wanted: map[Identity]bool{}, floor: w.sinceAny(items).Revision,
		updated: map[int]T{}, made: map[client.ID][]T{}, met: map[client.ID]bool{},
	}
	s.created = w.sinceAny(slices.DeleteFunc(slices.Clone(items), w.isUpdate)).Revision
	for _, i := range items {
		if id, update := w.head(i).ID.Get(); update {
			s.updates[id] = i
		} else {
			of := w.identity(w.changes[i].Input)
			s.places[of.Place] = append(s.places[of.Place], i)
			s.wanted[of] = true
			s.wanted[of.withTail(of.tail())] = true
		}
	}
	return s
}

// run lists what has changed, and keeps what may be of interest.
func (s *search[T, In]) run(ctx context.Context) error {
	for page, err := range s.entity.newerThan(ctx, s.floor, s.query) {
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
		slices.SortFunc(made, func(a, b T) int { return cmp.Compare(a.Changed(), b.Changed()) })
	}
	return nil
}

func (s *search[T, In]) consider(ctx context.Context, record T) error {
	i, isUpdate := s.updates[record.RecordID()]
	if record.Changed() <= s.floor || s.met[record.RecordID()] || !isUpdate && s.engine.seen.isMine(record.RecordID()) {
		return nil
	}
	s.met[record.RecordID()] = true
	of := s.identityOf(record)
	if !isUpdate && (s.places[of.Place] == nil || s.listsNames && !s.isWanted(of)) {
		return nil
	}
	switch err := s.complete(ctx, &record); {
	case client.ProblemOf(err) == client.NotFound:
		return nil // deleted meanwhile
	case err != nil:
		return err
	}
	if isUpdate {
		s.updated[i] = record
		return nil
	}
	existed, err := s.existed(ctx, record, s.created)
	if err == nil && !existed {
		s.made[of.Place] = append(s.made[of.Place], record)
	}
	return err
}

// isWanted reports whether a record of the identity may have been made by one of the
// creates. What shows no digits at its end, such as a masked number, may be any.
func (s *search[T, In]) isWanted(of Identity) bool {
	end := of.tail()
	return end == "" || s.wanted[of] || s.wanted[of.withTail(end)] || s.wanted[of.withTail("")]
}

// takeUpdates sets the results of the updates that were carried out. Others may have
// changed the record since, and its links may be there all the same: the rest is
// brought up to date, so that none is made twice. A name in the service's own spelling
// is what was sent, not somebody else's change.
func (s *search[T, In]) takeUpdates() {
	for i, record := range s.updated {
		if of := s.identity(s.changes[i].Input); of.Name != "" && s.mayBe(of, record) {
			s.changes[i].Input = s.asHeld(s.changes[i].Input, record)
		}
		if s.agrees(s.changes[i].Input, record) {
			s.results[i].Err, s.ids[i] = nil, record.RecordID()
		} else {
			s.bringUpToDate(i, record)
		}
	}
}
