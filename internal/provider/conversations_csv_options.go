package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"
)

// sheetOptions say how to read the cells of a spreadsheet.
type sheetOptions struct {
	key, separator string
	delimiter      rune
	columns        map[string]string      // by attribute
	constants      map[string]attr.Value  // by attribute
	lookups        map[string]lookupTable // by attribute
	blankNumbers   bool                   // are allowed
}

// sheetWire reads the options of a function call.
var sheetWire = wireTypesOf(map[string]attr.Type{
	"key": types.StringType, "separator": types.StringType, "delimiter": types.StringType, "blank_numbers": types.BoolType,
	"columns":   ofEachAttribute(func(attr.Type) attr.Type { return types.StringType }),
	"constants": ofEachAttribute(func(of attr.Type) attr.Type { return of }),
	"lookups":   ofEachAttribute(func(attr.Type) attr.Type { return types.MapType{ElemType: types.StringType} }),
}, fromFunction)

// ofEachAttribute returns the type of an object with one value for each attribute that cells can set.
func ofEachAttribute(what func(attr.Type) attr.Type) types.ObjectType {
	attributes := make(map[string]attr.Type, len(configurableFields))
	for _, field := range configurableFields {
		attributes[field.name] = what(field.attribute.GetType())
	}
	return types.ObjectType{AttrTypes: attributes}
}

// newSheetOptions returns the options of a function call.
func newSheetOptions(ctx context.Context, given []byte) (*sheetOptions, error) {
	whole, err := withoutType(given)
	if err != nil {
		return nil, err
	}
	options := map[string]attr.Value{}
	set := func(name string, value attr.Value) {
		if !value.IsNull() {
			options[name] = value
		}
	}
	if err := readNamed(msgpack.NewDecoder(bytes.NewReader(whole)), sheetWire.named, set); err != nil {
		return nil, err
	}
	allowed, _ := options["blank_numbers"].(types.Bool)
	o := &sheetOptions{
		key: textOf(options["key"]), separator: ";", delimiter: ',', blankNumbers: allowed.ValueBool(),
		columns: map[string]string{}, constants: attributesIn(options["constants"]), lookups: map[string]lookupTable{},
	}
	for attribute, column := range attributesIn(options["columns"]) {
		o.columns[attribute] = textOf(column)
	}
	if options["separator"] != nil {
		o.separator = textOf(options["separator"])
	}
	if options["delimiter"] != nil {
		runes := []rune(textOf(options["delimiter"]))
		if len(runes) != 1 || strings.ContainsRune("\"\r\n\ufffd", runes[0]) {
			return nil, errors.New("delimiter: must be one character, and not a quote or a line end")
		}
		o.delimiter = runes[0]
	}
	switch {
	case o.key == "":
		return nil, errors.New("key: set it to the name of the column that contains the keys")
	case o.separator == "":
		return nil, errors.New("separator: must not be empty")
	case o.columns["phone_id"] == "" && o.constants["phone_id"] == nil:
		return nil, errors.New("columns, constants: one of them must contain phone_id")
	}
	for _, attribute := range slices.Sorted(maps.Keys(o.constants)) {
		if err := checkConstant(ctx, attribute, o.constants[attribute]); err != nil {
			return nil, err
		}
	}
	lookups := attributesIn(options["lookups"])
	for _, attribute := range slices.Sorted(maps.Keys(lookups)) {
		if o.columns[attribute] == "" {
			return nil, fmt.Errorf("lookups: %s is not in columns, so there are no cells to translate; add its column, or remove the lookup", attribute)
		}
		o.lookups[attribute] = newLookupTable(lookups[attribute])
	}
	return o, nil
}

// attributesIn returns the attributes of an object that are not null.
func attributesIn(value attr.Value) map[string]attr.Value {
	object, _ := value.(types.Object)
	attributes := object.Attributes()
	maps.DeleteFunc(attributes, func(_ string, value attr.Value) bool { return value.IsNull() })
	return attributes
}

// checkConstant validates the constant of an attribute. Its errors don't show the value, which may be sensitive.
func checkConstant(ctx context.Context, attribute string, constant attr.Value) error {
	texts := []attr.Value{constant}
	if set, isSet := constant.(types.Set); isSet {
		texts = set.Elements()
	}
	var hidden []string
	for _, text := range texts {
		hidden = append(hidden, strconv.Quote(textOf(text)), "the value")
	}
	for _, wrong := range faultsOf(ctx, attribute, constant) {
		return fmt.Errorf("constants: %s: %s", attribute, strings.NewReplacer(hidden...).Replace(wrong))
	}
	return nil
}

// faultsOf returns the faults in the value of an attribute. The caller names the place, and Terraform adds a full
// stop.
func faultsOf(ctx context.Context, attribute string, value attr.Value) (faults []string) {
	for _, wrong := range validateAttribute(ctx, path.Empty(), entrySchema[attribute], value) {
		faults = append(faults, strings.TrimSuffix(wrong.Detail(), "."))
	}
	return faults
}

// A lookupTable contains the meanings of texts in cells, by their [lookupKey].
type lookupTable map[string][]lookupEntry

type lookupEntry struct{ text, id string }

func newLookupTable(value attr.Value) lookupTable {
	texts, _ := value.(types.Map)
	ids, table := texts.Elements(), lookupTable{}
	for _, text := range slices.Sorted(maps.Keys(ids)) {
		if !ids[text].IsNull() {
			table[lookupKey(text)] = append(table[lookupKey(text)], lookupEntry{text: text, id: textOf(ids[text])})
		}
	}
	return table
}

// lookupKey returns the same key for texts that differ only in case and spaces.
func lookupKey(text string) string { return strings.ToLower(plainSpaces(text)) }

// find returns the meaning of a text. If several keys differ only in case, it chooses the one that equals the text.
func (t lookupTable) find(text string) (id string, err error) {
	entries := t[lookupKey(text)]
	exact := func(e lookupEntry) bool { return plainSpaces(e.text) == plainSpaces(text) }
	if slices.ContainsFunc(entries, exact) {
		entries = slices.DeleteFunc(slices.Clone(entries), func(e lookupEntry) bool { return !exact(e) })
	}
	if len(entries) == 0 {
		return "", fmt.Errorf("%q is not in the lookups", text)
	}
	for _, other := range entries[1:] {
		if !strings.EqualFold(other.id, entries[0].id) {
			keys := mapped(entries, func(e lookupEntry) string { return e.text })
			return "", fmt.Errorf("%q may be any of the keys %s in the lookups", text, quoted(keys))
		}
	}
	return entries[0].id, nil
}
