package client

import (
	"context"
	"time"
)

// A Collection reads and writes the records of one entity as if there were no
// limit to a request: it gathers what concurrent callers want, reads many in
// the cheaper of several ways, compares before it updates, and looks before it
// repeats. What it has no method for is an operation of its Entity.
type Collection[T record, In any] struct {
	Entity *Entity[T, In]

	shape[T, In]
	client  *Client
	reads   *listing[T]
	mirror  *mirror[T]
	writes  queues[In, T]
	removes queues[ID, struct{}]
	batches chan struct{} // one for each batch under way
}

// A Change is what an input says beside the fields that it sets.
type Change[T any] struct {
	ID       Field[ID]    `json:"id,omitzero"` // absent: to create
	Revision Field[int64] `json:"revision,omitzero"`

	// What follows is not sent.

	// Known is the record as the caller of an update knows it, by which changes
	// of others are told: the fields that the update sets count. nil: whatever
	// others have changed is overwritten.
	Known *T `json:"-"`
	// Restore undoes a soft delete before anything else is updated.
	Restore bool `json:"-"`
	// Since is the moment before an earlier attempt at this create whose outcome
	// is unknown: what came of it is looked for first.
	Since *Moment `json:"-"`
}

// A shape is what sets the records of one entity apart from those of another.
type shape[T record, In any] struct {
	query      Query                                       // for lists
	whole      Query                                       // for one whole record
	change     func(*In) *Change[T]                        // of an input
	fields     func(In) []string                           // that an input sets
	asOf       func(*T) *int64                             // see [Conversation.AsOf]
	complete   func(context.Context, *T) error             // reads what a reply does not show
	isLike     func(In, T) bool                            // T may be what came of creating In, if the service has changed it
	agrees     func(In, T) bool                            // T has everything that In sets
	conflict   func(In, T) []Conflict                      // see [ConflictError]
	prepareFor func(In, T) In                              // an update of what is T
	isPlain    func(In) bool                               // prepare needs nothing that Known doesn't know
	clean      func(context.Context, *writing[T, In]) bool // up behind updates, where the service hasn't; whether there was anything
	extend     func(context.Context, *writing[T, In])      // what has been read back by what belongs to it; nil: nothing does

	// Where lists show only a part of a record; nil where they show it all.
	find        func(context.Context, ID) (T, error) // one record, as a get
	suffices    func(T) bool                         // what a list has shown of the record is all that is needed
	mayBeListed func(id ID, floor int64) bool        // a list of what is newer than floor can show all that is needed of the record
}

// A record knows its id, which no reply may lack, whether it is soft-deleted,
// and whether it may not be; the space's revision when it last changed; and when
// it was created and last changed.
type record interface {
	recordID() ID
	deleted() bool
	protected() bool
	changed() int64
	times() (created, modified time.Time)
}

func newCollection[T record, In any](c *Client, entity *Entity[T, In], shape shape[T, In]) *Collection[T, In] {
	col := &Collection[T, In]{
		Entity:  entity,
		shape:   shape,
		client:  c,
		reads:   newListing[T](shape.query),
		mirror:  newMirror[T](),
		batches: make(chan struct{}, cap(c.slots)),
	}
	col.writes.run = col.write
	col.removes.run = col.remove
	return col
}

// CreateOrUpdate writes one record, together with those that other callers
// write at the same time, and returns it as the CRM then holds it. An input
// without an ID creates; an update needs ID, Revision and Known.
//
// An error is as of [Entity], or a *ConflictError, *GoneError or *RestoreError; an
// *UnreadError says that the record was written all the same. An
// *OutcomeUnknownError means that even looking at what the CRM holds now did not
// tell.
func (c *Collection[T, In]) CreateOrUpdate(ctx context.Context, input In, validationLevel int64) (T, error) {
	return c.writes.at(c.client, validationLevel).Do(ctx, input)
}

// Delete soft-deletes one record, together with those that other callers delete
// at the same time. One that is deleted or gone already is no error; one that may
// not be deleted is a *ProtectedError.
func (c *Collection[T, In]) Delete(ctx context.Context, id ID, validationLevel int64) error {
	_, err := c.removes.at(c.client, validationLevel).Do(ctx, id)
	return err
}

// Get returns one record, also a soft-deleted one. [ProblemOf] its error is
// [NotFound] when there is none.
func (c *Collection[T, In]) Get(ctx context.Context, id ID) (T, error) {
	find := c.find
	if find == nil {
		find = c.findWhole
	}
	record, err := find(ctx, id)
	if err != nil {
		return record, err
	}
	*c.asOf(&record) = record.changed()
	c.client.seen.claim(id)
	if c.find != nil {
		return record, nil
	}
	return record, c.complete(ctx, &record)
}

func (c *Collection[T, In]) findWhole(ctx context.Context, id ID) (T, error) {
	query := c.whole
	query.IncludeDeleted = true
	plain := c.client.refused.has(getParameters)
	if plain {
		query = Query{}
	}
	record, err := c.Entity.find(ctx, id, query)
	if isRefusal(err) && !plain {
		// The vendor's documents disagree on whether a get takes parameters.
		if record, err = c.Entity.find(ctx, id, Query{}); err == nil || ProblemOf(err) == NotFound {
			c.client.refused.add(getParameters)
		}
	}
	return record, err
}

// Read returns one record, as Get does, for callers of whom nobody knows how
// many will follow: Terraform refreshes resources one by one.
//
// It balances two ways, as one rents skis until the rents have cost as much as
// skis would: records are got one by one until that has cost as much as listing
// them all; then they are listed, and the rest is answered from the list. So n
// reads of existing records in a space of t cost at most 2·min(n, ⌈t/100⌉)+2
// requests.
func (c *Collection[T, In]) Read(ctx context.Context, id ID) (T, error) {
	if c.mayBeListed == nil || c.mayBeListed(id, NoFloor) {
		if record, listed, err := c.lookUp(ctx, id); listed || err != nil {
			return record, err
		}
	}
	record, err := c.Get(ctx, id)
	*c.asOf(&record) = max(*c.asOf(&record), c.reads.current())
	return record, err
}

// ListedAsOf returns the revision of the space as of which Read answers from a
// list, [NoFloor] while it doesn't.
func (c *Collection[T, In]) ListedAsOf() int64 { return c.reads.current() }

// Known tells the client of records that are known to its user, though it has
// not read them: none of them can be what came of a lost create.
func (c *Collection[T, In]) Known(ids []ID) {
	for _, id := range ids {
		c.client.seen.claim(id)
	}
}

// close sends what still waits in the queues, and takes no more.
func (c *Collection[T, In]) close() {
	c.writes.close()
	c.removes.close()
}
