package client

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// lookAgain is how long a request whose reply got lost may still be at
	// work in the service before what it has not done counts as not done.
	lookAgain = time.Second

	// clockSkew is how far the clocks of the service's machines may be apart.
	clockSkew = 5 * time.Second
)

// settle looks, that many times, which of the items have been carried out by a
// request that did not say, sets their results, and returns the others. Creates are
// recognized among the conversations that are newer than anything that was
// known before the request and belong to no one else; updates by what they set.
//
// An error, which holds the lost request's, means that this could not be found
// out for the items that are returned with it.
func (w *writing[T, In]) settle(ctx context.Context, items []int, lost error, looks int) ([]int, error) {
	for look := 0; look < looks && len(items) > 0; look++ {
		if look > 0 {
			select {
			case <-time.After(lookAgain):
			case <-ctx.Done():
				return items, context.Cause(ctx)
			}
		}
		left, err := w.lookPatiently(ctx, items)
		if err != nil {
			unknown := &OutcomeUnknownError{Err: fmt.Errorf("%w; looking for what it did failed too: %w", causeOf(lost), err)}
			if creates := slices.DeleteFunc(slices.Clone(items), w.isUpdate); len(creates) > 0 {
				since := w.sinceAny(creates)
				unknown.Since = &since
			}
			return items, unknown
		}
		items = left
	}
	return items, nil
}

// lookPatiently is look, again and again for as long as a request may take,
// where the service can't be reached or is out of order.
func (w *writing[T, In]) lookPatiently(ctx context.Context, items []int) ([]int, error) {
	return backoff.Retry(ctx, func() ([]int, error) {
		left, err := w.look(ctx, items)
		switch ProblemOf(err) {
		case Unreachable, UnexpectedReply, Other:
			return left, err
		}
		if err != nil {
			return left, backoff.Permanent(err)
		}
		return left, nil
	}, backoff.WithMaxElapsedTime(w.client.config.RequestTimeout))
}

// adoptEarlier looks for what earlier attempts at creates have come to, and
// adopts it; what is to be otherwise now is updated. Where that can't be seen,
// nothing must be created.
func (w *writing[T, In]) adoptEarlier(ctx context.Context) error {
	items := slices.DeleteFunc(w.all(), func(i int) bool { return w.about(i).Since == nil })
	if len(items) == 0 {
		return nil
	}
	_, err := w.look(ctx, items)
	return err
}

// since returns a moment before anything can have come of the item.
func (w *writing[T, In]) since(i int) Moment {
	about := w.about(i)
	if revision, update := about.Revision.Get(); update {
		return Moment{Revision: revision}
	}
	if about.Since != nil {
		return *about.Since
	}
	return w.before
}

// createdSince returns a revision that all creates among the items are above, also
// those that an earlier attempt has carried out.
func (w *writing[T, In]) createdSince(items []int) int64 {
	floor := w.before.Revision
	for _, i := range items {
		if since := w.about(i).Since; since != nil {
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
func (w *writing[T, In]) look(ctx context.Context, items []int) ([]int, error) {
	// Others may be creating the same: what they create must be theirs first.
	if err := w.client.seen.creating.Acquire(ctx, everyone); err != nil {
		return items, context.Cause(ctx)
	}
	defer w.client.seen.creating.Release(everyone)
	candidates, err := w.candidates(ctx, items)
	if err != nil {
		return items, err
	}
	return w.adopt(items, candidates), nil
}

// candidates returns the records that have changed since before the items
// were sent, and that may be what came of one of them.
func (w *writing[T, In]) candidates(ctx context.Context, items []int) ([]T, error) {
	floor := w.sinceAny(items).Revision
	var candidates []T
	for page, err := range w.newerThan(ctx, floor, w.query) {
		if err != nil {
			return nil, err
		}
		for _, record := range page.Records {
			isOne := func(i int) bool { return w.isResult(i, record) }
			if record.changed() <= floor || !slices.ContainsFunc(items, isOne) {
				continue
			}
			if err := w.complete(ctx, &record); err != nil {
				return nil, err
			}
			candidates = append(candidates, record)
		}
	}
	// The older one is, the fewer requests can have created it: a request that
	// takes the oldest leaves the others to those that can't have created it.
	slices.SortFunc(candidates, func(a, b T) int {
		createdA, _ := a.times()
		createdB, _ := b.times()
		return cmp.Or(createdA.Compare(createdB), cmp.Compare(a.changed(), b.changed()))
	})
	return candidates, nil
}

// adopt sets the results of the items that are among the candidates, and returns
// the other items. Creates that agree in everything that was sent come before
// those that are only like it, which still are ours, or a look-alike's of ours:
// they are returned as updates to what was sent.
func (w *writing[T, In]) adopt(items []int, candidates []T) []int {
	for _, same := range []func(In, T) bool{w.agrees, w.isLike} {
		items = slices.DeleteFunc(slices.Clone(items), func(i int) bool {
			for _, record := range candidates {
				switch {
				case !w.isResult(i, record):
				case w.isUpdate(i) && !w.agrees(w.inputs[i], record):
					// Others may have changed it since, and its links may be there
					// all the same: none is made twice.
					w.bringUpToDate(i, record)
					return w.results[i].Err != nil
				case w.isUpdate(i) || same(w.inputs[i], record) && w.client.seen.claim(record.recordID()):
					w.results[i].Err, w.results[i].Adopted = nil, w.about(i).Since != nil
					if w.agrees(w.inputs[i], record) {
						w.ids[i] = record.recordID()
						return true
					}
					w.about(i).ID = Value(record.recordID()) // an update from now on
					w.bringUpToDate(i, record)
					return w.results[i].Err != nil
				}
			}
			return false
		})
	}
	return items
}

// isResult reports whether the record may be what came of the item: the one that
// it updates, or one like it that nobody has known before.
func (w *writing[T, In]) isResult(i int, record T) bool {
	if id, update := w.about(i).ID.Get(); update {
		return record.recordID() == id
	}
	created, _ := record.times()
	return w.isLike(w.inputs[i], record) &&
		!w.client.seen.isMine(record.recordID()) &&
		record.changed() > w.since(i).Revision &&
		created.After(w.since(i).At.Add(-clockSkew))
}
