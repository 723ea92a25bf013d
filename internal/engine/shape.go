package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A shape is what sets the records of one entity apart from those of another.
type shape[T client.Record, In Input] struct {
	query      client.Query                                        // for lists
	whole      client.Query                                        // for one whole record
	headOf     func(*In) *client.Head                              // of an input
	fields     fields[T, In]                                       // that an input can set
	asOf       func(*T) *int64                                     // see [client.Conversation.AsOf]
	complete   func(context.Context, *T) error                     // reads what a reply does not show
	identity   func(In) Identity                                   // of what a create makes
	identityOf func(T) Identity                                    // of a record
	listsNames bool                                                // a list shows the name of the identity
	existed    func(context.Context, T, int64) (bool, error)       // T shows that it was there at the revision
	mayBe      func(Identity, T) bool                              // T's name may be the service's spelling of that one
	asHeld     func(In, T) In                                      // In with T's name
	prepare    func(*pending[In], T)                               // an update of what is T
	sent       func(*pending[In]) In                               // what is sent of an input
	isPlain    func(In) bool                                       // prepare needs nothing that Known doesn't know
	inUse      func(context.Context, *pending[In], client.ID) bool // others use what may have been created, or that can't be told; nil: they don't
	clean      func(context.Context, *writing[T, In]) bool         // up behind updates, where the service hasn't; whether there was anything
	extend     func(context.Context, *writing[T, In])              // what has been read back by what belongs to it; nil: nothing does

	// Where lists show only a part of a record; nil where they show it all.
	find        func(context.Context, client.ID) (T, error) // one record, as a get
	isStub      func(T) bool                                // it shows nothing of the fields
	suffices    func(T) bool                                // what a list has shown of the record is all that is needed
	mayBeListed func(id client.ID, floor int64) bool        // a list of what is newer than floor can show all that is needed of the record
}
