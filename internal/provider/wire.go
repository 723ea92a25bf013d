package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// A wireType reads values of a type in the form in which Terraform sends them: MessagePack with an extension for
// unknown values. It visits each value once.
type wireType struct {
	null, unknown attr.Value

	read func(*msgpack.Decoder) (attr.Value, error) // reads a value that is neither null nor unknown
}

// A wireSource says where values come from.
type wireSource int

const (
	fromTerraform wireSource = iota
	fromFunction             // any type that fits: numbers and booleans are strings, too
	fromState                // attributes of other versions of the provider are ignored
)

// wireTypeOf returns the reader for values of a type: strings, booleans, and sets, maps and objects of them.
func wireTypeOf(of attr.Type, from wireSource) *wireType {
	w := &wireType{null: valueOf(of, nil), unknown: valueOf(of, tftypes.UnknownValue)}
	switch of := of.(type) {
	case types.SetType:
		w.ofList(wireTypeOf(of.ElemType, from), func(elements []attr.Value) attr.Value { return types.SetValueMust(of.ElemType, elements) })
	case types.MapType:
		element := wireTypeOf(of.ElemType, from)
		w.ofNamed(func(string) (*wireType, error) { return element, nil }, func(elements map[string]attr.Value) attr.Value { return types.MapValueMust(of.ElemType, elements) })
	case types.ObjectType:
		attributes := wireTypesOf(of.AttrTypes, from)
		named := attributes.named
		if from == fromState {
			named = attributes.ifKnown
		}
		w.ofNamed(named, func(values map[string]attr.Value) attr.Value {
			for name, attribute := range attributes {
				if values[name] == nil {
					values[name] = attribute.null
				}
			}
			return types.ObjectValueMust(of.AttrTypes, values)
		})
	case basetypes.BoolType:
		ofScalar(w, decodeBool, types.BoolValue)
	default:
		decode := (*msgpack.Decoder).DecodeString
		if from == fromFunction {
			decode = decodeText
		}
		ofScalar(w, decode, types.StringValue)
	}
	return w
}

func wireTypesOf(attributes map[string]attr.Type, from wireSource) wireTypes {
	readers := make(wireTypes, len(attributes))
	for name, attribute := range attributes {
		readers[name] = wireTypeOf(attribute, from)
	}
	return readers
}

func ofScalar[G any, V attr.Value](w *wireType, decode func(*msgpack.Decoder) (G, error), value func(G) V) {
	w.read = func(in *msgpack.Decoder) (attr.Value, error) {
		read, err := decode(in)
		return value(read), err
	}
}

func decodeBool(in *msgpack.Decoder) (bool, error) {
	value, err := in.DecodeBool()
	if err != nil {
		err = errors.New("must be true or false")
	}
	return value, err
}

// decodeText reads a string, a number or a boolean as a string.
func decodeText(in *msgpack.Decoder) (string, error) {
	value, err := in.DecodeInterfaceLoose()
	switch value := value.(type) {
	case string:
		return value, err
	case bool, int64, uint64:
		return fmt.Sprint(value), err
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), err
	}
	return "", errors.Join(err, errors.New("must be a string"))
}

func (w *wireType) ofList(element *wireType, join func([]attr.Value) attr.Value) {
	w.read = func(in *msgpack.Decoder) (attr.Value, error) {
		count, err := in.DecodeArrayLen()
		if err != nil {
			return nil, errors.New("must be a list or a set")
		}
		var elements []attr.Value
		for range count {
			value, elementErr := element.readValue(in)
			if err = errors.Join(err, elementErr); err != nil {
				return nil, err
			}
			elements = append(elements, value)
		}
		return join(elements), err
	}
}

// A wireLookup returns the reader for the element of a map or the attribute of an object with this name, or an error
// if there is none. It returns nil to ignore the element.
type wireLookup func(name string) (*wireType, error)

// wireTypes are the attributes of an object.
type wireTypes map[string]*wireType

func (w wireTypes) named(name string) (*wireType, error) {
	if attribute := w[name]; attribute != nil {
		return attribute, nil
	}
	settable := slices.DeleteFunc(slices.Collect(maps.Keys(w)), func(name string) bool { return name == "is_deleted" }) // only the CRM sets it
	return nil, noSuchAttribute(name, settable)
}

// noSuchAttribute returns the error of an attribute that does not exist.
func noSuchAttribute(name string, settable []string) error {
	slices.Sort(settable)
	return fmt.Errorf("there is no attribute %q; the attributes are: %s", name, strings.Join(settable, ", "))
}

func (w wireTypes) ifKnown(name string) (*wireType, error) { return w[name], nil }

func (w *wireType) ofNamed(of wireLookup, join func(map[string]attr.Value) attr.Value) {
	w.read = func(in *msgpack.Decoder) (attr.Value, error) {
		values := map[string]attr.Value{}
		err := readNamed(in, of, func(name string, value attr.Value) { values[name] = value })
		if err != nil {
			return nil, err
		}
		return join(values), nil
	}
}

// readValue reads a value, which may be null or unknown.
func (w *wireType) readValue(in *msgpack.Decoder) (attr.Value, error) {
	code, err := in.PeekCode()
	switch {
	case err != nil:
		return nil, err
	case code == msgpcode.Nil:
		return w.null, in.DecodeNil()
	case msgpcode.IsExt(code):
		return w.unknown, in.Skip()
	}
	return w.read(in)
}

func isNull(text json.RawMessage) bool { return len(text) == 0 || bytes.Equal(text, []byte("null")) }

// readNamed reads the elements of a map or the attributes of an object, and passes each
// to say.
func readNamed(in *msgpack.Decoder, of wireLookup, say func(string, attr.Value)) error {
	count, err := in.DecodeMapLen()
	if err != nil {
		return errors.New("must be a map or an object")
	}
	for range count {
		name, err := in.DecodeString()
		if err != nil {
			return err
		}
		as, err := of(name)
		if err != nil {
			return err
		}
		if as == nil {
			if err := in.Skip(); err != nil {
				return err
			}
			continue
		}
		value, err := as.readValue(in)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		say(name, value)
	}
	return nil
}

// writeValue writes a value in the form in which Terraform sends it.
func writeValue(out *msgpack.Encoder, value attr.Value) error {
	switch {
	case value.IsUnknown():
		return writeUnknown(out)
	case value.IsNull():
		return out.EncodeNil()
	}
	switch value := value.(type) {
	case types.String:
		return out.EncodeString(value.ValueString())
	case types.Bool:
		return out.EncodeBool(value.ValueBool())
	case types.Set:
		err := out.EncodeArrayLen(len(value.Elements()))
		for _, element := range value.Elements() {
			err = errors.Join(err, writeValue(out, element))
		}
		return err
	case types.Map:
		return writeNamed(out, value.Elements())
	case types.Object:
		return writeNamed(out, value.Attributes())
	}
	return fmt.Errorf("no value of the type %T can be written", value)
}

func writeNamed(out *msgpack.Encoder, values map[string]attr.Value) error {
	err := out.EncodeMapLen(len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		err = errors.Join(err, out.EncodeString(name), writeValue(out, values[name]))
	}
	return err
}

// writeUnknown writes an unknown value of any type.
func writeUnknown(out *msgpack.Encoder) error {
	return out.Encode(msgpack.RawMessage{msgpcode.FixExt1, 0, 0})
}
