package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// lookOnceMore looks again at items that were sent a second time, because the service may have carried out the first
// request late. There are three cases: a create that was refused the second time exists all the same, an update was
// refused because the first request changed the revision, or a create that was carried out exists twice. If the first
// request of a refused create does not appear, the create stays lost, unless a record that it refers to does not
// exist: then the first request was refused too. The parts of a divided batch share the time until which they wait,
// which the first of them sets.
func (w *writing[T, In]) lookOnceMore(ctx context.Context, items []int, lost error, until *time.Time) {
	for _, i := range items {
		w.changes[i].repeated = true
	}
	w.lookForTwins(ctx, items)
	refused := only(items, func(i int) bool { return w.results[i].Err != nil })
	if len(refused) == 0 {
		return
	}
	errs, updates := make(map[int]error, len(refused)), make(map[int]bool, len(refused))
	for _, i := range refused {
		errs[i], w.results[i].Err = w.results[i].Err, nil
		updates[i], w.changes[i].refused = w.isUpdate(i), true
	}
	// The service may have refused the second request because the first record exists, although that record does not
	// appear yet.
	if until.IsZero() {
		*until = time.Now().Add(w.col.engine.settings.RecoveryTimeout)
	}
	left, unseen := w.settle(ctx, refused, lost, max(0, time.Until(*until)))
	if unseen != nil {
		for _, i := range left {
			w.failUnknown([]int{i}, fmt.Errorf("%w; this attempt: %w", unseen, asCause(errs[i])))
		}
		return
	}
	anyRefusal := slices.ContainsFunc(refused, func(i int) bool { return isRefusal(errs[i]) })
	for _, i := range left {
		isOfRefusal := isRefusal(errs[i]) || anyRefusal && errors.Is(errs[i], ErrRolledBack)
		switch {
		case w.isUpdate(i) != updates[i]: // it was adopted, and is yet to be updated
		case w.isUpdate(i) || lost == errEarlier || !isOfRefusal: //nolint:errorlint // the very same one
			w.results[i].Err = errs[i]
		default: // the first request may be the reason
			w.failUnknown([]int{i}, fmt.Errorf("%w; %w: %w", causeOf(lost), ErrRefusedNow, asCause(errs[i])))
		}
	}
}

// asCause returns the error of a repetition as the cause of another error. A create of unknown outcome does not count
// as rolled back, even if its repetition was.
func asCause(err error) error {
	if errors.Is(err, ErrRolledBack) {
		return errors.New(err.Error())
	}
	return err
}

// repeated returns the items that were sent before: in a lost request of this batch, or by an earlier attempt.
func (w *writing[T, In]) repeated(items []int, lost error) []int {
	if lost != nil {
		return items
	}
	return only(items, func(i int) bool { return w.changes[i].Earlier != nil && w.isCreate(i) })
}

// lookForTwins notes which other records the first request of a repeated create may have made. If it can't look, no
// item fails, because there may be no twin.
func (w *writing[T, In]) lookForTwins(ctx context.Context, items []int) {
	items = only(items, func(i int) bool { return w.isCreate(i) && !w.ids[i].IsZero() })
	looks := newIntervals(w.col.engine.settings.RecoveryTimeout)
	for len(items) > 0 {
		if err := w.noteTwins(ctx, items); err == nil || !mayPass(err) || !looks.wait(ctx) {
			return
		}
	}
}

func (w *writing[T, In]) noteTwins(ctx context.Context, items []int) error {
	if err := w.col.engine.claims.creating.Acquire(ctx, everyone); err != nil {
		return context.Cause(ctx)
	}
	defer w.col.engine.claims.creating.Release(everyone)
	s := newSearch(w, items)
	if err := s.run(ctx); err != nil {
		return err
	}
	for place, records := range s.made {
		for _, record := range records {
			if s.col.engine.claims.losses(s.col.names.held(record)) > 0 {
				continue // another batch may have made it
			}
			for _, i := range s.places[place] {
				if s.isTwin(i, record) {
					s.w.results[i].Twins = append(s.w.results[i].Twins, record.Meta().ID)
					break
				}
			}
		}
	}
	return nil
}

// isTwin reports whether the record may have been made by the create, even if someone or the
// service has changed it since.
func (s *search[T, In]) isTwin(i int, record T) bool {
	in := s.w.changes[i].Input
	of, at := s.w.identity(i), s.col.names.held(record)
	switch {
	case !s.w.attempt(i).mayHaveMade(record.Meta()):
		return false
	case of == at, s.col.names.mayBe(of, record):
		return true
	}
	// The service may have rewritten the number beyond recognition, but nothing else.
	return s.col.stubs == nil && (at.tail() == "" || at.tail() == of.tail()) && len(s.col.fields.differences(&in, &record, false)) == 1
}
