package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// settle finds out which items a lost request has carried out, and sets their results. It returns the remaining
// items. While items that must not be sent twice are open, it looks again, for as long as the patience lasts: "not
// there yet" does not mean "not done". A record that nothing proves to be a create's waits for the last look. If
// all creates have such a record, there is no look in between, and the last one comes at once if the caller gives up.
//
// An error means that settle could not find out about the items that it returns. It wraps the error of the lost
// request.
func (w *writing[T, In]) settle(ctx context.Context, items []int, lost error, patience time.Duration) ([]int, error) {
	creates := w.lostCreates(items)
	w.col.engine.claims.lose(creates, 1)
	defer w.col.engine.claims.lose(creates, -1)
	looks := newIntervals(patience)
	var open map[int]openRecord // of the latest look that succeeded
	for last := false; ; {
		doubts, openUntilLast, err := w.look(ctx, items, creates, open, last)
		items = w.unsettled(items)
		if err == nil {
			open = openUntilLast
		}
		onlyUnproven := !slices.ContainsFunc(items, func(i int) bool { return w.isAwaited(i) && open[i].why != mayBeOthers })
		switch {
		case len(items) == 0:
			return nil, nil
		case err == nil && !slices.ContainsFunc(items, w.isAwaited):
			return items, nil
		case err == nil && last:
			err = context.Cause(ctx)
		case err == nil && onlyUnproven:
			looks.waitOut(w.givenUp)
			looks, last = newIntervals(patience), true // the last look may need several tries
			continue
		case err == nil || mayPass(err):
			if looks.wait(ctx) {
				continue
			}
			if slices.ContainsFunc(items, func(i int) bool { return open[i].why != 0 }) && !last {
				looks, last = newIntervals(patience), true
				continue
			}
			err = cmp.Or(err, context.Cause(ctx))
		}
		if err != nil {
			return items, fmt.Errorf("%w; the search for its result failed too: %w", causeOf(lost), err)
		}
		for i, records := range doubts {
			w.failAmbiguous([]int{i}, records)
		}
		return w.unsettled(items), nil
	}
}

// adoptEarlier adopts the records that earlier attempts at creates have made. Differences from the change become an
// update. If it can't find out about an attempt, the create stays lost and is not sent.
func (w *writing[T, In]) adoptEarlier(ctx context.Context) {
	items := only(w.all(), func(i int) bool { return w.changes[i].Earlier != nil })
	if len(items) == 0 {
		return
	}
	if left, err := w.settle(ctx, items, errEarlier, w.col.engine.settings.RecoveryTimeout); err != nil {
		w.failUnknown(left, err)
	}
}

var errOlderCopy = errors.New("the CRM no longer shows a record that it has shown before")

var errEarlier = errors.New("the outcome of an earlier attempt is unknown")

// stillOpen returns the error of a change. A create that an earlier attempt may have made stays lost, with two
// exceptions: this attempt was carried out, or it was refused and had sent the same as the earlier one.
func (c *Collection[T, In]) stillOpen(change Change[In], err error) error {
	switch {
	case err == nil, change.Earlier == nil, !c.headOf(&change.Input).ID.IsZero(), isUnknown(err), errors.As(err, new(*UnreadError)),
		errors.Is(err, ErrUndone), errors.As(err, new(*LeftoverError)):
		return err
	case isRefusedWhole(err) && (change.Tried == nil || asSent(*change.Tried) == asSent(change.Input)):
		return err
	case isRefusedWhole(err):
		err = fmt.Errorf("%w; %w: %w", errEarlier, ErrRefusedNow, err)
	case !errors.Is(err, errEarlier):
		err = fmt.Errorf("%w; this attempt: %w", errEarlier, err)
	}
	return &LostCreateError{Attempt: *change.Earlier, Unsent: true, Err: err}
}

// keepOpen sets the errors of creates that earlier attempts may have made. changes are the changes that the caller
// asked for, because an adoption turns some into updates. If the service refuses several changes and rolls back whole
// requests, a refusal may not concern the create: the service may only have rolled it back with another change.
func (w *writing[T, In]) keepOpen(changes []Change[In]) {
	refused := 0
	for _, result := range w.results {
		if isRefusedWhole(result.Err) {
			refused++
		}
	}
	isUnproven := refused > 1 && w.options.RollbackMethod != client.RollbackFailed
	for i := range w.results {
		err := w.results[i].Err
		if isUnproven && w.changes[i].Earlier != nil && isRefusedWhole(err) {
			err = &unprovenError{err}
		}
		w.results[i].Err = w.col.stillOpen(changes[i], err)
	}
}

// look is one look of settle. Only the last look decides about records that lack something, such as a message, or that
// others may have made: until then, the missing part or a better record may still appear. open contains the records
// that the look before has found for that. If they are no longer there, an older copy has answered, and the look
// fails. look returns the records that creates may have made although it does not recognize them, and the records
// about which only the last look decides.
func (w *writing[T, In]) look(ctx context.Context, items []int, creates []lostCreate, open map[int]openRecord, last bool) (doubts map[int][]T, openUntilLast map[int]openRecord, err error) {
	// Other batches may be creating the same record. They must first claim what they have created.
	if err := w.col.engine.claims.creating.Acquire(ctx, everyone); err != nil {
		return nil, nil, context.Cause(ctx)
	}
	defer w.col.engine.claims.creating.Release(everyone)
	s := newSearch(w, items)
	s.last = last
	s.inputs, s.own = make(map[string]bool, len(creates)), make(map[Identity]bool, len(creates))
	for _, create := range creates {
		s.inputs[create.input], s.own[create.of] = true, true
	}
	if err := s.run(ctx); err != nil {
		return nil, nil, err
	}
	if s.lacks(open) {
		return nil, nil, errOlderCopy
	}
	s.takeUpdates()
	s.takeCreates(ctx)
	s.passClaimed()
	s.noteOtherTries()
	if w.exact {
		s.noteContradicting()
	}
	return s.doubts(), s.openUntilLast, s.useErr
}

// takeUpdates sets the results of the updates that were carried out. If someone else has changed a record since,
// takeUpdates brings the update up to date, so that it makes no link twice. A spelling of the value that was sent is
// not someone else's change.
func (s *search[T, In]) takeUpdates() {
	for i, record := range s.updated {
		if s.col.carried(s.w.changes[i].Input, record) {
			s.w.results[i].Err, s.w.ids[i] = nil, record.Meta().ID
			continue
		}
		s.w.changes[i].Input = s.col.fields.unspelled(s.w.changes[i].Input, &record)
		s.w.bringUpToDate(i, record)
	}
}
