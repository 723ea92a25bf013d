package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// CheckAnswers does what the read-back of creates could not do: it reads the records whose ids the service returned
// for these creates. Each change must have its attempt as Earlier. CheckAnswers returns the wrong ids: no record has
// the id, or the create can't have made the record.
//
// It claims none of the records. A *BehindError says that the space shows less than its user has seen of it.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) CheckAnswers(ctx context.Context, creates map[client.ID]Change[In]) (wrong []client.ID, err error) {
	ids := slices.Collect(maps.Keys(creates))
	f := newFetching(newListing(c, lowest(ids, func(id client.ID) int64 { return creates[id].Earlier.Since.Revision })), ids)
	f.isCheck = true
	if err := f.run(ctx); err != nil {
		return nil, err
	}
	for id, create := range creates {
		record, isThere := f.found[id]
		if isThere {
			w := newWriting(c, []Change[In]{create}, client.WriteOptions{})
			w.before = create.Earlier.Since
			isOthers, err := w.isOthers(ctx, 0, record)
			if err != nil && !isForbidden(err) { // if the caller may not look, the service's word counts
				return nil, err
			}
			isThere = !isOthers
		}
		if !isThere {
			c.engine.claims.release(id, created) // another create may have made it
			wrong = append(wrong, id)
		}
	}
	return wrong, nil
}
