package client

import (
	"encoding/json"
	"reflect"
	"strings"
)

// A Field is one field of an input. It is absent (the zero value), null or a value. The API leaves an absent field as
// it is, empties a null field, and sets a field with a value. Tag it "omitzero", so that JSON omits an absent field.
type Field[T any] struct {
	value T
	state fieldState
}

type fieldState uint8

const (
	absent fieldState = iota
	null
	present
)

// Value returns a field that sets v.
func Value[T any](v T) Field[T] { return Field[T]{value: v, state: present} }

// Null returns a field that is null.
func Null[T any]() Field[T] { return Field[T]{state: null} }

// IsZero reports whether the field is absent.
func (f Field[T]) IsZero() bool { return f.state == absent }

// Get returns the value, and whether there is one.
func (f Field[T]) Get() (T, bool) { return f.value, f.state == present }

// MarshalJSON writes the value or null.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.state != present {
		return []byte("null"), nil
	}
	return json.Marshal(f.value)
}

// UnmarshalJSON reads what MarshalJSON writes. An absent field stays absent.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*f = Null[T]()
		return nil
	}
	f.state = present
	return json.Unmarshal(data, &f.value)
}

// fieldsOf returns the names of the fields that are set.
func fieldsOf(input any) []string {
	var names []string
	for field, value := range reflect.ValueOf(input).Fields() {
		if !value.IsZero() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}
