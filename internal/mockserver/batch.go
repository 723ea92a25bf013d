package mockserver

import (
	"maps"
	"net/http"
)

// batch carries out an operation on each item, in order, and returns the result of each: an id or an *apiError. With
// together, it rolls back the whole batch if one item fails. Then it returns one error for the whole batch or, with
// [Items], an error for each item.
func (w *writer) batch(def *entity, items []any, together bool, do func(item any) (string, *apiError)) ([]any, *apiError) {
	data := make([]any, 0, len(items))
	first := -1
	for i, item := range items {
		savepoint := w.savepoint()
		id, err := do(item)
		if err == nil {
			data = append(data, id)
			continue
		}
		w.rollBack(savepoint)
		data = append(data, err.at(def, &i))
		if first < 0 {
			first = i
		}
	}
	if first < 0 || !together {
		return data, nil
	}

	w.rollBack(0)
	failed, _ := data[first].(*apiError)
	switch w.behavior.RollbackReply {
	case Items:
		return w.rolledBackItems(def, data), nil
	case Indexed:
		return nil, unprocessable(failed)
	default:
		return nil, unprocessable(failed.at(def, nil))
	}
}

// unprocessable returns the error as the answer to a whole request, which is a 422 whatever the status of the item.
func unprocessable(e *apiError) *apiError {
	whole := *e
	whole.HTTPStatus = http.StatusUnprocessableEntity
	return &whole
}

// rolledBackItems replaces the ids of the items that were rolled back with errors.
func (w *writer) rolledBackItems(def *entity, data []any) []any {
	for i, item := range data {
		if _, failed := item.(*apiError); failed {
			continue
		}
		e := entityFailure(http.StatusUnprocessableEntity, rolledBack,
			"The item was rolled back because another item of the batch failed.", def, "")
		data[i] = e.at(def, &i)
	}
	return data
}

// modifyItem creates the record that the item describes, or updates the one that its id names.
func (w *writer) modifyItem(def *entity, item any) (string, *apiError) {
	input, ok := item.(map[string]any)
	if !ok {
		return "", unprocessable(invalid("Every item must be an object."))
	}
	given, update := input["id"]
	if !update {
		r, err := w.create(def, input, false)
		if err != nil {
			return "", err
		}
		return r.id, nil
	}
	id, ok := parseID(given)
	if !ok {
		return "", validationFailure(def, "", []problem{{"id", invalidParameter, "Field 'id' must be a uuid."}})
	}
	fields := maps.Clone(input)
	delete(fields, "id")
	r, err := w.update(def, id, fields)
	if err != nil {
		return "", err
	}
	return r.id, nil
}

// idItem carries out a delete or a restore of the id that the item is.
func idItem(def *entity, item any, do func(id string) *apiError) (string, *apiError) {
	id, ok := parseID(item)
	if !ok {
		return "", validationFailure(def, "", []problem{{"id", invalidParameter, "Field 'id' must be a uuid."}})
	}
	return id, do(id)
}
