package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxDepth is how deep an input may nest. No entity needs more than a handful of levels.
const maxDepth = 32

var errJSON = errors.New("missing or invalid JSON data")

// decode returns the JSON value in body, with numbers as [json.Number]. Unlike encoding/json, it refuses an object with
// the same key twice, because it is undefined which one counts.
func decode(body []byte) (any, error) {
	if !json.Valid(body) {
		return nil, errJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return decodeValue(decoder, maxDepth)
}

func decodeValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil || depth == 0 {
		return nil, errJSON
	}
	switch token {
	case json.Delim('{'):
		return decodeObject(decoder, depth-1)
	case json.Delim('['):
		return decodeArray(decoder, depth-1)
	}
	return token, nil
}

func decodeObject(decoder *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, errJSON
		}
		key, _ := token.(string)
		if _, twice := object[key]; twice {
			return nil, errJSON
		}
		if object[key], err = decodeValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return object, err
}

func decodeArray(decoder *json.Decoder, depth int) (any, error) {
	array := []any{}
	for decoder.More() {
		item, err := decodeValue(decoder, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, item)
	}
	_, err := decoder.Token()
	return array, err
}

// strictly decodes JSON into v. Unlike [json.Unmarshal], it refuses unknown fields.
func strictly(data []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	if mistake, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%q can't be a JSON %s", mistake.Field[strings.LastIndex(mistake.Field, ".")+1:], mistake.Value)
	}
	return err
}

// oneOrMany is an array in JSON, or its only item.
type oneOrMany[T any] []T

// UnmarshalJSON reads the items.
func (o *oneOrMany[T]) UnmarshalJSON(data []byte) error {
	if data[0] != '[' {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	return strictly(data, (*[]T)(o))
}

// encode returns v as JSON, as the service writes it: without HTML escaping.
func encode(v any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		// This can't happen: all values come from decode or from the server itself.
		return []byte(`{"success":false,"http_status":500,"message":"unencodable reply"}`)
	}
	return bytes.TrimRight(buffer.Bytes(), "\n")
}
