package provider

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// The provider doesn't know how many other single resources Terraform reads, writes and deletes at the same time. So
// the engine handles the record of each single resource as if it had its own caller, and handles the records of a map
// together.

func readAll[T client.Record, In engine.Input](ctx context.Context, l layout, from *engine.Collection[T, In], ids []client.ID) (map[client.ID]T, error) {
	if l.isSingle {
		return from.ReadEach(ctx, ids)
	}
	return from.ReadMany(ctx, ids)
}

func writeAll[T client.Record, In engine.Input](ctx context.Context, w *conversationWork, to *engine.Collection[T, In], changes []engine.Change[In], rollback int, allOrNothing bool) []engine.Result[T] {
	if w.isSingle {
		return to.CreateOrUpdateEach(ctx, changes, w.level)
	}
	return to.CreateOrUpdateMany(ctx, changes, client.WriteOptions{ValidationLevel: w.level, RollbackMethod: rollback}, allOrNothing)
}

func deleteAll[T client.Record, In engine.Input](ctx context.Context, w *conversationWork, from *engine.Collection[T, In], ids []client.ID) []error {
	if w.isSingle {
		return from.DeleteEach(ctx, ids, w.level)
	}
	return from.DeleteMany(ctx, ids, w.level)
}
