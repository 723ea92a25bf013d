package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A shape holds what differs between the records of the entities.
type shape[T client.Record, In Input] struct {
	query client.Query // of a list
	whole client.Query // of a get of everything

	headOf func(*In) *client.Head
	fields fields[T, In]   // that an input can set
	asOf   func(*T) *int64 // where a record keeps its as-of

	// complete reads what a reply lacks of the record.
	complete func(context.Context, *T) error

	// identity returns the identity of what a create makes, identityOf that of a record.
	identity   func(In) Identity
	identityOf func(T) Identity
	// listsNames means that lists show all that identityOf needs.
	listsNames bool
	// mayBe reports whether the record's name may be a spelling of the identity's.
	mayBe func(Identity, T) bool
	// mayDouble reports whether the create of the identity may have made the record, whose
	// name the service may have altered beyond recognition. Then the create is not sent
	// again. It is nil if the create is sent all the same.
	mayDouble func(Identity, T) bool
	// existed reports whether the record shows that it existed at the revision.
	existed func(context.Context, T, int64) (bool, error)
	// hasChanged reports whether the record shows a change since it was created.
	hasChanged func(T) bool
	// inUse reports whether others use the record that a create may have made. If it can't
	// tell, it reports true. If it is nil, others never do.
	inUse func(context.Context, *pending[In], client.ID) bool
	// talks returns the records that have messages with a revision above this one. If the
	// caller may not list messages, it returns none. It is nil if there are no messages.
	talks func(context.Context, int64) (map[client.ID]bool, error)

	// sentMessages returns the messages that an item and its earlier attempt have sent inside
	// a conversation, by their directions. It is nil if there are no messages.
	sentMessages func(*pending[In]) []client.MessageInput

	// prepare adapts an update to the record that the CRM holds.
	prepare func(*pending[In], T)
	// isPlain reports whether the update can do without prepare.
	isPlain func(In) bool
	// sent returns the input to send for a change.
	sent func(*pending[In]) In
	// adds reports whether an update makes something that would be there twice if it were
	// carried out twice.
	adds func(*pending[In]) bool
	// clean removes what updates should have removed but the service has kept. It
	// reports whether there was anything.
	clean func(context.Context, *writing[T, In]) bool
	// extend reads what belongs to the records that were written. It is nil if nothing does.
	extend func(context.Context, *writing[T, In])

	// The rest is for entities whose lists show stubs, and nil for others.
	find        func(context.Context, client.ID) (T, error) // gets one record
	isStub      func(T) bool
	suffices    func(T) bool                         // the engine needs no more of the record than this
	mayBeListed func(id client.ID, floor int64) bool // a list above the floor may show all that is needed
	isReferred  func(client.ID) bool                 // the caller needs the record, so it is not deleted
}
