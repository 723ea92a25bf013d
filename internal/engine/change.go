package engine

import "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"

// A Result is the answer to one change: the record, or the error.
type Result[T any] struct {
	Value T
	Err   error

	// Of a create that was not seen to be carried out:
	Adopted bool        // Value was found in the space, and agrees with what was to be created
	Twins   []client.ID // records that the same create may have made besides

	// Earlier is what the next [Collection.LookFor] needs to know, if this one has passed
	// records that are known to be something else. Otherwise it is nil.
	Earlier *Attempt
}

// An Attempt is an earlier one at a create, whose outcome is unknown.
type Attempt struct {
	Since Moment // before it was sent
	// Passed are records that are newer than Since, but known to be something else, and
	// their revisions. Who looks for the attempt need not know them otherwise. Each is named:
	// an older one may still turn up.
	Passed map[client.ID]int64
}

// mayHaveMade reports whether the attempt may have made the record.
func (a Attempt) mayHaveMade(meta client.Meta) bool {
	_, isPassed := a.Passed[meta.ID]
	return meta.Revision > a.Since.Revision && !isPassed
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
	// Earlier is an attempt at this create: the engine looks first for what it has made.
	Earlier *Attempt
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
