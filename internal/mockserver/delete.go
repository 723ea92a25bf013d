package mockserver

import (
	"net/http"
	"slices"
)

// softDelete marks a record as deleted. A nested one is deleted by a change of its conversation.
func (w *writer) softDelete(def *entity, id string, nested bool) *apiError {
	r := w.tables[def.segment].records[id]
	if r == nil || r.deleted {
		return unknownRecord(def, id)
	}
	if protected, _ := r.values["is_delete_protected"].(bool); protected {
		return entityFailure(http.StatusForbidden, deleteProtected,
			"Entity '"+def.name+"' with id '"+id+"' is protected against deletion.", def, id)
	}
	w.setDeleted(def, r, true)
	if !nested {
		w.bumpParents(def, r)
	}
	return nil
}

// restore undoes a soft delete. A record that is not deleted stays as it is.
func (w *writer) restore(def *entity, id string) *apiError {
	r := w.tables[def.segment].records[id]
	if r == nil {
		return unknownRecord(def, id)
	}
	if r.deleted {
		if def.segment == conversations && w.refusesTwin(id, r.text("phone_id"), r.text(numberField)) {
			return validationFailure(def, id, []problem{{numberField, invalidParameter, twinMessage}})
		}
		w.setDeleted(def, r, false)
		w.bumpParents(def, r)
	}
	return nil
}

func (w *writer) setDeleted(def *entity, r *record, deleted bool) {
	t, changes := w.tables[def.segment], map[string]any{"is_deleted": deleted}
	if w.behavior.DeletedRevision == Bump {
		w.bump(t, r, changes)
	} else {
		w.put(t, r.id, r.with(changes))
	}
}

// purge removes a record for good, and the records that can't exist without it: the relations and messages of a
// conversation, and the relations to the record. Other references to it become null if they may.
func (w *writer) purge(def *entity, id string) *apiError {
	t := w.tables[def.segment]
	if t.records[id] == nil {
		return unknownRecord(def, id)
	}
	w.put(t, id, nil)
	for _, other := range entities {
		for _, f := range other.fields {
			if slices.Contains(f.refs, def.segment) {
				w.forget(other, f, id)
			}
		}
	}
	return nil
}

// forget removes the references to a purged record in field f.
func (w *writer) forget(def *entity, f field, id string) {
	t := w.tables[def.segment]
	for _, r := range inOrder(t.records) {
		if r.text(f.name) != id {
			continue
		}
		switch {
		case def.segment == relations || f.name == def.parent:
			w.put(t, r.id, nil)
		case f.nullable:
			w.bump(t, r, map[string]any{f.name: nil})
		}
	}
}
