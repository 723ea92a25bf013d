package client

import "context"

// remove soft-deletes the records of one batch. What is deleted or gone
// already, perhaps by a request whose reply got lost, is no error.
func (e *Entity[T, In]) remove(ctx context.Context, ids []ID, options WriteOptions) []Result[struct{}] {
	results := make([]Result[struct{}], len(ids))
	answers, err := e.BatchDelete(ctx, ids, options)
	if isRefusedWhole(err) && len(ids) > 1 {
		half := len(ids) / 2
		return append(e.remove(ctx, ids[:half], options), e.remove(ctx, ids[half:], options)...)
	}
	for i, id := range ids {
		itemErr := err
		if err == nil {
			itemErr = answers[i].Err
		}
		if itemErr != nil && !e.isGone(ctx, id, itemErr) {
			results[i].Err = itemErr
		}
	}
	return results
}

// isGone reports whether deleting the record failed because there was nothing
// left to delete.
func (e *Entity[T, In]) isGone(ctx context.Context, id ID, err error) bool {
	switch ProblemOf(err) {
	case NotFound:
		return e.client.isThere(ctx) == nil
	case Refused, NotPermitted, UnexpectedReply, Other:
		found, err := e.Get(ctx, id, Query{})
		return ProblemOf(err) == NotFound || err == nil && found.deleted()
	}
	return false
}
