package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A BehindError says that the newest record of the space is older than what its user has seen there. Either a copy
// that lags behind answers reads, or a backup was restored. No record there counts as gone or as unchanged. If the
// space has shown all that its user has seen, a created record that could not be read back may still appear.
type BehindError struct {
	Space  string
	Newest int64 // revision that the space shows
	Seen   int64 // revision that it has shown before
	Wanted int64 // revision from which on a missing record counts as gone
}

func (e *BehindError) Error() string {
	if e.HasAllSeen() {
		return fmt.Sprintf("the newest revision of the space %s is %d, and until it is %d, a created record that could not be read back may still appear",
			e.Space, e.Newest, e.Wanted)
	}
	return fmt.Sprintf("the newest revision of the space %s is %d, but it has shown revision %d before",
		e.Space, e.Newest, e.Seen)
}

// HasAllSeen reports whether the space shows all that its user has seen there.
func (e *BehindError) HasAllSeen() bool { return e.Newest >= e.Seen }

// Problem is [client.Behind].
func (e *BehindError) Problem() client.Problem { return client.Behind }

// An AmbiguousError says that lost creates may have made these records. The engine adopts none, because there are too
// many, or because they may belong to someone else.
type AmbiguousError struct{ IDs []client.ID }

func (e *AmbiguousError) Error() string {
	return "each of these may be the created record: " + strings.Join(mapped(e.IDs, client.ID.String), ", ")
}

// A LostCreateError says that a create may or may not have been carried out.
type LostCreateError struct {
	Attempt

	Unsent bool // an earlier attempt may have carried it out: this create was not sent
	Err    error
}

func (e *LostCreateError) Error() string { return (&client.OutcomeUnknownError{Err: e.Err}).Error() }
func (e *LostCreateError) Unwrap() error { return e.Err }

// Problem is [client.OutcomeUnknown].
func (e *LostCreateError) Problem() client.Problem { return client.OutcomeUnknown }

// A ConflictError says that an update was not sent, because it has conflicts with what
// someone else has changed.
type ConflictError struct {
	ID      client.ID
	Known   int64 // revision that the caller knows, or [NoFloor]
	Current int64 // revision in the CRM
	Fields  []Conflict
}

func (e *ConflictError) Error() string {
	names := mapped(e.Fields, func(c Conflict) string { return c.Field })
	return fmt.Sprintf("%s now has revision %d, with another %s", e.ID, e.Current, strings.Join(names, ", "))
}

// Problem is [client.Conflicting].
func (e *ConflictError) Problem() client.Problem { return client.Conflicting }

// A GoneError says that the record to read or to update is deleted. Unless Restorable is set, it is gone for good.
type GoneError struct {
	ID         client.ID
	Restorable bool
}

func (e *GoneError) Error() string {
	if e.Restorable {
		return fmt.Sprintf("%s is deleted", e.ID)
	}
	return fmt.Sprintf("%s does not exist", e.ID)
}

// Problem is [client.NotFound].
func (e *GoneError) Problem() client.Problem { return client.NotFound }

// A ProtectedError says that a record could not be deleted because the CRM
// protects it.
type ProtectedError struct {
	ID  client.ID
	Err error
}

func (e *ProtectedError) Error() string {
	return fmt.Sprintf("the CRM protects %s against deletion: %v", e.ID, e.Err)
}
func (e *ProtectedError) Unwrap() error { return e.Err }

// A RestoreError says that a deleted record could not be restored, and so
// was not updated either.
type RestoreError struct {
	ID  client.ID
	Err error
}

func (e *RestoreError) Error() string {
	return fmt.Sprintf("%s is deleted, and restoring it failed: %v", e.ID, e.Err)
}
func (e *RestoreError) Unwrap() error { return e.Err }

// An UnreadError says that a record was written, but could not be read back.
type UnreadError struct {
	ID  client.ID
	Err error
}

func (e *UnreadError) Error() string {
	return fmt.Sprintf("%s was written, but reading it back failed: %v", e.ID, e.Err)
}
func (e *UnreadError) Unwrap() error { return e.Err }

var (
	// ErrNotSent says that a change was not sent because another one had failed.
	ErrNotSent = errors.New("not sent, because another one failed")
	// ErrRefusedNow is part of a *LostCreateError whose create was refused, although another request may have been
	// carried out: a lost request with the same create, or an earlier attempt that sent something else.
	ErrRefusedNow = errors.New("this attempt was refused")
	// ErrLinksLeft says that an update was carried out, except that it could not remove a link.
	ErrLinksLeft = errors.New("the conversation was written, but removing a link failed")
	// ErrUndone says that a conversation was created and, because another one failed, deleted again.
	ErrUndone = errors.New("created, and deleted again because another one failed")
	// ErrRolledBack says that the service rolled back a change because another
	// one in its batch failed.
	ErrRolledBack = errors.New("rolled back, because another one in the same request failed")
)

// A LeftoverError says that a conversation was created, and could not be deleted
// again when another one failed.
type LeftoverError struct {
	ID  client.ID
	Err error
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("the conversation %s was created, but could not be deleted again when another one failed: "+
		"%v", e.ID, e.Err)
}
func (e *LeftoverError) Unwrap() error { return e.Err }
