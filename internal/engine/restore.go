package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// restore undoes the soft deletes of the items that ask for it, and sets the errors of
// those that fail. It reports whether any item asks for it. If the space is older than what the
// caller has seen of it, it restores none, as for [Collection.Delete].
func (w *writing[T, In]) restore(ctx context.Context, items []int) bool {
	deleted := only(items, func(i int) bool { return w.changes[i].Restore })
	if len(deleted) == 0 {
		return false
	}
	if _, err := w.col.engine.caughtUp(ctx); err != nil {
		w.fail(deleted, err)
		return false
	}
	ids := mapped(deleted, w.target)
	for n, err := range w.col.entity.restore(ctx, ids, w.options) {
		i := deleted[n]
		w.results[i].Err, w.changes[i].restored = err, true
		if err == nil && len(w.changes[i].Input.Fields()) == 0 {
			w.ids[i] = ids[n] // there is nothing to update
		}
	}
	return true
}

// restore undoes the soft deletes of the records of one batch. A record that is not deleted is not an error, because
// a lost request may have restored it. If a record no longer exists, its error is a *GoneError. If it is still
// deleted, the error is a *RestoreError. If restore can't look at the record, it returns the error of the request.
func (e *entityOf[T, In]) restore(ctx context.Context, ids []client.ID, options client.WriteOptions) []error {
	return e.operate(ctx, ids, options, e.BatchRestore, func(id client.ID, found *T, err error) error {
		switch {
		case found == nil:
			return &GoneError{ID: id}
		case !(*found).Meta().IsDeleted:
			return nil
		}
		return &RestoreError{ID: id, Err: err}
	})
}

// operate carries out an operation on the records of one batch. If a record fails, operate looks at it, and judge
// returns what the error means for it. found is nil if the record no longer exists, not even as a deleted one.
func (e *entityOf[T, In]) operate(
	ctx context.Context, ids []client.ID, options client.WriteOptions,
	operation func(context.Context, []client.ID, client.WriteOptions) ([]client.BatchResult, error),
	judge func(id client.ID, found *T, err error) error,
) []error {
	errs := make([]error, len(ids))
	if len(ids) == 0 {
		return errs
	}
	// A record that fails must not roll back the rest.
	options.RollbackMethod = client.RollbackFailed
	answers, err := operation(ctx, ids, options)
	if client.ProblemOf(err) == client.NotFound {
		err = cmp.Or(e.engine.isThere(ctx), err)
	}
	if (isRefusedWhole(err) || isTooLarge(err)) && len(ids) > 1 {
		half := len(ids) / 2
		return append(e.operate(ctx, ids[:half], options, operation, judge), e.operate(ctx, ids[half:], options, operation, judge)...)
	}
	var unsure []int
	for i, id := range ids {
		errs[i] = err
		if err == nil {
			errs[i] = answers[i].Err
		}
		if err == nil && errs[i] == nil && !slices.ContainsFunc(answers, func(answer client.BatchResult) bool { return answer.ID == id }) {
			errs[i] = answeredWith(answers[i].ID)
		}
		if isWorthALook(errs[i]) {
			unsure = append(unsure, i)
		}
	}
	var shown map[client.ID]T
	var shownAt time.Time
	for n, i := range unsure {
		if time.Since(shownAt) >= firstInterval { // judge may have waited for an old copy to catch up
			shown, shownAt = e.peekNewest(ctx, len(unsure)-n), time.Now()
		}
		record, isShown := shown[ids[i]]
		var lookErr error
		if !isShown {
			record, lookErr = e.peek(ctx, ids[i])
		}
		switch {
		case client.ProblemOf(lookErr) == client.NotFound:
			errs[i] = cmp.Or(e.engine.isThere(ctx), judge(ids[i], nil, errs[i]))
		case lookErr != nil:
			return errs // the next looks would fail too
		default:
			errs[i] = judge(ids[i], &record, errs[i])
		}
	}
	return errs
}

// peekNewest finds the newest records, if more than one is sought. A lost request that was carried out has made its
// records the newest ones, so this avoids a look at each.
func (e *entityOf[T, In]) peekNewest(ctx context.Context, sought int) map[client.ID]T {
	if sought < 2 {
		return nil
	}
	query := peeked
	query.OrderBy, query.IncludeDeleted = e.engine.unsupported.orderBy("-revision"), true
	page, _ := e.List(ctx, query) // if it fails, each gets a look of its own
	shown := make(map[client.ID]T, len(page.Records))
	for _, record := range page.Records {
		shown[record.Meta().ID] = record
	}
	return shown
}

// peek finds a record to see whether it is deleted or protected against deletion.
func (e *entityOf[T, In]) peek(ctx context.Context, id client.ID) (T, error) {
	return e.getWith(ctx, id, peeked)
}

var peeked = client.Query{LoadOnly: []string{"id", "revision", "is_deleted", "is_delete_protected"}}
