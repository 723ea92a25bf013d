package mockserver

import (
	"cmp"
	"maps"
	"slices"
)

// record is one stored record. It never changes: a write stores another record in its place, so that a reader can keep
// using the old one.
type record struct {
	id       string
	seq      int // the order of creation in the space
	revision int
	deleted  bool
	values   map[string]any // by field, including the id and the fields above; a missing one is null
}

// with returns a copy of r with these values changed.
func (r *record) with(changes map[string]any) *record {
	values := maps.Clone(r.values)
	maps.Copy(values, changes)
	return newRecord(r.seq, values)
}

func newRecord(seq int, values map[string]any) *record {
	r := &record{seq: seq, values: values}
	r.id, _ = values["id"].(string)
	r.revision, _ = values["revision"].(int)
	r.deleted, _ = values["is_deleted"].(bool)
	return r
}

// text returns the value of a field that holds a string, and "" if it is null.
func (r *record) text(name string) string {
	s, _ := r.values[name].(string)
	return s
}

// table holds the records of one entity.
type table struct {
	def      *entity
	records  map[string]*record
	children map[string]map[string]*record // of each conversation, by id; only if the entity has a parent
	log      []logEntry                    // all writes, so that the caches below can catch up

	orders  map[string]cachedRecords // all records, by order
	matches map[string]cachedRecords // the results of queries, by their key
	numbers *numberIndex
}

// cachedRecords are records of a table up to an entry of its log.
type cachedRecords struct {
	upTo    int
	records []*record
}

// logEntry is a write of a record, with the revision of the space at that time.
type logEntry struct {
	revision int
	id       string
}

func newTable(def *entity) *table {
	return &table{
		def:      def,
		records:  map[string]*record{},
		children: map[string]map[string]*record{},
		orders:   map[string]cachedRecords{},
		matches:  map[string]cachedRecords{},
	}
}

// clone returns a copy of the table, without its caches.
func (t *table) clone() *table {
	clone := newTable(t.def)
	maps.Copy(clone.records, t.records)
	for parent, children := range t.children {
		clone.children[parent] = maps.Clone(children)
	}
	clone.log = slices.Clone(t.log)
	return clone
}

// replace replaces the record with that id by r, or removes it if r is nil. It returns the old record.
func (t *table) replace(id string, r *record) (old *record) {
	old = t.records[id]
	delete(t.records, id)
	if old != nil && t.def.parent != "" {
		delete(t.children[old.text(t.def.parent)], id)
	}
	if r == nil {
		return old
	}
	t.records[id] = r
	if t.def.parent != "" {
		parent := r.text(t.def.parent)
		if t.children[parent] == nil {
			t.children[parent] = map[string]*record{}
		}
		t.children[parent][id] = r
	}
	return old
}

// inOrder returns records in the order of their creation.
func inOrder(records map[string]*record) []*record {
	return slices.SortedFunc(maps.Values(records), func(a, b *record) int { return cmp.Compare(a.seq, b.seq) })
}
