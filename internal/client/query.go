package client

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MaxPageSize is the most records that the API puts on one page.
const MaxPageSize = 100

// A Query selects, orders and shapes what a list returns.
// Source: the vendor's OpenAPI document, version 100.
type Query struct {
	First int    // page size; 0: [MaxPageSize]
	After string // cursor that the page follows; only [Entity.List] uses it

	Filters        []Filter // all must hold, even several of one field
	OrderBy        []string // fields, descending with a leading "-"
	Expand         []string // relations to show as whole records
	LoadOnly       []string // fields to show; nil: all
	IncludeDeleted bool     // soft-deleted records too
}

// A Filter compares one field with a value.
type Filter struct {
	Field string
	Op    string // eq, ieq, not-eq, not-ieq, contains, starts, ends, icontains, istarts, iends, null, not-null, empty, not-empty, gt, gte, lt, lte, between; "": eq
	Value string
}

func (q Query) values() url.Values {
	v := url.Values{}
	v.Set("first", strconv.Itoa(cmp.Or(max(q.First, 0), MaxPageSize)))
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("after", q.After)
	set("order-by", strings.Join(q.OrderBy, ","))
	uses := map[string]int{}
	for _, filter := range q.Filters {
		uses[filter.Field]++
	}
	for _, filter := range q.Filters {
		op := filter.Op
		if op == "" && uses[filter.Field] > 1 {
			op = "eq" // the API assigns operators to values by their order, so no operator may be missing
		}
		v.Add("filter["+filter.Field+"]", filter.Value)
		if op != "" {
			v.Add("filter-op["+filter.Field+"]", op)
		}
	}
	q.shape(v)
	return v
}

// shows reports whether the query asks for the field.
func (q Query) shows(field string) bool {
	return len(q.LoadOnly) == 0 || slices.Contains(q.LoadOnly, field)
}

// shape sets the parameters that a get and a list have in common.
func (q Query) shape(v url.Values) {
	if len(q.Expand) > 0 {
		v.Set("expand", strings.Join(q.Expand, ","))
	}
	if len(q.LoadOnly) > 0 {
		v.Set("load-only", strings.Join(q.LoadOnly, ","))
	}
	if q.IncludeDeleted {
		for _, name := range includeDeleted {
			v.Set(name, "true")
		}
	}
}

// These are the values of rollback-method: what a batch rolls back when an item fails.
const (
	RollbackAll    = 0 // everything
	RollbackFailed = 1 // that item
)

// WriteOptions are the options of an operation that changes something.
type WriteOptions struct {
	// ValidationLevel is the API's bit mask: 0 validates each field, 2 only
	// changed fields, 4 only system fields, 8 allows overriding read-only
	// fields, 16 allows setting a record on a deleted relationship.
	ValidationLevel int64
	// RollbackMethod of a batch: [RollbackAll] or [RollbackFailed].
	RollbackMethod int
}

func (o WriteOptions) values() url.Values {
	return url.Values{"validation-level": {strconv.FormatInt(o.ValidationLevel, 10)}, "rollback-method": {strconv.Itoa(o.RollbackMethod)}}
}
