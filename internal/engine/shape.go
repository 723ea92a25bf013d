package engine

import (
	"context"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A shape contains everything that differs between the entities.
type shape[T client.Record, In Input] struct {
	query  client.Query // of a list
	search client.Query // of a list that a search reads
	whole  client.Query // of a get of everything
	headOf func(*In) *client.Head
	fields fields[T, In] // that an input can set

	complete func(context.Context, *T) error // reads what a list lacks of a record

	names  naming[T, In]
	links  linking[T, In]
	inside insides[T, In]
	stubs  stubbing[T] // nil if lists show whole records
}

// A naming distinguishes the records of an entity before they have an id.
type naming[T, In any] interface {
	// wanted returns the identity of the record that a create makes, and held returns the identity of a record.
	wanted(In) Identity
	held(T) Identity
	// place returns the place of a record. It takes less time than held: numbers are slow to parse.
	place(T) client.ID
	// mayBe reports whether the record's name may be a spelling of the identity's.
	mayBe(Identity, T) bool
	// mayDouble reports whether the create of the identity may have made the record, if the service may have altered
	// its name beyond recognition. Then the create is not sent again.
	mayDouble(Identity, T) bool
}

// A linking handles the links of records to other records.
type linking[T client.Record, In Input] interface {
	// areSet reports whether an update sets any.
	areSet(In) bool
	// prepare adapts an update to the record that the CRM holds.
	prepare(*pending[In], T)
	// sent returns the input to send for a change.
	sent(*pending[In]) In
	// adds reports whether the change makes links that would be there twice if it were
	// carried out twice.
	adds(*pending[In]) bool
	// left returns the links that the change removes and the record still shows.
	left(*pending[In], T) []client.ID
}

// insides handle the messages inside records, and find out from these and other traces who uses a record.
type insides[T client.Record, In Input] interface {
	// sent returns the messages that an item and its earlier attempt have sent inside the record: one list for each
	// try that had different ones.
	sent(*pending[In]) [][]client.MessageInput
	// read reads the messages that were created inside the records that were written.
	read(context.Context, *writing[T, In])
	// existed reports whether a record that has changed since a revision shows that it existed at that revision. If it
	// returns an error, it can't tell.
	existed(context.Context, T, int64) (bool, error)
	// hasChanged reports whether the record shows a change since it was created.
	hasChanged(T) bool
	// useOf returns the use of the record that a create may have made.
	useOf(context.Context, *pending[In], client.ID) (use, error)
	// talked returns the messages with a revision above this one, or nil if the caller may not
	// list messages.
	talked(context.Context, int64) (talks, error)
}

// talks are the stubs of messages that are newer than a revision, by their conversations. A conversation with only
// older messages may be a key too, without any stub.
type talks map[client.ID][]client.Message

// mayBeIn reports whether a message may be in the conversation, because a list may not show the conversation of each
// message.
func (t talks) mayBeIn(conversation client.ID) bool {
	_, isIn := t[conversation]
	_, isAnywhere := t[client.ID{}]
	return isIn || isAnywhere
}

// A use is what the messages inside a record show of who uses it.
type use int

const (
	unused     use = iota // only those of the create are there
	incomplete            // some of those are missing: they may show later
	used                  // by others, or that can't be told
)

// A stubbing knows for which records a list is sufficient, without their contents.
type stubbing[T any] interface {
	isStub(T) bool
	// cut makes a record of a search's list a stub.
	cut(*T)
	// suffices reports whether the engine needs no more of the record than this.
	suffices(T) bool
	// mayBeListed reports whether a list of what is newer than floor can show all that the
	// engine needs of the record.
	mayBeListed(id client.ID, floor int64) bool
	// isOthers reports whether the engine must not read more of the record.
	isOthers(client.ID) bool
	// isReferred reports whether the caller needs the record, so that it is not deleted.
	isReferred(client.ID) bool
}

// noLinks is for records without links.
type noLinks[T client.Record, In Input] struct{}

func (noLinks[T, In]) areSet(In) bool { return false }

func (noLinks[T, In]) prepare(*pending[In], T) {}

func (noLinks[T, In]) sent(change *pending[In]) In { return change.Input }

func (noLinks[T, In]) adds(*pending[In]) bool { return false }

func (noLinks[T, In]) left(*pending[In], T) []client.ID { return nil }

// nothingInside is for records without messages inside.
type nothingInside[T client.Record, In Input] struct{}

func (nothingInside[T, In]) sent(*pending[In]) [][]client.MessageInput { return nil }

func (nothingInside[T, In]) read(context.Context, *writing[T, In]) {}

func (nothingInside[T, In]) existed(context.Context, T, int64) (bool, error) { return false, nil }

func (nothingInside[T, In]) hasChanged(T) bool { return false }

func (nothingInside[T, In]) useOf(context.Context, *pending[In], client.ID) (use, error) {
	return unused, nil
}

func (nothingInside[T, In]) talked(context.Context, int64) (talks, error) {
	return nil, nil
}
