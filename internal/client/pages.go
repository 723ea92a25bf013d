package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
)

const (
	// mostPasses is how many times a walk reads a list that ends too soon.
	mostPasses = 4
	// mostUncounted is the largest number of records in a list without a total.
	mostUncounted = 1 << 20
)

// All returns every match, each record once. It ends with an error if the list does not end, or ends too soon; see
// [Walk].
//
// GET /entities/{entity}, a request for each page
func (e *Entity[T, In]) All(ctx context.Context, query Query) iter.Seq2[T, error] {
	return e.Each(ctx, query, 0)
}

// Some returns the records of [Entity.Each], or the first error.
//
// GET /entities/{entity}, a request for each page
func (e *Entity[T, In]) Some(ctx context.Context, query Query, limit int) ([]T, error) {
	return Collect(e.Each(ctx, query, limit))
}

// Each returns the first matches, each record once. It returns at most limit records, or all if limit is 0. It reads
// no more pages than it needs, and ends with the first error.
//
// GET /entities/{entity}, a request for each page
func (e *Entity[T, In]) Each(ctx context.Context, query Query, limit int) iter.Seq2[T, error] {
	if limit > 0 {
		query.First = min(limit, MaxPageSize)
	}
	return func(yield func(T, error) bool) {
		count := 0
		for page, err := range e.Pages(ctx, query) {
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, record := range page.Records {
				if count++; !yield(record, nil) || count == limit {
					return
				}
			}
		}
	}
}

// Collect returns all records, or the first error.
func Collect[T any](records iter.Seq2[T, error]) ([]T, error) {
	var found []T
	for record, err := range records {
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, nil
}

// Pages returns the pages of a list, as [Entity.Walk] does. It ends with the first error.
//
// GET /entities/{entity}, a request for each page
func (e *Entity[T, In]) Pages(ctx context.Context, query Query) iter.Seq2[Page[T], error] {
	return Pages(ctx, e.Walk(query).Next)
}

// Pages calls next repeatedly and returns its pages, until next reports that there is none. It ends with the first
// error.
func Pages[T any](ctx context.Context, next func(context.Context) (page Page[T], more bool, err error)) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		for {
			page, more, err := next(ctx)
			if !more && err == nil || !yield(page, err) || err != nil {
				return
			}
		}
	}
}

// A Walk goes through the pages of a list. Each call of Next reads one page.
//
// A list is complete when it has shown as many records as the smallest total on any of its pages. If other users
// create records meanwhile, later totals are higher. If they delete some, later totals are lower. If a list ends too
// soon, the walk reads it again, because a record that someone changes may have moved to a page that was read before.
// If reading it again shows nothing new, or after mostPasses, the walk returns an error. It doesn't read a list again
// for a caller that stops early. If a page doesn't tell whether another one follows, the walk returns an error.
type Walk[T Record, In any] struct {
	entity *Entity[T, In]
	query  Query       // of the next page
	seen   map[ID]bool // records that it has shown
	passes int
	pass   pass
}

// A pass is one reading of a list, from its first page on.
type pass struct {
	known   int             // records that were seen before
	cursors map[string]bool // that it has followed
	read    int             // records, including repeated ones
	counted bool            // a page has a total
	least   int             // smallest total on any page; 0 if none has one
	most    int             // largest total on any page

	size   int    // of the last page, including repeated records
	cursor string // after it; "" once it is in the query
	more   bool   // another page follows
	isOpen bool   // it is open whether another page follows
}

// Walk returns a walk through the pages of a list.
func (e *Entity[T, In]) Walk(query Query) *Walk[T, In] {
	w := &Walk[T, In]{entity: e, query: query, seen: map[ID]bool{}}
	w.begin()
	return w
}

// begin begins a pass.
func (w *Walk[T, In]) begin() {
	w.passes++
	w.pass = pass{known: len(w.seen), cursors: map[string]bool{}, more: true}
	w.query.After = ""
}

// Next returns the next page, without the records that an earlier page has shown. It returns false if there is none.
// If the request fails, the next call repeats it.
//
// GET /entities/{entity}
func (w *Walk[T, In]) Next(ctx context.Context) (page Page[T], more bool, err error) {
	if more, err := w.advance(); !more || err != nil {
		return Page[T]{}, false, err
	}
	page, err = w.entity.List(ctx, w.query)
	if err != nil {
		return page, false, err
	}
	p := &w.pass
	p.size, p.cursor, p.more, p.isOpen = len(page.Records), page.EndCursor, page.HasNextPage, page.IsOpen
	p.read += p.size
	if page.IsCounted {
		if !p.counted {
			p.least = page.Total
		}
		p.counted, p.least, p.most = true, min(p.least, page.Total), max(p.most, page.Total)
	}
	page.Records = unseen(page.Records, w.seen)
	return page, true, nil
}

// advance makes the query ask for the next page. It returns false if there is none.
func (w *Walk[T, In]) advance() (more bool, err error) {
	switch p := &w.pass; {
	case p.more && p.cursor != "":
		if err := w.follow(p.cursor); err != nil {
			return false, err
		}
		w.query.After, p.cursor = p.cursor, ""
	case p.more: // the first page, or one whose request has failed
	case p.isOpen:
		return false, &ReplyError{HTTPStatus: http.StatusOK, Reason: "is a full page of a list, and says neither how many records match nor whether another page follows"}
	case len(w.seen) >= p.least:
		return false, nil
	case w.passes == mostPasses || w.passes > 1 && len(w.seen) == p.known:
		return false, w.tooShort()
	default:
		w.begin()
	}
	return true, nil
}

// follow returns an error if the cursor after a page can't lead to another one.
func (w *Walk[T, In]) follow(cursor string) error {
	switch p := &w.pass; {
	case p.cursors[cursor] || p.size == 0:
		return &ReplyError{HTTPStatus: http.StatusOK, Reason: "is a list whose pages repeat", Snippet: "end_cursor " + w.entity.connection.secrets.snippet([]byte(cursor))}
	case p.read > w.limit():
		reason := fmt.Sprintf("is a list that does not end: its pages have shown %d records, %d of them "+
			"different, and announce more; narrow the filters, and contact the support of the CRM if that does "+
			"not help",
			p.read, len(w.seen))
		return &ReplyError{HTTPStatus: http.StatusOK, Reason: reason, Snippet: fmt.Sprintf("total %d", p.most)}
	}
	w.pass.cursors[cursor] = true
	return nil
}

// limit is how many records a pass may read, including repeated ones. A record that changes meanwhile may be shown
// twice.
func (w *Walk[T, In]) limit() int {
	if w.pass.counted {
		return 2*w.pass.most + MaxPageSize
	}
	return min(2*len(w.seen)+MaxPageSize, mostUncounted)
}

func (w *Walk[T, In]) tooShort() error {
	reason := fmt.Sprintf("is a list that ends too soon: %d records match, but its pages show only %d, even when "+
		"read again; try again later, and contact the support of the CRM if that does not help",
		w.pass.least, len(w.seen))
	return &ReplyError{HTTPStatus: http.StatusOK, Reason: reason, Snippet: fmt.Sprintf("total %d", w.pass.least)}
}

// unseen returns the records that are not in seen yet, and adds them to it.
func unseen[T Record](records []T, seen map[ID]bool) []T {
	fresh := records[:0]
	for _, record := range records {
		if !seen[record.Meta().ID] {
			seen[record.Meta().ID] = true
			fresh = append(fresh, record)
		}
	}
	return fresh
}
