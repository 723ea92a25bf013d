package engine

import "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"

// A Result is the answer to one change: the record, or the error.
type Result[T any] struct {
	Value T
	Err   error

	// For a create with a lost request:
	Adopted   bool        // Value is a record that was found in the space and adopted
	Unchecked bool        // Adopted, and the caller may not list its messages, which others may have added
	Unsent    bool        // an earlier attempt has made it: this create was not sent
	Twins     []client.ID // other records that the lost requests may have made

	// Since is a moment before a create. The record that the create has made is newer.
	Since Moment

	// LookAlikes are unclaimed records with the identity of the create's record, as far as the read-back has listed
	// them. The user may have looked for them in vain before. In a result of [Collection.LookFor], they contradict
	// what the attempt has sent: other users may have made or changed them.
	LookAlikes []client.ID

	// Earlier is the attempt for the next [Collection.LookFor], including the claimed records that this one has
	// passed. It is nil if this one has passed none.
	Earlier *Attempt
}

// An Attempt is an earlier attempt at a create, whose outcome is unknown.
type Attempt struct {
	Since Moment // before it was sent
	// Passed contains claimed records that are newer than Since, with their revisions. The attempt can't have made
	// them, even if a later search does not know their claims. Passed names each record, because an older record of
	// the attempt may still appear.
	Passed map[client.ID]int64
	// Messages are the messages that the attempt has sent inside a conversation: one list for each try that had
	// different ones. A conversation with any other messages is used by others. Messages is nil in the error of a
	// first attempt, which has sent the messages of its input.
	Messages [][]client.MessageInput
	// IsRecalled means that the caller no longer knows all records that the attempt has passed. So the engine does not
	// adopt a record that has changed since it was created, because it may be one of those.
	IsRecalled bool
}

// mayHaveMade reports whether the attempt may have made the record.
func (a Attempt) mayHaveMade(meta client.RecordValues) bool {
	_, isPassed := a.Passed[meta.ID]
	return meta.Revision > a.Since.Revision && !isPassed
}

// An Input contains the values to create or update a record with.
type Input interface {
	Fields() []string // names of the fields that it sets
}

// A Change is an input, with the information that the engine needs to write it.
type Change[In Input] struct {
	Input In

	// Baseline belongs to an update. Without it, the engine finds no conflicts, and the update overwrites the changes
	// of other users.
	Baseline *Baseline
	// Restore undoes a soft delete before the update.
	Restore bool
	// Earlier is an earlier attempt at this create. The engine first looks for its result. Tried is what the attempt
	// has sent. It is nil if that was the Input. A record that contradicts Tried is not the attempt's.
	Earlier *Attempt
	Tried   *In
	// AlsoTried are the inputs of further tries of the attempt, which had others. They may have made a record each.
	AlsoTried []In
	// Owner names the owner of the record after the write. It is empty if unknown. See [Collection.Leave] and
	// [Collection.Claim].
	Owner string
}

// IsNeeded reports whether the change sets a field or restores the record.
func (c Change[In]) IsNeeded() bool { return len(c.Input.Fields()) > 0 || c.Restore }

// A pending is a change that is being written. A comparison brings it up to date.
type pending[In Input] struct {
	Change[In]

	kept     map[link]client.ID    // relations of the links that the conversation already has
	dropped  []client.ID           // relations that the update removes
	inline   []client.MessageInput // messages of a create that has become an update
	isSent   bool                  // in this batch, and not certainly in vain
	restored bool                  // by this batch, which may have raised the revision of the record
	repeated bool                  // an earlier request with it was lost
	refused  bool                  // when it was repeated; the lost request may be the reason
}

// A link names a link of a conversation by its field and the linked record.
type link struct {
	field  string
	target client.ID
}
