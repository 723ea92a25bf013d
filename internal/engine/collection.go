package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A Collection reads and writes the records of one entity as if there were no
// limit to a request: it gathers what concurrent callers want, reads many in
// the cheaper of several ways, compares before it updates, and looks before it
// repeats. What it has no method for is an operation of the client's entity.
type Collection[T client.Record, In Input] struct {
	entity *entityOf[T, In]

	shape[T, In]
	engine  *Engine
	reads   *listing[T]
	mirror  *mirror[T]
	writes  queues[Change[In], Result[T]]
	removes queues[client.ID, error]
	batches chan struct{} // one for each batch under way
}

// A Result is the answer to one change: the record, or the error.
type Result[T any] struct {
	Value T
	Err   error

	// Of a create that was not seen to be carried out:
	Adopted bool        // Value was found in the space, and agrees with what was to be created
	Twins   []client.ID // records that the same create may have made besides
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

// A shape is what sets the records of one entity apart from those of another.
type shape[T client.Record, In Input] struct {
	query      client.Query                                        // for lists
	whole      client.Query                                        // for one whole record
	headOf     func(*In) *client.Head                              // of an input
	fields     fields[T, In]                                       // that an input can set
	asOf       func(*T) *int64                                     // see [Conversation.AsOf]
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

// agrees reports whether the record has everything that the input sets. Links that an
// update should have removed don't matter: the read-back removes those that a service
// which merges arrays has kept.
func (c *Collection[T, In]) agrees(in In, record T) bool {
	return len(c.fields.differences(&in, &record, !c.headOf(&in).ID.IsZero())) == 0
}

// lacks reports whether the record agrees but for what is empty there, or what the
// service may have made of it.
func (c *Collection[T, In]) lacks(in In, record T) bool { return c.fields.like(&in, &record) }

func newCollection[T client.Record, In Input](e *Engine, entity *client.Entity[T, In], shape shape[T, In]) *Collection[T, In] {
	col := &Collection[T, In]{
		entity:  &entityOf[T, In]{entity, e},
		shape:   shape,
		engine:  e,
		reads:   newListing[T](shape.query),
		mirror:  newMirror[T](),
		batches: make(chan struct{}, e.config.MaxConcurrentRequests),
	}
	col.writes.run = col.write
	col.removes.run = col.remove
	return col
}

// CreateOrUpdate writes one record, together with those that other callers
// write at the same time, and returns it as the CRM then holds it. An input
// without an ID creates; an update needs ID and Revision, and Known beside it.
//
// An error is as of [Entity], or a *ConflictError, *GoneError or *RestoreError; an
// *UnreadError says that the record was written all the same. An
// *OutcomeUnknownError means that even looking at what the CRM holds now did not
// tell.
func (c *Collection[T, In]) CreateOrUpdate(ctx context.Context, change Change[In], validationLevel int64) Result[T] {
	result, err := c.writes.at(c.engine, validationLevel).Do(ctx, change)
	result.Err = c.stillOpen(change, cmp.Or(err, result.Err))
	return result
}

// LookFor looks for what earlier attempts at creates have made, for the recovery
// timeout where patient, else once, and changes nothing. Each change has a Since. A
// result without an error holds a record that has everything that was sent, its ID zero
// where there is none; an *OutcomeUnknownError means that this could not be told. It
// holds an *AmbiguousError where a record may have been made by the attempt, and may as
// well be somebody else's: it lacks something, others write in it, or there are several.
func (c *Collection[T, In]) LookFor(ctx context.Context, changes []Change[In], patient bool) []Result[T] {
	w := newWriting(c, changes, client.WriteOptions{})
	w.exact = true
	patience := time.Duration(0)
	if patient {
		patience = c.engine.settings.RecoveryTimeout
	}
	if open, err := w.settle(ctx, w.all(), errEarlier, patience); err != nil {
		w.failUnknown(open, err)
	}
	return w.results
}

// Delete soft-deletes one record, together with those that other callers delete
// at the same time. One that is deleted or gone already is no error; one that may
// not be deleted is a *ProtectedError.
func (c *Collection[T, In]) Delete(ctx context.Context, id client.ID, validationLevel int64) error {
	failure, err := c.removes.at(c.engine, validationLevel).Do(ctx, id)
	return cmp.Or(err, failure)
}

// Get returns one record, also a soft-deleted one. [ProblemOf] its error is
// [NotFound] when there is none.
func (c *Collection[T, In]) Get(ctx context.Context, id client.ID) (T, error) {
	find := c.find
	if find == nil {
		find = c.findWhole
	}
	record, err := find(ctx, id)
	if err != nil {
		return record, err
	}
	*c.asOf(&record) = record.Changed()
	c.engine.seen.observe(record.Changed(), false)
	c.engine.seen.claim(id)
	if c.find != nil {
		return record, nil
	}
	return record, c.complete(ctx, &record)
}

func (c *Collection[T, In]) findWhole(ctx context.Context, id client.ID) (T, error) {
	query := c.whole
	query.IncludeDeleted = true
	plain := c.engine.refused.has(getParameters)
	if plain {
		query = client.Query{}
	}
	record, err := c.entity.find(ctx, id, query)
	if isRefusal(err) && !plain {
		// The vendor's documents disagree on whether a get takes parameters.
		if record, err = c.entity.find(ctx, id, client.Query{}); err == nil || client.ProblemOf(err) == client.NotFound {
			c.engine.refused.add(getParameters)
		}
	}
	return record, err
}

// Read returns one record, as Get does, for callers of whom nobody knows how
// many will follow: Terraform refreshes resources one by one.
//
// It balances two ways, as one rents skis until the rents have cost as much as
// skis would: a page is listed; what it lacks is got one by one until that has cost
// as much as listing all would; then they are listed, and the rest is answered from
// the list. So n reads of existing records in a space of t cost at most
// 2·min(n, ⌈t/100⌉)+2 requests.
//
// A *BehindError says that the space shows less than its user has seen of it.
func (c *Collection[T, In]) Read(ctx context.Context, id client.ID) (T, error) {
	var record T
	var listed bool
	var err error
	if c.mayBeListed == nil || c.mayBeListed(id, NoFloor) {
		record, listed, err = c.lookUp(ctx, id)
	}
	if !listed && err == nil {
		asOf := c.reads.current() // before the get: what comes later may be older than the list
		record, err = c.Get(ctx, id)
		*c.asOf(&record) = max(*c.asOf(&record), asOf)
	}
	if err != nil && client.ProblemOf(err) != client.NotFound {
		return record, err
	}
	return record, cmp.Or(c.believe(ctx, err == nil), err)
}

// believe returns why what was read can't be believed: the space is not the one that
// its user has seen before. What was found is there, even where it can't be seen how
// new the space is.
func (c *Collection[T, In]) believe(ctx context.Context, foundAll bool) error {
	err := c.engine.isThere(ctx)
	if foundAll && client.ProblemOf(err) != client.Behind {
		return nil
	}
	return err
}

// ListedAsOf returns the revision of the space as of which Read answers from a
// list, [NoFloor] while it doesn't.
func (c *Collection[T, In]) ListedAsOf() int64 { return c.reads.current() }

// Known tells the client of records that are known to its user, though it has
// not read them: none of them can have been made by a lost create.
func (c *Collection[T, In]) Known(ids []client.ID) {
	for _, id := range ids {
		c.engine.seen.claim(id)
	}
}
