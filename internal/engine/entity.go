package engine

import (
	"cmp"
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// An entity is one of the API's, in a space of which it must be known that it exists
// before "not found" means that a record is gone.
type entityOf[T client.Record, In any] struct {
	*client.Entity[T, In]

	engine *Engine
}

// find is Get, and also finds a soft-deleted record where the service answers a
// get of one as if it didn't exist. So "not found" means gone for good, or (the
// service refuses to be asked) as good as gone, in a space that exists.
func (e *entityOf[T, In]) find(ctx context.Context, id client.ID, query client.Query) (T, error) {
	found, notFound := e.Get(ctx, id, query)
	if client.ProblemOf(notFound) != client.NotFound {
		return found, notFound
	}
	query.First, query.IncludeDeleted = 1, true
	query.Filters = []client.Filter{{Field: "id", Op: "eq", Value: id.String()}}
	page, err := e.List(ctx, query)
	for _, record := range page.Records {
		if record.RecordID() == id {
			return record, nil
		}
	}
	if isRefusal(err) {
		e.engine.refused.add(ctx, idFilter)
		err = e.engine.isThere(ctx)
	}
	return found, cmp.Or(err, notFound)
}
