package provider

import (
	"cmp"
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

const sheetOptionNames = "key, columns, constants, lookups, separator, delimiter, blank_numbers"

// newSheetOptions reads the options of a function call.
func newSheetOptions(ctx context.Context, given types.Dynamic) (*sheetOptions, error) {
	o := &sheetOptions{separator: ";", delimiter: ',', columns: map[string]string{}, constants: map[string]attr.Value{}, lookups: map[string]lookupTable{}}
	options, err := namedValues(given)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		set, known := setSheetOption[name]
		if !known {
			return nil, fmt.Errorf("%q is not an option; the options are: %s", name, sheetOptionNames)
		}
		if err := set(ctx, o, options[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	switch {
	case o.key == "":
		return nil, errors.New("key: set it to the name of the column that contains the keys")
	case o.columns["phone_id"] == "" && o.constants["phone_id"] == nil:
		return nil, errors.New("columns, constants: one of them must contain phone_id")
	}
	for _, attribute := range slices.Sorted(maps.Keys(o.lookups)) {
		if o.columns[attribute] == "" {
			return nil, fmt.Errorf("lookups: %s is not in columns, so there are no cells to translate; add its column, or remove the lookup", attribute)
		}
	}
	return o, nil
}

// setSheetOption contains a setter for each option, by name.
var setSheetOption = map[string]func(context.Context, *sheetOptions, attr.Value) error{
	"key": func(_ context.Context, o *sheetOptions, value attr.Value) (err error) {
		o.key, err = plainString(value)
		return err
	},
	"separator": func(_ context.Context, o *sheetOptions, value attr.Value) (err error) {
		if o.separator, err = plainString(value); err == nil && o.separator == "" {
			err = errors.New("must not be empty")
		}
		return err
	},
	"delimiter": func(_ context.Context, o *sheetOptions, value attr.Value) error {
		text, err := plainString(value)
		if runes := []rune(text); err == nil && len(runes) == 1 && !strings.ContainsAny(text, "\"\r\n\ufffd") {
			o.delimiter = runes[0]
			return nil
		}
		return cmp.Or(err, errors.New("must be one character, and not a quote or a line end"))
	},
	"blank_numbers": func(_ context.Context, o *sheetOptions, value attr.Value) error {
		allowed, isBool := underlying(value).(types.Bool)
		if o.blankNumbers = allowed.ValueBool(); !isBool {
			return errors.New("must be true or false")
		}
		return nil
	},
	"columns": func(_ context.Context, o *sheetOptions, value attr.Value) error {
		return ofEach(value, func(attribute string, column attr.Value) (err error) {
			o.columns[attribute], err = plainString(column)
			return err
		})
	},
	"constants": func(ctx context.Context, o *sheetOptions, value attr.Value) error {
		return ofEach(value, func(attribute string, constant attr.Value) (err error) {
			o.constants[attribute], err = constantOf(ctx, attribute, constant)
			return err
		})
	},
	"lookups": func(_ context.Context, o *sheetOptions, value attr.Value) error {
		return ofEach(value, func(attribute string, given attr.Value) error {
			texts, err := namedValues(given)
			table := lookupTable{}
			for _, text := range slices.Sorted(maps.Keys(texts)) {
				id, err := plainString(texts[text])
				if err != nil {
					return fmt.Errorf("%q: %w", text, err)
				}
				table[lookupKey(text)] = append(table[lookupKey(text)], lookupEntry{text: text, id: id})
			}
			o.lookups[attribute] = table
			return err
		})
	},
}

// ofEach passes each attribute of an option to set, with its value.
func ofEach(value attr.Value, set func(attribute string, value attr.Value) error) error {
	named, err := namedValues(value)
	if err != nil {
		return err
	}
	for _, attribute := range slices.Sorted(maps.Keys(named)) {
		if err := checkColumn(attribute); err != nil {
			return err
		}
		if err := set(attribute, named[attribute]); err != nil {
			return fmt.Errorf("%s: %w", attribute, err)
		}
	}
	return nil
}

// checkColumn returns an error unless a cell can set the attribute.
func checkColumn(attribute string) error {
	if field, known := fieldsByName[attribute]; known && field.write != nil {
		return nil
	}
	return fmt.Errorf("%q is not an attribute that cells and constants can set; these are: %s", attribute, strings.Join(sheetAttributes(), ", "))
}

// sheetAttributes returns the attributes that cells and constants can set.
func sheetAttributes() []string {
	names := make([]string, len(configurableFields))
	for i, field := range configurableFields {
		names[i] = field.name
	}
	return names
}

// underlying returns the value in a dynamic one.
func underlying(value attr.Value) attr.Value {
	if dynamic, isDynamic := value.(types.Dynamic); isDynamic {
		return dynamic.UnderlyingValue()
	}
	return value
}

// namedValues returns the elements of a map or the attributes of an object that are not
// null.
func namedValues(value attr.Value) (named map[string]attr.Value, err error) {
	switch value := underlying(value).(type) {
	case types.Object:
		named = value.Attributes()
	case types.Map:
		named = value.Elements()
	default:
		return nil, errors.New("must be an object or a map")
	}
	maps.DeleteFunc(named, func(_ string, value attr.Value) bool { return value == nil || value.IsNull() })
	return named, nil
}

// constantOf converts a value to the type of an attribute, and validates it. Its errors don't
// show the value, which may be sensitive.
func constantOf(ctx context.Context, attribute string, value attr.Value) (attr.Value, error) {
	_, isSet := entryType.AttrTypes[attribute].(types.SetType)
	elements := []attr.Value{value}
	if isSet {
		var err error
		if elements, err = elementsOf(value); err != nil {
			return nil, err
		}
	}
	texts := make([]attr.Value, len(elements))
	var hidden []string
	for i, element := range elements {
		text, err := plainString(element)
		if err != nil {
			return nil, err
		}
		texts[i], hidden = types.StringValue(text), append(hidden, strconv.Quote(text), "the value")
	}
	var constant attr.Value = types.SetValueMust(types.StringType, texts)
	if !isSet {
		constant = texts[0]
	}
	for _, wrong := range faultsOf(ctx, attribute, constant) {
		return nil, errors.New(strings.NewReplacer(hidden...).Replace(wrong))
	}
	return constant, nil
}

// faultsOf returns what is wrong with the value of an attribute. The caller names the
// place, and Terraform adds a full stop.
func faultsOf(ctx context.Context, attribute string, value attr.Value) (faults []string) {
	for _, wrong := range validateAttribute(ctx, path.Empty(), entrySchema[attribute], value) {
		faults = append(faults, strings.TrimSuffix(wrong.Detail(), "."))
	}
	return faults
}

// elementsOf returns the elements of a list, a set or a tuple.
func elementsOf(value attr.Value) ([]attr.Value, error) {
	switch value := underlying(value).(type) {
	case types.Tuple:
		return value.Elements(), nil
	case types.List:
		return value.Elements(), nil
	case types.Set:
		return value.Elements(), nil
	}
	return nil, errors.New("must be a list")
}

func plainString(value attr.Value) (string, error) {
	text, isText := underlying(value).(types.String)
	if !isText || !isKnown(text) {
		return "", errors.New("must be a string, and not null")
	}
	return text.ValueString(), nil
}
