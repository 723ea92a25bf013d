package engine

import "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"

// A Result is the answer to one change: the record, or the error.
type Result[T any] struct {
	Value T
	Err   error

	// Of a create that was not seen to be carried out:
	Adopted bool        // Value was found in the space, and agrees with what was to be created
	Twins   []client.ID // records that the same create may have made besides

	// Since is the moment at which the next [Collection.LookFor] may begin, where this one
	// has found only records that are known to be something else: the next one need not
	// know them.
	Since *Moment
}

// An Input is what a record is created or updated with.
type Input interface {
	Fields() []string // that it sets, by their names
}

// A Change is an input, and what its caller says beside it.
type Change[In Input] struct {
	Input In

	// Known tells changes of others from those of the caller of an update, in the
	// fields that the update sets. nil: whatever others have changed is overwritten.
	Known *Baseline
	// Restore undoes a soft delete before anything else is updated.
	Restore bool
	// Since is the moment before an earlier attempt at this create whose outcome
	// is unknown: the engine looks first for what it has made.
	Since *Moment
}

// KnownAsOf notes that what the caller of an update knows was so as of a revision
// of the space, [NoFloor] for none.
func (c *Change[In]) KnownAsOf(revision int64) {
	if c.Known != nil {
		c.Known.AsOf = max(c.Known.AsOf, revision)
	}
}

// IsNeeded reports whether writing would change anything.
func (c Change[In]) IsNeeded() bool { return len(c.Input.Fields()) > 0 || c.Restore }
