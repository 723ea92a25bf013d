package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// FetchMany returns those of the records that exist, including soft-deleted ones. If it returns an error, some may be
// missing.
//
// floor is a revision that all of them should be above, or [NoFloor] if none is known. FetchMany lists the records
// above floor. The list may lack some, for example because the service does not filter by revision. FetchMany reads
// those in the cheaper of two ways: another page, or a get for each. So n records that have just been written cost
// ⌈n/100⌉ requests.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) FetchMany(ctx context.Context, ids []client.ID, floor int64) (map[client.ID]T, error) {
	return newListing(c, floor).fetch(ctx, ids)
}

// fetch is FetchMany with a list for one reader.
func (l *listing[T, In]) fetch(ctx context.Context, ids []client.ID) (map[client.ID]T, error) {
	f := newFetching(l, ids)
	l.closed = l.floor == NoFloor && f.listable == 1
	return f.found, f.run(ctx)
}

// A fetching is one read of many records.
type fetching[T client.Record, In Input] struct {
	col *Collection[T, In]

	list     *listing[T, In]
	missing  map[client.ID]bool // true: a list can show all that is needed of it
	listable int                // how many of missing are true
	found    map[client.ID]T
	isCheck  bool // the records may turn out to be others', so it claims none
}

func newFetching[T client.Record, In Input](list *listing[T, In], ids []client.ID) *fetching[T, In] {
	f := &fetching[T, In]{
		col: list.col, list: list,
		missing: make(map[client.ID]bool, len(ids)), found: make(map[client.ID]T, len(ids)),
	}
	for _, id := range ids {
		f.missing[id] = f.col.stubs == nil || f.col.stubs.mayBeListed(id, list.floor)
	}
	for _, isListable := range f.missing {
		if isListable {
			f.listable++
		}
	}
	return f
}

// run reads the records.
func (f *fetching[T, In]) run(ctx context.Context) error {
	if len(f.missing) == 0 {
		return nil
	}
	if f.listable > 0 {
		if err := f.pages(ctx); err != nil {
			return err
		}
	}
	wasBehind := false
	if len(f.missing) > 0 {
		newest, wanted, _ := f.col.engine.seen.wanted(true)
		wasBehind = newest < wanted
		if _, err := f.col.engine.caughtUp(ctx); err != nil { // until then, a get does not count
			return err
		}
		if err := f.each(ctx); err != nil {
			return err
		}
	}
	if len(f.missing) == 0 {
		_, err := f.col.engine.caughtUp(ctx)
		return err
	}
	if err := f.col.engine.isThere(ctx); err != nil || !wasBehind {
		return err
	}
	return f.each(ctx) // the space has caught up since
}

// pages moves ids from missing to found, page by page.
func (f *fetching[T, In]) pages(ctx context.Context) error {
	if err := f.list.lock(ctx); err != nil {
		return err
	}
	defer f.list.turn.release()
	idle := f.takeKept(ctx)
	if len(f.missing) > 0 {
		if err := f.list.failed.err(); err != nil {
			return err
		}
	}
	for f.list.goesOn(f.listable, idle) {
		before := f.listable
		records, err := f.list.next(ctx)
		if err != nil {
			return err
		}
		for _, record := range records {
			if !f.take(ctx, record) {
				f.list.keep(record)
			}
		}
		if f.listable == before {
			idle++
		}
	}
	f.list.gets += f.listable
	return nil
}

// takeKept takes the records that the list has shown to other readers. It returns the number of idle pages to start
// with: a list that has begun counts as one.
func (f *fetching[T, In]) takeKept(ctx context.Context) (idle int) {
	if !f.list.begun {
		return 0
	}
	for id := range f.missing {
		if record, isKept := f.list.kept(id); isKept {
			f.take(ctx, record)
		}
	}
	return 1
}

// take takes a listed record if it is one of the missing records, and reports whether it was.
func (f *fetching[T, In]) take(ctx context.Context, record T) (isMissing bool) {
	id := record.Meta().ID
	if !f.missing[id] {
		return false
	}
	if f.col.stubs != nil && !f.col.stubs.suffices(record) {
		f.missing[id] = false // its contents have changed, so it needs a get
		f.listable--
		return true
	}
	if f.col.complete(ctx, &record) != nil || f.col.names.place(record).IsZero() {
		return true // a get of its own returns the error, or shows the phone, without failing the rest
	}
	f.keep(id, record)
	f.listable--
	return true
}

// keep moves an id from missing to found.
func (f *fetching[T, In]) keep(id client.ID, record T) {
	if !f.isCheck {
		f.col.engine.claims.claim(id, known)
	}
	f.found[id] = record
	delete(f.missing, id)
}

// each gets the missing records with concurrent requests, one for each.
func (f *fetching[T, In]) each(ctx context.Context) error {
	ids := slices.Collect(maps.Keys(f.missing))
	records := make([]T, len(ids))
	errs := f.col.engine.readEach(len(ids), func(i int) (err error) { records[i], err = f.col.Get(ctx, ids[i]); return err })
	var failed error
	for i, id := range ids {
		switch err := errs[i]; {
		case err == nil:
			f.keep(id, records[i])
		case client.ProblemOf(err) != client.NotFound:
			failed = cmp.Or(failed, err)
		}
	}
	f.list.fail(failed)
	return failed
}
