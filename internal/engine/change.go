package engine

import "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"

// A Result is the answer to one change: the record, or the error.
type Result[T any] struct {
	Value T
	Err   error

	// For a create with a lost request:
	Adopted bool        // Value is a record that was found in the space and adopted
	Unsent  bool        // an earlier attempt has made it: this create was not sent
	Twins   []client.ID // other records that the lost request may have made

	// Since is a moment before a create. What it has made is newer.
	Since Moment

	// LookAlikes are unclaimed records with the identity of what a create has made, as far as
	// the read-back has listed them. The user may have looked for them in vain before. Those of
	// [Collection.LookFor] contradict what the attempt has sent: others may have made or changed them.
	LookAlikes []client.ID

	// Earlier is the attempt for the next [Collection.LookFor], with the claimed records
	// that this one has passed. It is nil if this one has passed none.
	Earlier *Attempt
}

// An Attempt is an earlier attempt at a create, whose outcome is unknown.
type Attempt struct {
	Since Moment // before it was sent
	// Passed are claimed records that are newer than Since, with their revisions. The
	// attempt can't have made them, even if a later search does not know their claims. It
	// names each record, because an older one may still turn up.
	Passed map[client.ID]int64
	// Messages are those that it has sent inside a conversation: a list for each try that had
	// different ones. A conversation with any others is used by others. They are nil in the
	// error of a first attempt, which has sent those of its input.
	Messages [][]client.MessageInput
	// IsRecalled means that the caller no longer knows all records that the attempt has passed. So
	// the engine does not adopt a record that has changed since it was created: it may be one of
	// those.
	IsRecalled bool
}

// mayHaveMade reports whether the attempt may have made the record.
func (a Attempt) mayHaveMade(meta client.RecordValues) bool {
	_, isPassed := a.Passed[meta.ID]
	return meta.Revision > a.Since.Revision && !isPassed
}

// An Input holds the values to create or update a record with.
type Input interface {
	Fields() []string // names of the fields that it sets
}

// A Change is an input, with what the engine needs to know to write it.
type Change[In Input] struct {
	Input In

	// Baseline is that of an update. Without it, the engine finds no conflicts: the update
	// overwrites what others have changed.
	Baseline *Baseline
	// Restore undoes a soft delete before the update.
	Restore bool
	// Earlier is an earlier attempt at this create. The engine first looks for what that has made.
	// Tried is what the attempt has sent, nil if it was the Input. A record that contradicts Tried
	// is not the attempt's.
	Earlier *Attempt
	Tried   *In
	// Owner is a name of whoever has the record afterwards, empty if unknown. See
	// [Collection.Leave] and [Collection.Claim].
	Owner string
}

// IsNeeded reports whether the change sets a field or restores the record.
func (c Change[In]) IsNeeded() bool { return len(c.Input.Fields()) > 0 || c.Restore }
