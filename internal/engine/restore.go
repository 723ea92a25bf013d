package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// restore undoes the soft deletes of those of the items that ask for it, and
// reports whether it has tried any. Those for which it fails have an error then.
func (w *writing[T, In]) restore(ctx context.Context, items []int) bool {
	deleted := slices.DeleteFunc(slices.Clone(items), func(i int) bool { return !w.changes[i].Restore })
	ids := make([]client.ID, len(deleted))
	for n, i := range deleted {
		ids[n], _ = w.head(i).ID.Get()
	}
	for n, err := range w.entity.restore(ctx, ids, w.options) {
		i := deleted[n]
		w.results[i].Err = err
		if err == nil && len(w.changes[i].Input.Fields()) == 0 {
			w.ids[i] = ids[n] // that is all
		}
	}
	return len(deleted) > 0
}

// restore undoes the soft deletes of the records of one batch. What is not
// deleted, perhaps by a request whose reply got lost, is no error; what does not
// exist any more has a *GoneError, what else fails a *RestoreError.
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

// operate carries out an operation on the records of one batch, and where it
// fails looks at what became of the record: judge tells what the error means for
// one that was found, or (nil) does not exist any more, deleted or not.
func (e *entityOf[T, In]) operate(
	ctx context.Context, ids []client.ID, options client.WriteOptions,
	operation func(context.Context, []client.ID, client.WriteOptions) ([]client.BatchResult, error),
	judge func(id client.ID, found *T, err error) error,
) []error {
	errs := make([]error, len(ids))
	if len(ids) == 0 {
		return errs
	}
	// Each stands for itself, whatever else is written with it.
	options.RollbackMethod = client.RollbackFailed
	answers, err := operation(ctx, ids, options)
	if client.ProblemOf(err) == client.NotFound {
		err = cmp.Or(e.engine.isThere(ctx), err)
	}
	if (isRefusedWhole(err) || isTooLarge(err)) && len(ids) > 1 {
		half := len(ids) / 2
		return append(e.operate(ctx, ids[:half], options, operation, judge), e.operate(ctx, ids[half:], options, operation, judge)...)
	}
	blind := false
	for i, id := range ids {
		itemErr := err
		if err == nil {
			itemErr = answers[i].Err
		}
		if itemErr == nil {
			continue
		}
		errs[i] = itemErr
		if blind || !isWorthALook(itemErr) {
			continue // what can't be seen of one can't be seen of the others
		}
		found, lookErr := e.peek(ctx, id)
		switch {
		case client.ProblemOf(lookErr) == client.NotFound:
			errs[i] = cmp.Or(e.engine.isThere(ctx), judge(id, nil, itemErr))
		case lookErr != nil:
			blind = true
		default:
			errs[i] = judge(id, &found, itemErr)
		}
	}
	return errs
}

// peek finds a record to see whether it is deleted, or may not be.
func (e *entityOf[T, In]) peek(ctx context.Context, id client.ID) (T, error) {
	found, err := e.find(ctx, id, client.Query{LoadOnly: []string{"id", "is_deleted", "is_delete_protected"}})
	if isRefusal(err) {
		return e.find(ctx, id, client.Query{})
	}
	return found, err
}

// isWorthALook reports whether an error says that the service has been reached.
func isWorthALook(err error) bool {
	switch client.ProblemOf(err) {
	case client.NotFound, client.Refused, client.RelationNotFound, client.NotPermitted, client.UnexpectedReply, client.OutcomeUnknown:
		return true
	case client.Other:
		return errors.As(err, new(*client.APIError))
	}
	return false
}
