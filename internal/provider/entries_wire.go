package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// entryWire reads the attributes of an entry of the map.
var entryWire = wireTypesOf(entryType.AttrTypes, fromTerraform)

var entryAttributeNames = slices.Sorted(maps.Keys(entryWire))

// storedWire reads them from a stored state.
var storedWire = wireTypesOf(entryType.AttrTypes, fromState)

// set sets an attribute of an entry.
func (m *ownedModel) set(name string, value attr.Value) {
	if name == "messages" {
		m.Messages, _ = value.(types.Map)
		return
	}
	if field, known := fieldsByName[name]; known {
		field.set(&m.conversationModel, value)
	}
}

// value returns an attribute of an entry.
func (m *ownedModel) value(name string) attr.Value {
	if name == "messages" {
		return m.Messages
	}
	return fieldsByName[name].get(&m.conversationModel)
}

// emptyEntry is an entry whose attributes are all null.
var emptyEntry = ownedModel{conversationModel: emptyConversation(), Messages: types.MapNull(messageType)}

func newOwnedModel() *ownedModel {
	m := emptyEntry
	return &m
}

// openEntries returns the entries of a sealed map, and the keys of those that are null.
// An unknown entry is nil.
func openEntries(sealed string) (found entries, nulls []string, err error) {
	return readEntries(msgpack.NewDecoder(strings.NewReader(sealed)), entryWire.named)
}

// readEntries reads the entries of a map whose attributes have these types.
func readEntries(in *msgpack.Decoder, attributes wireLookup) (found entries, nulls []string, err error) {
	count, err := in.DecodeMapLen()
	if err != nil {
		return nil, nil, errors.New("the value must be a map or an object of conversations by their keys")
	}
	found = entries{}
	for range count {
		key, keyErr := in.DecodeString()
		code, codeErr := in.PeekCode()
		if err := errors.Join(keyErr, codeErr); err != nil {
			return nil, nil, err
		}
		switch {
		case code == msgpcode.Nil:
			nulls = append(nulls, key)
			err = in.DecodeNil()
		case msgpcode.IsExt(code):
			found[key] = nil
			err = in.Skip()
		default:
			found[key] = newOwnedModel()
			err = readNamed(in, attributes, found[key].set)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%q: %w", key, err)
		}
	}
	return found, nulls, nil
}

// write writes the entries in the form in which Terraform sends them.
func (e entries) write(out *msgpack.Encoder) error {
	err := out.EncodeMapLen(len(e))
	for _, key := range e.keys() {
		err = errors.Join(err, out.EncodeString(key))
		if e[key] == nil {
			err = errors.Join(err, writeUnknown(out))
			continue
		}
		err = errors.Join(err, out.EncodeMapLen(len(entryAttributeNames)))
		for _, name := range entryAttributeNames {
			value := e[key].value(name)
			if name == "is_deleted" && !e[key].IsDeleted.ValueBool() {
				value = types.BoolNull() // only a deleted entry shows it
			}
			err = errors.Join(err, out.EncodeString(name), writeValue(out, value))
		}
	}
	return err
}

// seal returns the entries as the sealed map.
func (e entries) seal() string {
	var sealed bytes.Buffer
	if err := e.write(msgpack.NewEncoder(&sealed)); err != nil {
		panic(err) // the schema has a type that can't be written: every test would find this
	}
	return sealed.String()
}

// transcodeEntries converts the entries of a stored state, which are JSON, to the form in
// which Terraform sends them.
func transcodeEntries(stored []byte, out *msgpack.Encoder) error {
	var plain any
	if err := json.Unmarshal(stored, &plain); err != nil {
		return err
	}
	packed, err := msgpack.Marshal(plain)
	if err != nil {
		return err
	}
	found, _, err := readEntries(msgpack.NewDecoder(bytes.NewReader(packed)), storedWire.ifKnown)
	if err != nil {
		return err
	}
	return found.write(out)
}
