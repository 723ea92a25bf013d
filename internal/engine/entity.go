package engine

import (
	"cmp"
	"context"
	"sync/atomic"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// An entityOf has the API's operations on an entity, and those that need to know the
// space: "not found" means that a record is gone only where the space is known to exist.
type entityOf[T client.Record, In any] struct {
	*client.Entity[T, In]

	engine *Engine
	pages  atomic.Int64 // that listing all records takes, as far as is known
}

// find is Get, and finds soft-deleted records too: some services answer a get of one as
// if it did not exist. "Not found" then means that the record is gone for good. Where the
// service does not filter by id, it may also be soft-deleted.
func (e *entityOf[T, In]) find(ctx context.Context, id client.ID, query client.Query) (T, error) {
	found, notFound := e.Get(ctx, id, query)
	if client.ProblemOf(notFound) != client.NotFound {
		return found, notFound
	}
	query.First, query.IncludeDeleted = 1, true
	query.Filters = []client.Filter{{Field: "id", Op: "eq", Value: id.String()}}
	page, err := e.List(ctx, query)
	for _, record := range page.Records {
		if record.Meta().ID == id {
			return record, nil
		}
	}
	if isRefusal(err) {
		e.engine.refused.add(ctx, idFilter)
		err = e.engine.isThere(ctx)
	}
	return found, cmp.Or(err, notFound)
}
