package engine

import (
	"context"
	"fmt"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A ProtectedError says that a record could not be deleted because the CRM
// protects it.
type ProtectedError struct {
	ID  client.ID
	Err error
}

func (e *ProtectedError) Error() string {
	return fmt.Sprintf("%s is protected against deletion: %v", e.ID, e.Err)
}
func (e *ProtectedError) Unwrap() error { return e.Err }

// remove soft-deletes the records of one batch. What is deleted or gone
// already, perhaps by a request whose reply got lost, is no error.
func (e *entityOf[T, In]) remove(ctx context.Context, ids []client.ID, options client.WriteOptions) []error {
	batchDelete := func(ctx context.Context, ids []client.ID, options client.WriteOptions) ([]client.BatchResult, error) {
		results, err := e.BatchDelete(ctx, ids, options)
		for i := range results {
			if client.ProblemOf(results[i].Err) == client.NotFound {
				results[i].Err = e.engine.isThere(ctx) // it is gone, in the space that is meant
			}
		}
		return results, err
	}
	return e.carryOut(ctx, ids, options, batchDelete, func(id client.ID, found *T, err error) error {
		switch {
		case found == nil, (*found).Meta().IsDeleted:
			return nil
		case (*found).Meta().IsDeleteProtected:
			return &ProtectedError{ID: id, Err: err}
		}
		return err
	})
}

func (c *Collection[T, In]) remove(ctx context.Context, ids []client.ID, options client.WriteOptions) []error {
	ctx, done := client.WithLasting(ctx, c.engine.config.RequestTimeout)
	defer done()
	for _, id := range ids {
		c.reads.finish(id)
	}
	return c.entity.remove(ctx, ids, options)
}
