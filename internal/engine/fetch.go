package engine

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// FetchMany returns those of the records that exist, soft-deleted ones too. With
// an error some may be missing.
//
// floor is a revision that all of them should be above, [NoFloor] where none
// is known: what is newer than it is listed, and whatever the list lacks
// (because the service does not filter by revision, say) is then had in the
// cheaper of two ways, another page or a get for each. So n records that have
// just been written cost ⌈n/100⌉ requests.
//
// GET /entities/{entity}, GET /entities/{entity}/{id}
func (c *Collection[T, In]) FetchMany(ctx context.Context, ids []client.ID, floor int64) (map[client.ID]T, error) {
	f := newFetching(c, ids, floor)
	if len(ids) == 0 {
		return f.found, nil
	}
	if count := f.listable(); count > 1 || count == 1 && floor > NoFloor {
		if err := f.pages(ctx); err != nil {
			return f.found, err
		}
	}
	if err := f.each(ctx); err != nil {
		return f.found, err
	}
	foundAll := !slices.ContainsFunc(ids, func(id client.ID) bool { return f.found[id].Meta().ID.IsZero() })
	return f.found, c.believe(ctx, foundAll)
}

// A fetching is on its way to read many records.
type fetching[T client.Record, In Input] struct {
	*Collection[T, In]

	floor   int64
	missing map[client.ID]bool // true: a list can show all that is needed of it
	found   map[client.ID]T
	upTo    int64 // the revision as of which is whatever is read from now on
}

func newFetching[T client.Record, In Input](c *Collection[T, In], ids []client.ID, floor int64) *fetching[T, In] {
	f := &fetching[T, In]{Collection: c, floor: floor, upTo: floor, missing: make(map[client.ID]bool, len(ids)), found: make(map[client.ID]T, len(ids))}
	for _, id := range ids {
		f.missing[id] = c.mayBeListed == nil || c.mayBeListed(id, floor)
	}
	return f
}

// listable returns how many of the missing a list can show.
func (f *fetching[T, In]) listable() int {
	count := 0
	for _, isListable := range f.missing {
		if isListable {
			count++
		}
	}
	return count
}

// pages moves ids from missing to found, page by page. A page that brings any of them
// is worth its request. Where they are is not known: it goes on over pages that bring
// none until those have cost as much as a get for each of the missing would, or as long
// as fewer pages than gets are left. So it costs at most twice as much as the cheapest
// number of pages, with a get for each record that they lack.
func (f *fetching[T, In]) pages(ctx context.Context) error {
	query := f.query
	query.IncludeDeleted = true
	read, idle := 0, 0
	for page, err := range f.entity.newerThan(ctx, f.floor, query) {
		if err != nil {
			return err
		}
		if read == 0 {
			observePage(&f.engine.seen, page)
			f.upTo = max(f.upTo, newest(page.Records))
		}
		before := f.listable()
		for _, record := range page.Records {
			f.keep(ctx, record)
		}
		missing := f.listable()
		if missing == before {
			idle++
		}
		read += len(page.Records)
		left := (page.Total - read + client.MaxPageSize - 1) / client.MaxPageSize
		if !page.HasNextPage || missing == 0 || missing <= idle && missing <= left {
			break // a list may end too soon: what it lacks is got by itself
		}
	}
	return nil
}

// keep moves a listed record to found, if it is one of the missing.
func (f *fetching[T, In]) keep(ctx context.Context, record T) {
	id := record.Meta().ID
	if !f.missing[id] {
		return
	}
	if f.suffices != nil && !f.suffices(record) {
		f.missing[id] = false // it has changed
		return
	}
	if f.complete(ctx, &record) != nil {
		return // its own get says why, and its neighbours don't suffer
	}
	*f.asOf(&record) = f.upTo
	f.engine.claims.take(id)
	f.found[id] = record
	delete(f.missing, id)
}

// each gets the missing one by one, side by side.
func (f *fetching[T, In]) each(ctx context.Context) error {
	type answer struct {
		record T
		err    error
	}
	answers := make(chan answer, len(f.missing))
	var group errgroup.Group
	group.SetLimit(f.engine.config.MaxConcurrentRequests)
	for id := range f.missing {
		group.Go(func() error {
			record, err := f.Get(ctx, id)
			answers <- answer{record, err}
			return nil
		})
	}
	_ = group.Wait()
	close(answers)
	var failed error
	for answer := range answers {
		switch {
		case answer.err == nil:
			asOf := f.asOf(&answer.record)
			*asOf = max(*asOf, f.upTo)
			f.found[answer.record.Meta().ID] = answer.record
		case client.ProblemOf(answer.err) != client.NotFound:
			failed = cmp.Or(failed, answer.err)
		}
	}
	return failed
}

// completeAll completes records side by side, and returns the error of each.
func (c *Collection[T, In]) completeAll(ctx context.Context, records []T) []error {
	errs := make([]error, len(records))
	var group errgroup.Group
	group.SetLimit(c.engine.config.MaxConcurrentRequests)
	for i := range records {
		group.Go(func() error {
			errs[i] = c.complete(ctx, &records[i])
			return nil
		})
	}
	_ = group.Wait()
	return errs
}

// newerThan returns pages of the records with a revision above floor (all
// without one), the newest first. Where the service does not filter by
// revision, older ones come too, until nothing newer can follow. What changes
// meanwhile may be missing: it has moved to a page that was there before.
func (e *entityOf[T, In]) newerThan(ctx context.Context, floor int64, query client.Query) iter.Seq2[client.Page[T], error] {
	return func(yield func(client.Page[T], error) bool) {
		query.OrderBy = []string{"-revision"}
		if floor > NoFloor && !e.engine.refused.has(revisionFilter) {
			query.Filters = append(query.Filters, client.Filter{Field: "revision", Op: "gt", Value: fmt.Sprint(floor)})
		}
		first := true
		for page, err := range e.Pages(ctx, query) {
			if first && isRefusal(err) && len(query.Filters) > 0 {
				e.engine.refused.add(ctx, revisionFilter)
				query.Filters = nil
				for page, err := range e.newerThan(ctx, floor, query) {
					if !yield(page, err) {
						return
					}
				}
				return
			}
			first = false
			if !yield(page, err) || err != nil {
				return
			}
			if floor > NoFloor && noneNewerFollow(page, floor) {
				return
			}
		}
	}
}

// noneNewerFollow reports whether the page came newest first, as ordered, and
// ends at or below floor.
func noneNewerFollow[T client.Record](page client.Page[T], floor int64) bool {
	return isNewestFirst(page) && len(page.Records) > 0 && page.Records[len(page.Records)-1].Meta().Revision <= floor
}
