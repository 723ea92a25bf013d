package mockserver

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// listQuery is a parsed query of a list.
type listQuery struct {
	order          ordering
	conditions     []condition
	includeDeleted bool
	after, before  cursor // nil if not given
	first, last    int    // 0 if not given
	expand, load   *selection
}

type pageInfo struct {
	StartCursor     *string `json:"start_cursor"`
	EndCursor       *string `json:"end_cursor"`
	HasPreviousPage bool    `json:"has_previous_page"`
	HasNextPage     bool    `json:"has_next_page"`
}

type listReply struct {
	Success  bool             `json:"success"`
	Total    int              `json:"total"`
	PageInfo pageInfo         `json:"page_info"`
	Data     []map[string]any `json:"data"`
}

func (r renderer) list(t *table, q *listQuery) listReply {
	matches := t.matching(q)
	start, end := q.page(matches)

	reply := listReply{Success: true, Total: len(matches), Data: []map[string]any{}}
	if start == end {
		return reply // past the end, there are no cursors and no neighboring pages, as recorded
	}
	startCursor := r.encodeCursor(q.order, matches[start])
	endCursor := r.encodeCursor(q.order, matches[end-1])
	reply.PageInfo = pageInfo{&startCursor, &endCursor, start > 0, end < len(matches)}
	for _, rec := range matches[start:end] {
		reply.Data = append(reply.Data, r.render(t.def, rec, q.expand, q.load))
	}
	return reply
}

// page returns the part of the matches that the query asks for. It limits the matches to those between the cursors,
// takes the first of these, and then the last of the remaining ones.
func (q *listQuery) page(matches []*record) (start, end int) {
	end = len(matches)
	if q.after != nil {
		start = sort.Search(end, func(i int) bool { return q.order.compareToCursor(matches[i], q.after) > 0 })
	}
	if q.before != nil {
		end = sort.Search(end, func(i int) bool { return q.order.compareToCursor(matches[i], q.before) >= 0 })
	}
	end = max(start, end)
	if q.first > 0 {
		end = min(end, start+q.first)
	}
	if q.last > 0 {
		start = max(start, end-q.last)
	}
	return start, end
}

// maxMatches is how many results a table keeps.
const maxMatches = 16

// matching returns all records that the query finds, in its order. It keeps the result, so that the pages of one list
// don't search again while nothing is written.
func (t *table) matching(q *listQuery) []*record {
	key := q.key()
	if cached, ok := t.matches[key]; ok && cached.upTo == len(t.log) {
		return cached.records
	}
	var matches []*record
	for _, r := range t.candidates(q) {
		if q.finds(r) {
			matches = append(matches, r)
		}
	}
	if len(t.matches) >= maxMatches {
		clear(t.matches)
	}
	t.matches[key] = cachedRecords{len(t.log), matches}
	return matches
}

// key returns the same text for queries that find the same records in the same order.
func (q *listQuery) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %t", q.order, q.includeDeleted)
	for _, c := range q.conditions {
		fmt.Fprintf(&b, " %s %s %q", c.field.name, c.op, c.text)
	}
	return b.String()
}

func (q *listQuery) finds(r *record) bool {
	if r.deleted && !q.includeDeleted {
		return false
	}
	for i := range q.conditions {
		if !q.conditions[i].holds(r) {
			return false
		}
	}
	return true
}

// candidates returns the records that the query may find, in its order. If the query asks for revisions above a
// floor, it may return only the records that the log names since then. Otherwise, it returns all records.
func (t *table) candidates(q *listQuery) []*record {
	for _, c := range q.conditions {
		if c.field.name != "revision" || c.op != "gt" && c.op != "gte" {
			continue
		}
		floor, _ := c.values[0].(int)
		entry, _ := slices.BinarySearchFunc(t.log, floor, func(e logEntry, floor int) int { return e.revision - floor })
		if len(t.log)-entry < len(t.records)/4 {
			return t.pick(t.writtenSince(entry), q.order)
		}
	}
	return t.sorted(q.order)
}
