package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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

// read decodes JSON that a user has written into v. It ignores a byte order mark. Its errors are in plain words.
func read(data []byte, v any) error {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return errors.New("it is UTF-16: convert it, for example with iconv -f UTF-16 -t UTF-8")
	}
	return inPlainWords(json.Unmarshal(data, v), data)
}

// inPlainWords returns an error about JSON without the names of Go's types.
func inPlainWords(err error, data []byte) error {
	place := func(offset int64) string {
		before := data[:offset-1]
		return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
	}
	if mistake, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind, _, _ := strings.Cut(mistake.Value, " ") // without the number
		switch {
		case mistake.Field != "":
			return fmt.Errorf("%q can't be a JSON %s", mistake.Field[strings.LastIndex(mistake.Field, ".")+1:], kind)
		case mistake.Offset <= 1 || mistake.Offset == int64(len(data)):
			return fmt.Errorf("it can't be a JSON %s", kind)
		}
		return fmt.Errorf("there can't be a JSON %s: %s", kind, place(mistake.Offset))
	}
	mistake, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case !ok:
		return err
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("it is empty, but must be JSON")
	case mistake.Error() == "unexpected end of JSON input": // this error has no type
		return errors.New("it ends too early to be JSON")
	}
	return errors.New("it is not JSON: " + place(mistake.Offset))
}

// strictly decodes JSON into v. Unlike [json.Unmarshal], it refuses unknown fields.
func strictly(data []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	if err == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // this error has no type
		return fmt.Errorf("unknown field %s; the fields are %q", name, fieldsOf(reflect.TypeOf(v)))
	}
	return inPlainWords(err, data)
}

// fieldsOf returns the names in JSON of the fields of a type and of the objects in them.
func fieldsOf(of reflect.Type) (names []string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	var inner []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			names = append(names, fieldsOf(field.Type)...)
		case name != "-":
			names, inner = append(names, name), append(inner, fieldsOf(field.Type)...)
		}
	}
	for _, name := range inner {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
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
