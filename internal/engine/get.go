package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Get returns one record, even if it is soft-deleted. If it does not exist,
// [client.ProblemOf] the error is [client.NotFound].
//
// GET /entities/{entity}/{id}. If that finds nothing, GET /entities/{entity}, filtered by id.
func (c *Collection[T, In]) Get(ctx context.Context, id client.ID) (T, error) {
	get := c.getWhole
	if c.stubs != nil && c.stubs.isOthers(id) {
		get = c.getStub
	}
	record, err := get(ctx, id)
	if err == nil {
		err = c.complete(ctx, &record)
	}
	if err == nil {
		c.engine.seen.observe(record.Meta().Revision)
	}
	return record, err
}

func (c *Collection[T, In]) getWhole(ctx context.Context, id client.ID) (T, error) {
	query := c.whole
	query.IncludeDeleted = true
	return c.entity.getWith(ctx, id, query)
}

// getStub gets no more of a record than a list shows, whatever the service supports.
func (c *Collection[T, In]) getStub(ctx context.Context, id client.ID) (T, error) {
	if listed, isListed, err := c.entity.listOne(ctx, id, c.query); isListed || err != nil && !isRefusal(err) {
		return listed, err
	}
	// A get that honors load-only shows only the stub.
	stub, err := c.entity.getOrList(ctx, id, c.query)
	if !isRefusal(err) {
		return stub, err
	}
	query := c.query
	query.IncludeDeleted = true
	if !c.engine.unsupported.has(idFilter) {
		query.Filters = ofID(id)
	}
	for record, err := range c.entity.All(ctx, query) { // all of them, if the service ignores the filter
		if err != nil || record.Meta().ID == id {
			return record, err
		}
	}
	return stub, &GoneError{ID: id}
}

// getWith gets a record with a query. If the service refuses the query, it gets the whole record: the vendor's
// documents disagree on whether a get takes parameters.
func (e *entityOf[T, In]) getWith(ctx context.Context, id client.ID, query client.Query) (T, error) {
	plain := e.engine.unsupported.has(getParameters)
	if plain {
		query = client.Query{}
	}
	record, err := e.getOrList(ctx, id, query)
	if isRefusal(err) && !plain {
		if record, err = e.getOrList(ctx, id, client.Query{}); err == nil || client.ProblemOf(err) == client.NotFound {
			e.engine.unsupported.add(ctx, getParameters)
		}
	}
	return record, err
}

// getOrList gets a record. If the get finds none, it also lists the records with that id, because some services
// answer a get of a soft-deleted record as if it did not exist. So "not found" means that the record is gone for
// good. If the service does not filter by id, the record may be soft-deleted.
func (e *entityOf[T, In]) getOrList(ctx context.Context, id client.ID, query client.Query) (T, error) {
	found, notFound := e.Get(ctx, id, query)
	if client.ProblemOf(notFound) != client.NotFound {
		return found, notFound
	}
	listed, isListed, err := e.listOne(ctx, id, query)
	if isListed {
		return listed, nil
	}
	if isRefusal(err) {
		err = e.engine.isThere(ctx)
	}
	return found, cmp.Or(err, notFound)
}

// listOne lists the record with the id, even if it is soft-deleted.
func (e *entityOf[T, In]) listOne(ctx context.Context, id client.ID, query client.Query) (record T, isListed bool, err error) {
	query.First, query.IncludeDeleted = 1, true
	query.Filters = ofID(id)
	page, err := e.List(ctx, query)
	if isRefusal(err) {
		e.engine.unsupported.add(ctx, idFilter)
	}
	if i := slices.IndexFunc(page.Records, func(record T) bool { return record.Meta().ID == id }); i >= 0 {
		return page.Records[i], true, err
	}
	return record, false, err
}

// ofID filters records by their id.
func ofID(id client.ID) []client.Filter {
	return []client.Filter{{Field: "id", Op: "eq", Value: id.String()}}
}

// ofConversation filters messages or relations by their conversation.
func ofConversation(id client.ID) []client.Filter {
	return []client.Filter{{Field: "text_message_conversation_id", Value: id.String()}}
}
