package mockserver

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// The bits of a validation level. The other two, 2 and 4, are accepted and change nothing.
const (
	levelOverride = 8  // read-only fields may be written
	levelDeleted  = 16 // deleted records may be referred to
)

// writer carries out the writes of one operation.
type writer struct {
	*store
	level     int
	seeding   bool // the input describes the record as it is, so the server derives nothing from it
	linkedIDs bool // arrays may name the linked records by their plain ids, and replace the old items
}

// change is one create or update under way.
type change struct {
	def      *entity
	id       string
	old      *record // nil for a create
	values   map[string]any
	arrays   map[string]any
	problems []problem
}

// get returns the value that a field has after the change.
func (c *change) get(name string) any {
	if v, ok := c.values[name]; ok {
		return v
	}
	return c.before(name)
}

// before returns the value that a field had, or null for a create.
func (c *change) before(name string) any {
	if c.old == nil {
		return nil
	}
	return c.old.values[name]
}

func (c *change) has(name string) bool {
	_, ok := c.values[name]
	return ok
}

func (c *change) reject(field string, why reason, message string) {
	c.problems = append(c.problems, problem{field: field, why: why, message: message})
}

func (c *change) rejectMissing(field string) {
	// The odd quotes are the service's.
	c.reject(field, missingParameter,
		fmt.Sprintf("Non-null field '%s'[%s].%s' is null or empty.", c.def.name, c.id, field))
}

func (c *change) failure() *apiError {
	if len(c.problems) == 0 {
		return nil
	}
	return validationFailure(c.def, c.id, c.problems)
}

// create stores a new record. A nested one is written with its conversation, which gets its own revision then. If
// create fails, the caller must roll back what it has written.
func (w *writer) create(def *entity, input map[string]any, nested bool) (*record, *apiError) {
	t := w.tables[def.segment]
	c := &change{def: def, id: w.ids.next()}
	w.parse(c, input)
	if id, ok := c.values["id"].(string); ok {
		c.id = id
		if t.records[id] != nil {
			c.reject("id", invalidParameter, "A record with this id exists already.")
		}
	}
	for _, f := range def.fields {
		if _, given := input[f.name]; f.required && !given {
			c.rejectMissing(f.name)
		}
	}
	if err := w.verify(c); err != nil {
		return nil, err
	}

	values := w.initialValues(c)
	if err := c.failure(); err != nil {
		return nil, err
	}
	w.seq++
	r := newRecord(w.seq, values)
	w.put(t, r.id, r)
	if err := w.writeArrays(c); err != nil {
		return nil, err
	}
	if !nested {
		w.bumpParents(def, r)
	}
	return r, nil
}

// initialValues returns the values of a new record, and gives it a revision.
func (w *writer) initialValues(c *change) map[string]any {
	modified := now()
	values := map[string]any{
		"modified":            modified,
		"created":             createdAt(w.behavior.CreatedClock, modified),
		"is_deleted":          false,
		"is_delete_protected": false,
	}
	maps.Copy(values, c.values)
	values["id"] = c.id
	if revision, ok := c.values["revision"].(int); ok && w.seeding {
		if revision <= w.revision {
			c.reject("revision", invalidParameter, fmt.Sprintf("must be greater than %d, the revision of the space so far", w.revision))
			return nil
		}
		w.setRevision(revision - 1)
	}
	values["revision"] = w.nextRevision()
	return values
}

// createdAt returns the created time of a record that is stored now.
func createdAt(clock string, now time.Time) any {
	switch clock {
	case Behind:
		return now.Add(-10 * time.Second)
	case Null:
		return nil
	}
	return now.Add(35 * time.Microsecond) // later than modified, as recorded
}

// update changes the fields of a record that the input names.
func (w *writer) update(def *entity, id string, input map[string]any) (*record, *apiError) {
	t := w.tables[def.segment]
	old := t.records[id]
	if old == nil || old.deleted {
		return nil, unknownRecord(def, id)
	}
	c := &change{def: def, id: id, old: old}
	w.parse(c, input)
	if given, ok := c.values["id"]; ok && given != id {
		c.reject("id", invalidParameter, "The id of a record cannot be changed.")
	}
	if given, ok := c.values["revision"]; ok && given != old.revision && w.behavior.StaleRevision == Refused {
		c.reject("revision", invalidParameter, fmt.Sprintf("The revision is %d by now.", old.revision))
	}
	if err := w.verify(c); err != nil {
		return nil, err
	}

	w.bump(t, old, c.values)
	if err := w.writeArrays(c); err != nil {
		return nil, err
	}
	w.bumpParents(def, old, t.records[id])
	return t.records[id], nil
}

// modifiedAfter returns the modified time of a change of r: now, but later than the modified time of r.
func (s *store) modifiedAfter(r *record) time.Time {
	t := now()
	if before, ok := r.values["modified"].(time.Time); ok && !t.After(before) {
		t = before.Add(time.Microsecond)
	}
	return t
}

// parse reads the fields of the input into the change.
func (w *writer) parse(c *change, input map[string]any) {
	c.values = map[string]any{}
	c.arrays = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		v := input[name]
		f := c.def.field(name)
		switch {
		case c.def.array(name) != nil:
			c.arrays[name] = v
		case f == nil && c.def.link(name) == nil:
			c.reject(name, invalidParameter, "Unknown field '"+name+"'.")
		case f == nil || !w.mayWrite(f):
			c.reject(name, invalidParameter, "Field '"+name+"' is read-only.")
		case v == nil && f.nullable:
			c.values[name] = nil
		case v == nil || f.required && v == "":
			c.rejectMissing(name)
		default:
			value, wrong := f.parse(v)
			if wrong != "" {
				c.reject(name, invalidParameter, "Field '"+name+"' "+wrong+".")
				continue
			}
			c.values[name] = value
		}
	}
}

func (w *writer) mayWrite(f *field) bool {
	return f.access == writable || f.access == override && w.level&levelOverride != 0 || w.seeding
}

// verify checks the change against the rules of the entity, and whether the records that it refers to exist.
func (w *writer) verify(c *change) *apiError {
	if c.def.check != nil && len(c.problems) == 0 {
		c.def.check(w, c)
	}
	if err := c.failure(); err != nil {
		return err
	}
	for _, f := range c.def.fields {
		id, ok := c.values[f.name].(string)
		if !ok || len(f.refs) == 0 || id == c.before(f.name) {
			continue
		}
		if !w.refersTo(f.refs, id) {
			return w.missingRelation(c, f.name, relatedMessage(id))
		}
	}
	return nil
}

// refersTo reports whether one of these entities has a record with the id, and the change may refer to it.
func (w *writer) refersTo(segments []string, id string) bool {
	for _, segment := range segments {
		if r := w.tables[segment].records[id]; r != nil {
			return !r.deleted || w.level&levelDeleted != 0
		}
	}
	return false
}

func relatedMessage(id string) string {
	return "Related entity with id '" + id + "' doesn't exist."
}

func (w *writer) missingRelation(c *change, fieldName, message string) *apiError {
	e := entityFailure(http.StatusUnprocessableEntity, relationsMissing, message, c.def, c.id)
	e.field = fieldName
	if w.behavior.RelationError == FieldToo {
		e.addFieldError(c.def, problem{field: fieldName, why: relationsMissing, message: message})
	}
	return e
}

// bumpParents gives a new revision to the conversations that these versions of a record belong to, if the behavior
// requires it.
func (w *writer) bumpParents(def *entity, versions ...*record) {
	bumps := def.segment == relations && w.behavior.RelationRevision == Bump ||
		def.segment == messages && w.behavior.MessageRevision == Bump
	if !bumps || w.seeding {
		return
	}
	t := w.tables[conversations]
	var done []string
	for _, version := range versions {
		parent := t.records[version.text(def.parent)]
		if parent != nil && !slices.Contains(done, parent.id) {
			done = append(done, parent.id)
			w.bump(t, parent, nil)
		}
	}
}
