package mockserver

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// orderKey is one field to sort by.
type orderKey struct {
	field      *field
	descending bool
}

// ordering is the fields that a list is sorted by. The id comes last, so that no two records are equal.
type ordering []orderKey

// parseOrdering reads a list like "created,-modified".
func parseOrdering(def *entity, list string) (ordering, error) {
	var o ordering
	for name := range strings.SplitSeq(list, ",") {
		if list == "" {
			break
		}
		name, descending := strings.CutPrefix(name, "-")
		f := def.field(name)
		if f == nil || f.kind == kindArray {
			return nil, errors.New("order-by names the unknown field '" + name + "'")
		}
		o = append(o, orderKey{f, descending})
		if name == "id" {
			return o, nil // ids are unique, so the keys after it don't matter
		}
	}
	return append(o, orderKey{field: def.field("id")}), nil
}

// String returns the same text for equal orderings.
func (o ordering) String() string {
	var b strings.Builder
	for _, key := range o {
		if key.descending {
			b.WriteByte('-')
		}
		b.WriteString(key.field.name + ",")
	}
	return b.String()
}

func (o ordering) compare(a, b *record) int {
	for _, key := range o {
		if c := key.compare(a.values[key.field.name], b.values[key.field.name]); c != 0 {
			return c
		}
	}
	return 0
}

func (k orderKey) compare(a, b any) int {
	if k.descending {
		return compareValues(b, a)
	}
	return compareValues(a, b)
}

// compareValues compares two values of one field. Null comes before everything.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case int:
		if y, ok := b.(int); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(boolRank(x), boolRank(y))
		}
	}
	return cmp.Compare(boolRank(a != nil), boolRank(b != nil))
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sorted returns all records of the table in this order. It sorts all records once. After that, it only sorts records
// that were written since, and merges them in.
func (t *table) sorted(o ordering) []*record {
	cached, ok := t.orders[o.String()]
	if !ok {
		cached.records = slices.SortedFunc(maps.Values(t.records), o.compare)
	} else if cached.upTo < len(t.log) {
		changed := t.writtenSince(cached.upTo)
		cached.records = merged(cached.records, changed, t.pick(changed, o), o)
	}
	cached.upTo = len(t.log)
	t.orders[o.String()] = cached
	return cached.records
}

// writtenSince returns the ids in the table's log from this entry on.
func (t *table) writtenSince(entry int) map[string]bool {
	ids := map[string]bool{}
	for _, e := range t.log[entry:] {
		ids[e.id] = true
	}
	return ids
}

// pick returns the records with these ids that exist, in this order.
func (t *table) pick(ids map[string]bool, o ordering) []*record {
	var picked []*record
	for id := range ids {
		if r := t.records[id]; r != nil {
			picked = append(picked, r)
		}
	}
	slices.SortFunc(picked, o.compare)
	return picked
}

// merged returns the sorted records, after replacing those that have changed by their current versions, which are
// sorted too.
func merged(records []*record, changed map[string]bool, versions []*record, o ordering) []*record {
	all := make([]*record, 0, len(records)+len(versions))
	for _, r := range records {
		if changed[r.id] {
			continue
		}
		for len(versions) > 0 && o.compare(versions[0], r) < 0 {
			all, versions = append(all, versions[0]), versions[1:]
		}
		all = append(all, r)
	}
	return append(all, versions...)
}
