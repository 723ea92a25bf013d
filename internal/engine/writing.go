package engine

import (
	"encoding/json"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A writing contains changes on their way to the CRM, in one batch or several.
type writing[T client.Record, In Input] struct {
	col *Collection[T, In]

	options client.WriteOptions
	exact   bool // adopt only a record that has everything that was sent and no other links, and that others don't use
	changes []pending[In]
	givenUp <-chan struct{} // closed when the caller gives up
	cleaned bool            // the links that updates removed are gone
	before  Moment          // before anything is sent
	ids     []client.ID     // of the records that were written; zero until then
	creates []bool          // items that began as creates; an adopted one may become an update
	results []Result[T]
}

func newWriting[T client.Record, In Input](c *Collection[T, In], changes []Change[In], options client.WriteOptions) *writing[T, In] {
	w := &writing[T, In]{
		col: c, options: options, changes: mapped(changes, func(change Change[In]) pending[In] { return pending[In]{Change: change} }),
		ids: make([]client.ID, len(changes)), results: make([]Result[T], len(changes)),
	}
	w.creates = mapped(w.all(), w.isCreate)
	return w
}

// head returns the id and the revision of the record that an item is about.
func (w *writing[T, In]) head(i int) *client.Head { return w.col.headOf(&w.changes[i].Input) }

// identity returns the identity of what a create makes.
func (w *writing[T, In]) identity(i int) Identity { return w.col.names.wanted(w.changes[i].Input) }

// target returns the record that an item updates, or zero for a create.
func (w *writing[T, In]) target(i int) client.ID { return orZero(w.head(i).ID) }

// isUpdate reports whether an item updates a record, perhaps one that it has adopted.
func (w *writing[T, In]) isUpdate(i int) bool { return !w.head(i).ID.IsZero() }
func (w *writing[T, In]) isCreate(i int) bool { return !w.isUpdate(i) }

// all returns the positions of all items.
func (w *writing[T, In]) all() []int {
	items := make([]int, len(w.changes))
	for i := range items {
		items[i] = i
	}
	return items
}

// unfailed returns the items that have no error yet.
func (w *writing[T, In]) unfailed(items []int) []int {
	return only(items, func(i int) bool { return w.results[i].Err == nil })
}

func (w *writing[T, In]) fail(items []int, err error) {
	for _, i := range items {
		w.results[i].Err = err
	}
}

// toSend returns the items that have neither an error nor a result yet, and that have
// something to send.
func (w *writing[T, In]) toSend(items []int) []int {
	return only(w.unsettled(items), func(i int) bool { return w.isCreate(i) || len(w.changes[i].Input.Fields()) > 0 })
}

// isAwaited reports whether an item of a lost request must not be sent again before it has had time to appear. All
// other updates can be sent any number of times.
func (w *writing[T, In]) isAwaited(i int) bool {
	return w.isCreate(i) || w.col.links.adds(&w.changes[i]) || w.changes[i].refused
}

// isSettled reports whether an item has an id or an error.
func (w *writing[T, In]) isSettled(i int) bool { return w.results[i].Err != nil || !w.ids[i].IsZero() }

// unsettled returns the given items that have neither an id nor an error.
func (w *writing[T, In]) unsettled(items []int) []int {
	return only(items, func(i int) bool { return !w.isSettled(i) })
}

// createdID returns the id of the record that an item has created, or zero.
func (w *writing[T, In]) createdID(i int) client.ID {
	switch {
	case !w.creates[i] || w.results[i].Err != nil && !w.isUpdate(i):
		return client.ID{}
	case w.ids[i].IsZero(): // an adopted record that still needs its update
		return w.target(i)
	}
	return w.ids[i]
}

// failUnknown fails items that may have been carried out, because of err. The error of a create contains its attempt,
// so that the caller can look for the result later.
func (w *writing[T, In]) failUnknown(items []int, err error) {
	w.fail(items, &client.OutcomeUnknownError{Err: err})
	if creates := only(items, w.isCreate); len(creates) > 0 {
		w.col.engine.claims.giveUp(w.lostCreates(creates))
		lost := &LostCreateError{Attempt: Attempt{Since: w.before}, Err: err} // which they share, so that it is told once
		for _, i := range creates {
			w.results[i].Err = lost
			if w.changes[i].Earlier == nil {
				continue
			}
			attempt := w.attempt(i)
			attempt.Messages = w.col.inside.sent(&w.changes[i])
			w.results[i].Err = &LostCreateError{Attempt: attempt, Unsent: !w.changes[i].isSent, Err: err}
		}
	}
}

func (w *writing[T, In]) lostCreates(items []int) []lostCreate {
	return mapped(only(items, w.isCreate), func(i int) lostCreate {
		return lostCreate{of: w.identity(i), input: asSent(w.changes[i].Input)}
	})
}

func asSent(input any) string {
	text, _ := json.Marshal(input) //nolint:errchkjson // it has been marshaled to be sent
	return string(text)
}

// since returns a revision below anything that the item may have done.
func (w *writing[T, In]) since(i int) int64 {
	if revision, update := w.head(i).Revision.Get(); update {
		return revision
	}
	return w.attempt(i).Since.Revision
}

// attempt returns the earliest attempt at a create: an earlier one, or else this one.
func (w *writing[T, In]) attempt(i int) Attempt {
	if earlier := w.changes[i].Earlier; earlier != nil {
		return *earlier
	}
	return Attempt{Since: w.before}
}

// createdSince returns a revision below everything that the items have created, now or
// in an earlier attempt.
func (w *writing[T, In]) createdSince(items []int) int64 {
	return lowest(items, func(i int) int64 { return w.attempt(i).Since.Revision })
}

// sinceAny returns a revision below anything that any of the items may have done.
func (w *writing[T, In]) sinceAny(items []int) int64 { return lowest(items, w.since) }

// written returns the items that have been carried out.
func (w *writing[T, In]) written() []int { return w.unfailed(w.all()) }
