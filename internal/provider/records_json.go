package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/text/unicode/norm"
)

// The limits of a reply, so that it does no harm: Terraform writes numbers without
// exponents, and walks values and their types recursively.
const (
	maxDepth     = 64
	maxExponent  = 4096 // to the base of 2
	numberDigits = 512  // binary ones, as many as Terraform keeps
)

// recordFromJSON returns a record as a Terraform object. It has only these fields (of a
// path like "owner.name" the first part), or all if there are none.
func recordFromJSON(ctx context.Context, data []byte, fields []string) (attr.Value, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, errors.New("it is not a JSON object")
	}
	if len(fields) > 0 {
		for name := range object {
			asked := func(field string) bool { return field == name || strings.HasPrefix(field, name+".") }
			if !slices.ContainsFunc(fields, asked) {
				delete(object, name)
			}
		}
	}
	return objectFromJSON(ctx, object, maxDepth)
}

// valueFromJSON returns a decoded JSON value as a Terraform value. null has no type.
// Arrays become tuples, because their elements may differ in type. depth is how many more
// levels may follow.
func valueFromJSON(ctx context.Context, value any, depth int) (attr.Value, error) {
	switch value := value.(type) {
	case bool:
		return types.BoolValue(value), nil
	case string:
		return types.StringValue(value), nil
	case json.Number:
		return numberFromJSON(value)
	case []any:
		return arrayFromJSON(ctx, value, depth)
	case map[string]any:
		return objectFromJSON(ctx, value, depth)
	}
	return types.DynamicNull(), nil
}

func arrayFromJSON(ctx context.Context, array []any, depth int) (attr.Value, error) {
	if depth == 0 {
		return nil, fmt.Errorf("arrays and objects are nested more than %d deep", maxDepth)
	}
	elements := make([]attr.Value, len(array))
	for i, element := range array {
		value, err := valueFromJSON(ctx, element, depth-1)
		if err != nil {
			return nil, err
		}
		elements[i] = value
	}
	return tupleOf(ctx, elements), nil
}

func objectFromJSON(ctx context.Context, object map[string]any, depth int) (attr.Value, error) {
	if depth == 0 {
		return nil, fmt.Errorf("arrays and objects are nested more than %d deep", maxDepth)
	}
	attributes := make(map[string]attr.Value, len(object))
	attributeTypes := make(map[string]attr.Type, len(object))
	for name, element := range object {
		value, err := valueFromJSON(ctx, element, depth-1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		name = norm.NFC.String(name) // as Terraform writes names
		attributes[name], attributeTypes[name] = value, value.Type(ctx)
	}
	return types.ObjectValueMust(attributeTypes, attributes), nil
}

// numberFromJSON returns the number as Terraform reads it in a configuration: integers
// exactly.
func numberFromJSON(text json.Number) (attr.Value, error) {
	number, _, err := big.ParseFloat(text.String(), 10, numberDigits, big.ToNearestEven)
	if err != nil || number.IsInf() || number.MantExp(nil) > maxExponent || number.MantExp(nil) < -maxExponent {
		return nil, fmt.Errorf("the number %.40s is too large or too small", text)
	}
	return types.NumberValue(number), nil
}

func tupleOf(ctx context.Context, elements []attr.Value) types.Tuple {
	elementTypes := make([]attr.Type, len(elements))
	for i, element := range elements {
		elementTypes[i] = element.Type(ctx)
	}
	return types.TupleValueMust(elementTypes, elements)
}
