package mockserver

import (
	"maps"
	"slices"
)

// store is the space: all tables, and the one counter of revisions. It is not safe for concurrent use; the server
// holds its lock around every operation.
type store struct {
	tables   map[string]*table
	behavior Behavior
	revision int
	seq      int
	ids      idSource
	undo     []func() // called last to first, these take back what the operation has written
}

func newStore(behavior Behavior) *store {
	s := &store{tables: map[string]*table{}, behavior: behavior}
	for _, def := range entities {
		s.tables[def.segment] = newTable(def)
	}
	return s
}

// clone returns a copy of the store. Records never change, so both share them.
func (s *store) clone() *store {
	clone := &store{tables: map[string]*table{}, behavior: s.behavior, revision: s.revision, seq: s.seq, ids: s.ids}
	for segment, t := range s.tables {
		clone.tables[segment] = t.clone()
	}
	return clone
}

// put stores r, or removes the record with this id if r is nil.
func (s *store) put(t *table, id string, r *record) {
	logged := len(t.log)
	old := t.replace(id, r)
	t.log = append(t.log, logEntry{revision: s.revision, id: id})
	s.undo = append(s.undo, func() {
		t.replace(id, old)
		t.log = t.log[:logged]
	})
}

// nextRevision raises the revision of the space, and returns it for the record to write.
func (s *store) nextRevision() int {
	s.setRevision(s.revision + 1)
	return s.revision
}

func (s *store) setRevision(revision int) {
	before := s.revision
	s.revision = revision
	s.undo = append(s.undo, func() { s.revision = before })
}

// begin starts an operation. What it writes can be taken back until the next operation begins. In between, the caches
// of the tables that it writes must not be brought up to date.
func (s *store) begin() {
	clear(s.undo)
	s.undo = s.undo[:0]
}

// savepoint returns a mark for rollBack.
func (s *store) savepoint() int {
	return len(s.undo)
}

// rollBack takes back everything that was written since the savepoint, including the counter of revisions.
func (s *store) rollBack(savepoint int) {
	for _, undo := range slices.Backward(s.undo[savepoint:]) {
		undo()
	}
	clear(s.undo[savepoint:])
	s.undo = s.undo[:savepoint]
}

// bump stores a record with these changes and a new revision. Unless the changes say otherwise, it also gets a new
// modified time.
func (s *store) bump(t *table, r *record, changes map[string]any) {
	values := map[string]any{"modified": s.modifiedAfter(r)}
	maps.Copy(values, changes)
	values["revision"] = s.nextRevision()
	s.put(t, r.id, r.with(values))
}

// members returns the records that an array of the conversation holds, in order of creation.
func (s *store) members(a *array, conversationID string) []*record {
	var members []*record
	for _, child := range inOrder(s.tables[a.child].children[conversationID]) {
		if !child.deleted && s.belongs(a, child) {
			members = append(members, child)
		}
	}
	return members
}

// belongs reports whether a child of a conversation belongs to this array.
func (s *store) belongs(a *array, child *record) bool {
	return a.key == "" || s.tables[a.target].records[child.text(a.key)] != nil
}
