package client

import "context"

// remove soft-deletes the records of one batch. What is deleted or gone
// already, perhaps by a request whose reply got lost, is no error.
func (e *Entity[T, In]) remove(ctx context.Context, ids []ID, options WriteOptions) []Result[struct{}] {
	results := make([]Result[struct{}], len(ids))
	answers, err := e.BatchDelete(ctx, ids, options)
	if ProblemOf(err) == NotFound {
		err = firstError(e.client.isThere(ctx), err)
	}
	if isRefusedWhole(err) && len(ids) > 1 {
		half := len(ids) / 2
		return append(e.remove(ctx, ids[:half], options), e.remove(ctx, ids[half:], options)...)
	}
	var blind error
	for i, id := range ids {
		itemErr := err
		if err == nil {
			itemErr = answers[i].Err
		}
		if itemErr == nil {
			continue
		}
		gone := false
		if blind == nil { // what can't be seen of one can't be seen of the others
			gone, blind = e.isGone(ctx, id, itemErr)
		}
		if !gone {
			results[i].Err = itemErr
		}
	}
	return results
}

func (c *Client) removeConversations(ctx context.Context, ids []ID, options WriteOptions) []Result[struct{}] {
	for _, id := range ids {
		c.reads.finish(id)
	}
	return c.conversations.remove(ctx, ids, options)
}

// isGone reports whether deleting the record failed because there was nothing
// left to delete. An error says that this could not be found out.
func (e *Entity[T, In]) isGone(ctx context.Context, id ID, err error) (bool, error) {
	switch ProblemOf(err) {
	case NotFound:
		there := e.client.isThere(ctx)
		return there == nil, there
	case Refused, NotPermitted, UnexpectedReply, OutcomeUnknown, Other:
		found, err := e.Get(ctx, id, Query{})
		if ProblemOf(err) == NotFound {
			there := e.client.isThere(ctx)
			return there == nil, there
		}
		return err == nil && found.deleted(), err
	}
	return false, nil
}
