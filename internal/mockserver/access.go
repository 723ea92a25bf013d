package mockserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Seed stores records as if they had existed before, all of them or none. The key is the entity's path segment, like
// "Accounts". The values are what a request would send, and may include what only a server can set: id, created,
// modified, is_deleted, is_delete_protected, and a revision above those before it. Seed makes an id for a record
// without one. The arrays of relations may hold the plain ids of the linked records. Seed does not look up the
// recipient of a number. The error names the entity, the index and the field.
func (s *Server) Seed(seed map[string][]map[string]any) error {
	for _, segment := range slices.Sorted(maps.Keys(seed)) {
		if definition(segment) == nil {
			return fmt.Errorf("seed: %w", unknownSegment(segment))
		}
	}
	return s.write(func(w *writer) error {
		w.seeding = true
		for _, def := range entities {
			for i, fields := range seed[def.segment] {
				place := fmt.Sprintf("seed: %s[%d]", def.segment, i)
				input, err := normalized(fields)
				if err != nil {
					return fmt.Errorf("%s: %w", place, err)
				}
				if _, failure := w.create(def, input, false); failure != nil {
					return failure.in(place)
				}
			}
		}
		return nil
	})
}

// SeedJSON is [Server.Seed] with the records in JSON.
func (s *Server) SeedJSON(text []byte) error {
	var seed map[string][]map[string]any
	if err := read(text, &seed); err != nil {
		return fmt.Errorf(`a seed is a JSON object of arrays, such as {"Phones": [{"name": "Sales"}]}: %w`, err)
	}
	return s.Seed(seed)
}

// Create stores a record as another user would, and returns its id. The arrays of relations may hold the plain ids of
// the linked records.
func (s *Server) Create(segment string, fields map[string]any) (id string, err error) {
	err = s.writeTo(segment, fields, func(w *writer, def *entity, input map[string]any) *apiError {
		r, failure := w.create(def, input, false)
		if failure == nil {
			id = r.id
		}
		return failure
	})
	return id, err
}

// Edit changes a record as another user would. Arrays replace the old items, and those of relations may hold the
// plain ids of the linked records.
func (s *Server) Edit(segment, id string, fields map[string]any) error {
	return s.writeTo(segment, fields, func(w *writer, def *entity, input map[string]any) *apiError {
		_, failure := w.update(def, strings.ToLower(id), input)
		return failure
	})
}

// SoftDelete deletes a record as another user would.
func (s *Server) SoftDelete(segment, id string) error {
	return s.writeTo(segment, nil, func(w *writer, def *entity, _ map[string]any) *apiError {
		return w.softDelete(def, strings.ToLower(id), false)
	})
}

// Restore undoes a soft delete as another user would.
func (s *Server) Restore(segment, id string) error {
	return s.writeTo(segment, nil, func(w *writer, def *entity, _ map[string]any) *apiError {
		return w.restore(def, strings.ToLower(id))
	})
}

// Purge removes a record for good, and the relations to it. With a conversation, it also removes its relations and
// messages. Other references to the record become null.
func (s *Server) Purge(segment, id string) error {
	return s.writeTo(segment, nil, func(w *writer, def *entity, _ map[string]any) *apiError {
		return w.purge(def, strings.ToLower(id))
	})
}

// Record returns a copy of a record, even if it is soft-deleted. Times are text as in a reply, integers are int, and
// the arrays hold the ids of the relations and messages, as a []string.
func (s *Server) Record(segment, id string) (map[string]any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.store.tables[segment]
	if t == nil || t.records[strings.ToLower(id)] == nil {
		return nil, false
	}
	return s.store.export(t.def, t.records[strings.ToLower(id)]), true
}

// Records returns a copy of all records of an entity, including soft-deleted ones, in the order of their creation.
func (s *Server) Records(segment string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.store.tables[segment]
	if t == nil {
		return nil
	}
	var records []map[string]any
	for _, r := range inOrder(t.records) {
		records = append(records, s.store.export(t.def, r))
	}
	return records
}

// Links returns the ids of the records that a conversation links in an array of relations, or the ids of its messages,
// in ascending order. A record that is linked twice occurs twice.
func (s *Server) Links(conversationID, field string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{}
	a := definition(conversations).array(field)
	if a == nil {
		return ids
	}
	for _, member := range s.store.members(a, strings.ToLower(conversationID)) {
		if a.key == "" {
			ids = append(ids, member.id)
		} else {
			ids = append(ids, member.text(a.key))
		}
	}
	slices.Sort(ids)
	return ids
}

// Revision returns the revision of the space: that of the record that was written last.
func (s *Server) Revision() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.revision
}

// SetBehavior changes the behavior of the server from the next request on. If a field has an unknown value, it returns
// an error and changes nothing.
func (s *Server) SetBehavior(behavior Behavior) error {
	behavior, err := behavior.complete()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.behavior = behavior
	return nil
}

// writeTo does one write to the store on behalf of a test.
func (s *Server) writeTo(
	segment string, fields map[string]any, do func(*writer, *entity, map[string]any) *apiError,
) error {
	def := definition(segment)
	if def == nil {
		return unknownSegment(segment)
	}
	input, err := normalized(fields)
	if err != nil {
		return fmt.Errorf("%s: %w", segment, err)
	}
	return s.write(func(w *writer) error {
		if failure := do(w, def, input); failure != nil {
			return failure.in(segment)
		}
		return nil
	})
}

// write carries out a write as a whole or not at all.
func (s *Server) write(do func(*writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.begin()
	w := &writer{store: s.store, level: levelOverride | levelDeleted, linkedIDs: true}
	err := do(w)
	switch {
	case err != nil:
		w.rollBack(0)
	case w.seeding:
		s.catchUp()
	default:
		s.written()
	}
	return err
}

// normalized returns the fields as they would come in a request.
func normalized(fields map[string]any) (map[string]any, error) {
	if fields == nil {
		return map[string]any{}, nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	v, err := decode(text)
	input, _ := v.(map[string]any)
	return input, err
}

// in returns the error on one line, with the place that it is about.
func (e *apiError) in(place string) error {
	if e.field != "" {
		place += "." + e.field
	}
	return fmt.Errorf("%s: %s", place, strings.ReplaceAll(strings.TrimSpace(e.Message), "\n", " "))
}

// export returns a copy of a record for a test.
func (s *store) export(def *entity, r *record) map[string]any {
	out := map[string]any{}
	for _, f := range def.fields {
		v := r.values[f.name]
		if f.kind == kindArray {
			v, _ = decode(encode(v)) // shares nothing with the record
		}
		out[f.name] = renderer{store: s}.value(v)
	}
	for i := range def.arrays {
		ids := []string{}
		for _, member := range s.members(&def.arrays[i], r.id) {
			ids = append(ids, member.id)
		}
		out[def.arrays[i].name] = ids
	}
	return out
}
