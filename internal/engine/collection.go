package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A Collection reads and writes the records of one entity as if there were no
// limit to a request: it gathers what concurrent callers want, reads many in
// the cheaper of several ways, compares before it updates, and looks before it
// repeats. What it has no method for is an operation of the client's entity.
type Collection[T client.Record, In Input] struct {
	entity *entityOf[T, In]

	shape[T, In]
	engine  *Engine
	reads   *listing[T, In] // shared by all who read
	feed    *feed[T]
	writes  queues[Change[In], Result[T]]
	removes queues[client.ID, error]
	batches chan struct{} // one for each batch under way
}

// agrees reports whether the record has everything that the input sets. Links that an
// update should have removed don't matter: the read-back removes those that a service
// which merges arrays has kept.
func (c *Collection[T, In]) agrees(in In, record T) bool {
	return len(c.fields.differences(&in, &record, !c.headOf(&in).ID.IsZero())) == 0
}

// carried reports whether the record has everything that the input sets, however the
// service writes it.
func (c *Collection[T, In]) carried(in In, record T) bool {
	return c.agrees(c.fields.unspelled(in, &record), record)
}

// lacks reports whether the record agrees but for what is empty there, or what the
// service may have made of it.
func (c *Collection[T, In]) lacks(in In, record T) bool { return c.fields.like(&in, &record) }

// believe returns an error where the space does not exist, or shows less than its user
// has seen of it: then "not found" proves nothing. What was found is there, even where
// the revision of the space can't be read.
func (c *Collection[T, In]) believe(ctx context.Context, foundAll bool) error {
	err := c.engine.shows(ctx, !foundAll)
	if foundAll && client.ProblemOf(err) != client.Behind {
		return nil
	}
	return err
}

// Known tells the engine of records that are known to its user, though it has
// not read them: none of them can have been made by a lost create. It returns those that
// the engine has taken for the result of one before it knew.
func (c *Collection[T, In]) Known(ids ...client.ID) (adopted []client.ID) {
	for _, id := range ids {
		if !c.engine.claims.take(id) && c.engine.claims.wasAdopted(id) {
			adopted = append(adopted, id)
		}
	}
	return adopted
}
