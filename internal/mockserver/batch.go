package mockserver

import "net/http"

// batchOperation carries out one item of a batch, and returns the id of its record.
type batchOperation func(w *writer, def *entity, item any) (string, *apiError)

// batchOperations are the batch operations by the last segment of their path.
var batchOperations = map[string]batchOperation{
	"batch-modify": (*writer).modifyItem,
	"batch-delete": ofID(func(w *writer, def *entity, id string) *apiError {
		return w.softDelete(def, id, false)
	}),
	"batch-restore": ofID((*writer).restore),
}

// batch carries out an operation on each item, in order, and returns an id or an *apiError for each. If together is
// set and one item fails, it rolls back the whole batch. Then it returns one error for the whole batch or, with
// [Items], an error for each item.
func (w *writer) batch(def *entity, items []any, together bool, do batchOperation) ([]any, *apiError) {
	data := make([]any, 0, len(items))
	first := -1
	for i, item := range items {
		savepoint := w.savepoint()
		id, err := do(w, def, item)
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
	id, err := itemID(def, given)
	if err != nil {
		return "", err
	}
	delete(input, "id")
	_, err = w.update(def, id, input)
	return id, err
}

// ofID returns an operation on the record whose id is the item.
func ofID(do func(w *writer, def *entity, id string) *apiError) batchOperation {
	return func(w *writer, def *entity, item any) (string, *apiError) {
		id, err := itemID(def, item)
		if err != nil {
			return "", err
		}
		return id, do(w, def, id)
	}
}

func itemID(def *entity, item any) (string, *apiError) {
	id, ok := parseID(item)
	if !ok {
		return "", validationFailure(def, "", []problem{{"id", invalidParameter, "Field 'id' must be a uuid."}})
	}
	return id, nil
}
