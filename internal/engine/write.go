package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// failWhole fails the items of a request that failed as a whole. If the error names an item, the rest was only rolled
// back.
func (w *writing[T, In]) failWhole(items []int, err error) {
	w.fail(items, err)
	apiError, ok := errors.AsType[*client.APIError](err)
	if !ok || apiError.EntityIndex == nil || *apiError.EntityIndex < 0 || *apiError.EntityIndex >= len(items) {
		return
	}
	w.fail(items, ErrRolledBack)
	w.results[items[*apiError.EntityIndex]].Err = err
}

// begin prepares the batch: it claims the records of updates, asks for the moment before
// creates, and adopts what earlier attempts have created. If it fails, all items get its
// error, and none is sent.
func (w *writing[T, In]) begin(ctx context.Context) {
	updates := mapped(only(w.all(), w.isUpdate), w.target)
	w.col.reads.finish(updates)
	for _, id := range updates {
		w.col.engine.claims.claim(id, known)
	}
	w.before.Revision = NoFloor
	if len(updates) < len(w.changes) {
		now, err := w.col.entity.now(ctx)
		if err != nil {
			w.fail(w.all(), &unprovenError{err})
			return
		}
		w.before = now
	}
	w.adoptEarlier(ctx)
}

// carryOut compares, restores and sends the items.
func (w *writing[T, In]) carryOut(ctx context.Context, items []int) {
	w.compare(ctx, w.toSend(items), true)
	if w.restore(ctx, w.unfailed(items)) {
		ctx = client.LastingOf(ctx) // what is begun goes on, even if the callers give up
	}
	w.send(ctx, items)
	w.disown(items)
}

// disown drops an adopted record if the service refuses to update it to what the create wants. The service would have
// refused that create too, so the record belongs to someone else, or the create was only partly carried out. If the
// service refuses a whole request, the reason may be another item.
func (w *writing[T, In]) disown(items []int) {
	if len(items) > 1 && w.options.RollbackMethod != client.RollbackFailed {
		return
	}
	for _, i := range items {
		if result := &w.results[i]; result.Adopted && w.ids[i].IsZero() && isRefusedWhole(result.Err) {
			id, refusal := w.target(i), result.Err
			w.head(i).ID = client.Field[client.ID]{}
			w.col.engine.claims.release(id, adopted)
			*result = Result[T]{Err: fmt.Errorf("%w; an earlier request may have created %s", refusal, id)}
		}
	}
}

// send sends the items and sets the id or the error of each. It sends an item again if the
// service certainly did not carry it out, or refused it only because someone else has
// changed the record.
func (w *writing[T, In]) send(ctx context.Context, items []int) {
	items = w.toSend(items)
	for tries := 0; ; tries++ {
		w.deliver(ctx, items, nil, new(time.Time))
		if tries == w.col.engine.config.MaxRetries {
			return
		}
		if items = w.stale(ctx, items); len(items) == 0 {
			return
		}
	}
}

// deliver sends the items until the outcome of each is known, or can no longer be found out. lost is the error of an
// earlier, lost request with the same items, or nil.
func (w *writing[T, In]) deliver(ctx context.Context, items []int, lost error, until *time.Time) {
	for losses := 0; len(items) > 0; {
		if err := context.Cause(ctx); err != nil {
			w.giveUp(items, lost, err)
			return
		}
		err := w.sendOnce(ctx, items)
		if client.ProblemOf(err) == client.NotFound {
			err = cmp.Or(w.col.engine.isThere(ctx), err)
		}
		unknown := isUnknown(err)
		divide := len(items) > 1 && (isTooLarge(err) || w.options.RollbackMethod == client.RollbackFailed && isRefusedWhole(err))
		refused := !unknown && !divide && err != nil && (lost == nil || isRefusedWhole(err))
		if refused {
			w.failWhole(items, err)
		}
		w.lookOnceMore(client.LastingOf(ctx), w.repeated(only(items, w.isSettled), lost), cmp.Or(lost, errEarlier), until)
		if items = w.unsettled(items); err == nil || refused {
			continue // with the items that have become updates
		}
		patience := time.Duration(0)
		if unknown && !divide {
			losses++
			lost, patience = err, w.col.engine.settings.RecoveryTimeout
		}
		if unknown || lost != nil { // a request that was refused has made nothing
			left, unseen := w.settle(client.LastingOf(ctx), items, err, patience)
			if items = left; unseen != nil {
				w.failUnknown(items, unseen)
				return
			}
		}
		switch {
		case divide:
			// One item is faulty, or there are too many. Smaller batches isolate the bad item, and let the rest through.
			half := len(items) / 2
			w.deliver(ctx, items[:half], lost, until)
			items = items[half:]
		case !unknown, losses > w.col.engine.config.MaxRetries, !isTransient(err):
			w.giveUp(items, lost, err)
			return
		}
	}
}

// giveUp fails items because of err. If an earlier request with them was lost, their outcome is unknown, because the
// service may still carry that request out.
func (w *writing[T, In]) giveUp(items []int, lost, err error) {
	if lost == nil {
		w.fail(items, err)
		return
	}
	if causeOf(lost) != causeOf(err) { //nolint:errorlint // the very same one
		err = fmt.Errorf("%w; then: %w", causeOf(lost), err)
	}
	w.failUnknown(items, causeOf(err))
}

// sendOnce sends the items in one request. Its error applies to the items that have neither an id nor an error
// afterwards.
func (w *writing[T, In]) sendOnce(ctx context.Context, items []int) error {
	if err := w.col.engine.claims.creating.Acquire(ctx, one); err != nil {
		return context.Cause(ctx)
	}
	defer w.col.engine.claims.creating.Release(one)
	inputs := make([]In, len(items))
	for n, i := range items {
		inputs[n] = w.col.links.sent(&w.changes[i])
		if w.changes[i].Restore {
			w.col.headOf(&inputs[n]).Revision = client.Field[int64]{} // the restore may have changed it
		}
	}
	results, err := w.col.entity.BatchModify(ctx, inputs, w.options)
	for n, i := range items {
		isRefused := err != nil && !isUnknown(err) || err == nil && results[n].Err != nil && client.IsNotCarriedOut(results[n].Err)
		w.changes[i].isSent = w.changes[i].isSent || !isRefused
	}
	if err != nil {
		return err
	}
	answered := map[client.ID]bool{}
	for n, i := range items {
		id := results[n].ID
		asked, update := w.head(i).ID.Get()
		if results[n].Err == nil && (update && id != asked || !update && (w.col.engine.claims.has(id) || answered[id])) {
			// If one answer is wrong, the other answers can't be trusted either.
			return &client.OutcomeUnknownError{Err: answeredWith(id)}
		}
		answered[id] = results[n].Err == nil
	}
	for n, i := range items {
		id, failed := results[n].ID, results[n].Err
		if failed == nil {
			if w.isUpdate(i) {
				w.col.engine.claims.claim(id, known)
			} else {
				w.col.engine.claims.claim(id, created)
			}
		} else if !client.IsNotCarriedOut(failed) {
			err = &client.OutcomeUnknownError{Err: failed} // of this item
			continue
		}
		w.ids[i], w.results[i].Err = id, failed
	}
	return err
}
