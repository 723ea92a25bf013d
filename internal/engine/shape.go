package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A shape is what sets the records of one entity apart from those of another.
type shape[T client.Record, In Input] struct {
	query client.Query // of a list
	whole client.Query // of a get of everything

	headOf func(*In) *client.Head
	fields fields[T, In]   // that an input can set
	asOf   func(*T) *int64 // the place of a record's as-of

	// complete reads what a reply has not shown of the record.
	complete func(context.Context, *T) error

	// Identities of what a create makes, and of a record.
	identity   func(In) Identity
	identityOf func(T) Identity
	// listsNames says that a list shows all that the identity needs.
	listsNames bool
	// mayBe reports whether the service may have spelled the name of an identity as the
	// record has it.
	mayBe func(Identity, T) bool
	// existed reports whether the record shows that it was there at the revision.
	existed func(context.Context, T, int64) (bool, error)
	// hasChanged reports whether the record says of itself that it has changed since it was
	// created.
	hasChanged func(T) bool
	// inUse reports whether others use the record that a create may have made, or
	// whether that can't be told. nil: nobody does.
	inUse func(context.Context, *pending[In], client.ID) bool

	// prepare makes an update fit the record that the CRM holds.
	prepare func(*pending[In], T)
	// isPlain reports whether prepare needs no more of the record than the baseline has.
	isPlain func(In) bool
	// sent returns what is sent of a change.
	sent func(*pending[In]) In
	// adds reports whether an update makes something that would be there twice if it were
	// carried out twice.
	adds func(*pending[In]) bool
	// clean removes what updates should have removed and the service has kept. It
	// reports whether there was anything.
	clean func(context.Context, *writing[T, In]) bool
	// extend reads what belongs to the records that were written. nil: nothing does.
	extend func(context.Context, *writing[T, In])

	// Where lists show stubs; nil where they show whole records.
	find        func(context.Context, client.ID) (T, error) // gets one record
	isStub      func(T) bool
	suffices    func(T) bool                         // the engine needs no more of the record than this
	mayBeListed func(id client.ID, floor int64) bool // a list above the floor may show all that is needed
}
