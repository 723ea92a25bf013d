package mockserver

import (
	"encoding/base64"
	"errors"
)

var errCursor = errors.New("the cursor is invalid")

// cursor is the place of a record in an ordering: its values of the fields to sort by, including the id.
type cursor []any

// encodeCursor returns the cursor of a record as the service writes it: base64 of a JSON array.
func (r renderer) encodeCursor(o ordering, rec *record) string {
	values := make([]any, len(o))
	for i, key := range o {
		values[i] = r.value(rec.values[key.field.name])
	}
	return base64.StdEncoding.EncodeToString(encode(values))
}

// decodeCursor reads a cursor of an ordering.
func decodeCursor(o ordering, text string) (cursor, error) {
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errCursor
	}
	decoded, err := decode(body)
	if err != nil {
		return nil, errCursor
	}
	values, ok := decoded.([]any)
	if !ok || len(values) != len(o) {
		return nil, errCursor
	}
	for i, v := range values {
		if v == nil {
			continue
		}
		value, problem := o[i].field.parse(v)
		if problem != "" {
			return nil, errCursor
		}
		values[i] = value
	}
	return values, nil
}

// compareToCursor compares the place of a record with that of the cursor.
func (o ordering) compareToCursor(rec *record, at cursor) int {
	for i, key := range o {
		if c := key.compare(rec.values[key.field.name], at[i]); c != 0 {
			return c
		}
	}
	return 0
}
