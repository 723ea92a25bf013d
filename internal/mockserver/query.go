package mockserver

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// These are the parameters of the requests.
const (
	paramValidation     = "validation-level"
	paramRollback       = "rollback-method"
	paramExpand         = "expand"
	paramLoadOnly       = "load-only"
	paramIncludeDeleted = "include-deleted"

	// The vendor's documents also use this name.
	paramIncludeDeletedToo = "include_deleted"
)

// parameters is the query of a request. Only filters may have several values.
type parameters map[string][]string

// get returns the value of a parameter, and whether it is given.
func (p parameters) get(name string) (string, bool) {
	if len(p[name]) == 0 {
		return "", false
	}
	return p[name][0], true
}

// parseParameters reads a query. It accepts only the allowed parameters and, if filters is set, filters.
func parseParameters(rawQuery string, filters bool, allowed ...string) (parameters, *apiError) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, invalid("Malformed query string.")
	}
	p := parameters{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		_, isFilter := filteredField(name)
		if known := filters && isFilter || slices.Contains(allowed, name); !known {
			return nil, invalid("Unknown parameter '" + name + "'.")
		}
		if len(values[name]) > 1 && !isFilter {
			return nil, invalid("Parameter '" + name + "' is given twice.")
		}
		p[name] = values[name]
	}
	return p, nil
}

// filteredField returns the field in "filter[field]" or "filter-op[field]".
func filteredField(param string) (name string, ok bool) {
	kind, rest, _ := strings.Cut(param, "[")
	name, ok = strings.CutSuffix(rest, "]")
	return name, ok && (kind == "filter" || kind == "filter-op")
}

// validationLevel returns the bits of the level: 2, 4, 8 and 16.
func (p parameters) validationLevel() (int, *apiError) {
	text, given := p.get(paramValidation)
	if !given {
		return 0, nil
	}
	level, err := strconv.Atoi(text)
	if err != nil || level < 0 || level > 30 || level%2 != 0 {
		return 0, invalid("Parameter '" + paramValidation + "' must be a sum of 2, 4, 8 and 16.")
	}
	return level, nil
}

// rollsBackAll reports whether a batch fails as a whole, which is the default.
func (p parameters) rollsBackAll() (bool, *apiError) {
	switch text, given := p.get(paramRollback); {
	case !given || text == "0":
		return true, nil
	case text == "1":
		return false, nil
	}
	return false, invalid("Parameter '" + paramRollback + "' must be 0 or 1.")
}

// includeDeletedNames returns the names of the parameter that are honored, and all that are not refused.
func (b Behavior) includeDeletedNames() (honored, allowed []string) {
	both := []string{paramIncludeDeleted, paramIncludeDeletedToo}
	switch b.IncludeDeleted {
	case Hyphen:
		return both[:1], both
	case HyphenOnly:
		return both[:1], both[:1]
	case Underscore:
		return both[1:], both
	case UnderscoreOnly:
		return both[1:], both[1:]
	}
	return both, both
}

func (p parameters) includeDeleted(behavior Behavior) (bool, *apiError) {
	honored, _ := behavior.includeDeletedNames()
	for _, name := range honored {
		text, given := p.get(name)
		if !given {
			continue
		}
		include, err := strconv.ParseBool(text)
		if err != nil {
			return false, invalid("Parameter '" + name + "' must be true or false.")
		}
		return include, nil
	}
	return false, nil
}

// projection returns the fields to expand and the fields to load. A nil load means all fields.
func (p parameters) projection(def *entity) (expand, load *selection, failure *apiError) {
	var err error
	if text, given := p.get(paramExpand); given {
		if expand, err = parsePaths(def, text, true); err != nil {
			return nil, nil, invalid("Parameter 'expand': " + err.Error() + ".")
		}
	}
	if text, given := p.get(paramLoadOnly); given {
		if load, err = parsePaths(def, text, false); err != nil {
			return nil, nil, invalid("Parameter 'load-only': " + err.Error() + ".")
		}
	}
	return expand, load, nil
}

// The bounds of a page.
const (
	defaultFirst = 30
	maxFirst     = 100
)

// count returns the number of records that first or last asks for, or 0 if it is not given.
func (p parameters) count(name string) (int, *apiError) {
	text, given := p.get(name)
	if !given {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxFirst {
		return 0, invalid(fmt.Sprintf("Parameter '%s' must be between 1 and %d.", name, maxFirst))
	}
	return n, nil
}

func (p parameters) cursor(name string, o ordering) (cursor, *apiError) {
	text, given := p.get(name)
	if !given {
		return nil, nil
	}
	at, err := decodeCursor(o, text)
	if err != nil {
		return nil, invalid("Parameter '" + name + "': " + err.Error() + ".")
	}
	return at, nil
}

// parseListQuery reads the query of a list.
func parseListQuery(def *entity, rawQuery string, behavior Behavior) (*listQuery, *apiError) {
	_, allowed := behavior.includeDeletedNames()
	p, failure := parseParameters(rawQuery, true, append([]string{"first", "last", "after", "before", "order-by", paramExpand, paramLoadOnly}, allowed...)...)
	if failure != nil {
		return nil, failure
	}
	q := &listQuery{}
	var err error
	order, _ := p.get("order-by")
	switch behavior.OrderBy {
	case Ignored:
		order = ""
	case Newest:
		order = "-created"
	}
	if q.order, err = parseOrdering(def, order); err != nil {
		return nil, invalid(err.Error() + ".")
	}
	if behavior.OrderBy == Refused && slices.ContainsFunc(q.order, func(k orderKey) bool { return k.field.name == "revision" }) {
		return nil, invalid("A list can't be ordered by the field 'revision'.")
	}
	if q.conditions, failure = p.conditions(def, behavior); failure != nil {
		return nil, failure
	}
	for _, read := range []func() *apiError{
		func() (e *apiError) { q.includeDeleted, e = p.includeDeleted(behavior); return e },
		func() (e *apiError) { q.expand, q.load, e = p.projection(def); return e },
		func() (e *apiError) { q.first, e = p.count("first"); return e },
		func() (e *apiError) { q.last, e = p.count("last"); return e },
		func() (e *apiError) { q.after, e = p.cursor("after", q.order); return e },
		func() (e *apiError) { q.before, e = p.cursor("before", q.order); return e },
	} {
		if failure := read(); failure != nil {
			return nil, failure
		}
	}
	if q.first == 0 && q.last == 0 {
		q.first = defaultFirst
	}
	return q, nil
}

// conditions returns the filters of a query, which must all hold.
func (p parameters) conditions(def *entity, behavior Behavior) ([]condition, *apiError) {
	names := map[string]bool{}
	for param := range p {
		if name, ok := filteredField(param); ok {
			names[name] = true
		}
	}
	var conditions []condition
	for _, name := range slices.Sorted(maps.Keys(names)) {
		more, err := parseConditions(def.field(name), name, p["filter["+name+"]"], p["filter-op["+name+"]"])
		if err != nil {
			return nil, invalid(err.Error() + ".")
		}
		conditions = append(conditions, more...)
	}
	onRevision := func(c condition) bool { return c.field.name == "revision" }
	if slices.ContainsFunc(conditions, onRevision) {
		switch behavior.RevisionFilter {
		case Refused:
			return nil, invalid("Field 'revision' can't be filtered.")
		case Ignored:
			conditions = slices.DeleteFunc(conditions, onRevision)
		}
	}
	return conditions, nil
}
