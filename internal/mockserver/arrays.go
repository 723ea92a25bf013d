package mockserver

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
)

// writeArrays creates, attaches and removes the records that the arrays of an input name.
func (w *writer) writeArrays(c *change) *apiError {
	for i := range c.def.arrays {
		a := &c.def.arrays[i]
		given, ok := c.arrays[a.name]
		if !ok {
			continue
		}
		items, ok := given.([]any)
		if !ok {
			c.reject(a.name, invalidParameter, "Field '"+a.name+"' must be an array.")
			continue
		}
		kept := map[string]bool{}
		for i, item := range items {
			id, err := w.writeItem(c, a, i, item)
			if err != nil {
				return err
			}
			kept[id] = true
		}
		if c.old != nil && (w.linkedIDs || w.behavior.ArrayUpdate == Replace) {
			if err := w.removeOthers(c, a, kept); err != nil {
				return err
			}
		}
	}
	return c.failure()
}

// writeItem carries out one item of an array and returns the id of its record. It returns an error if the item names a
// record that doesn't exist. Other mistakes become problems of the change.
func (w *writer) writeItem(c *change, a *array, index int, item any) (string, *apiError) {
	refuse := func(why string) {
		c.reject(a.name, invalidParameter, fmt.Sprintf("Item %d of '%s' %s.", index, a.name, why))
	}
	if id, ok := parseID(item); ok && w.linkedIDs {
		item = w.linkedItem(c, a, id)
	}
	input, ok := item.(map[string]any)
	if !ok {
		refuse("must be an object")
		return "", nil
	}
	if uri, named := input["id"]; named {
		return w.attach(c, a, uri, len(input) > 1, refuse)
	}

	if parent, given := input[conversationField]; given {
		if id, _ := parseID(parent); id != c.id {
			refuse("belongs to another conversation")
			return "", nil
		}
	}
	input = maps.Clone(input)
	input[conversationField] = c.id
	child, err := w.create(w.tables[a.child].def, input, true)
	switch {
	case err != nil && err.Code == relationsMissing.code:
		return "", w.missingRelation(c, a.name, err.Message)
	case err != nil:
		refuse("is invalid: " + strings.TrimSpace(err.Message))
		return "", nil
	case !w.belongs(a, child):
		refuse("must have a " + a.key + " of one of the " + a.target)
		return "", nil
	}
	return child.id, nil
}

// attach carries out an item that names an existing record, which stays in the array or moves into it.
func (w *writer) attach(c *change, a *array, uri any, more bool, refuse func(string)) (string, *apiError) {
	t := w.tables[a.child]
	id, ok := idFromURI(uri, a.child)
	child := t.records[id]
	switch {
	case !ok || child == nil:
		refuse("has an id that is not the URI of an existing record")
	case more:
		refuse("names an existing record, and may have no other fields")
	case !w.belongs(a, child):
		refuse("names a record that is not one for this array")
	case child.deleted && w.level&levelDeleted == 0:
		return "", w.missingRelation(c, a.name, relatedMessage(id))
	case child.text(conversationField) != c.id:
		w.bump(t, child, map[string]any{conversationField: c.id})
	}
	return id, nil
}

// linkedItem returns the item that links the record with a plain id: its present link, or a new one.
func (w *writer) linkedItem(c *change, a *array, id string) map[string]any {
	if a.key == "" {
		return map[string]any{"id": "/entities/" + a.child + "/" + id}
	}
	for _, child := range w.members(a, c.id) {
		if child.text(a.key) == id {
			return map[string]any{"id": "/entities/" + a.child + "/" + child.id}
		}
	}
	return map[string]any{a.key: id}
}

// removeOthers deletes the members of an array that an update omits.
func (w *writer) removeOthers(c *change, a *array, kept map[string]bool) *apiError {
	for _, child := range w.members(a, c.id) {
		if kept[child.id] {
			continue
		}
		if err := w.softDelete(w.tables[a.child].def, child.id, true); err != nil {
			return err
		}
	}
	return nil
}

// idFromURI returns the id at the end of the URI of a record. The host doesn't matter: one server can have several
// names.
func idFromURI(v any, segment string) (string, bool) {
	text, ok := v.(string)
	if !ok {
		return "", false
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	_, last, ok := strings.Cut(u.Path, "/entities/"+segment+"/")
	if !ok {
		return "", false
	}
	return parseID(last)
}
