package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// This file contains the rules by which Terraform's core derives values from configuration, plan and state, and what
// it demands of a provider, as far as schemas without blocks need it.

type schemaAttributes []*tfprotov6.SchemaAttribute

// proposedNew returns the new state that core proposes: the configured values, and
// otherwise the prior values of computed attributes.
func (s schemaAttributes) proposedNew(typ tftypes.Type, prior, config tftypes.Value) tftypes.Value {
	before, configured, proposed := parts(prior), parts(config), map[string]tftypes.Value{}
	for _, attribute := range s {
		proposed[attribute.Name] = proposedNewAttribute(attribute,
			partOf(before, attribute.Name, attribute.ValueType()), configured[attribute.Name])
	}
	return tftypes.NewValue(typ, proposed)
}

func proposedNewAttribute(attribute *tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	switch {
	case attribute.Computed && config.IsNull():
		return prior
	case attribute.NestedType == nil || config.IsNull() || !config.IsKnown():
		return config
	}
	elementType := attribute.ValueType().(tftypes.Map).ElementType
	before, proposed := parts(prior), map[string]tftypes.Value{}
	for key, element := range parts(config) {
		proposed[key] = schemaAttributes(attribute.NestedType.Attributes).
			proposedNew(elementType, partOf(before, key, elementType), element)
	}
	return tftypes.NewValue(attribute.ValueType(), proposed)
}

// invalidPlan returns what core calls "Provider produced invalid plan". A planned value must be the configured one,
// or the prior one if that means the same. The provider may choose the value only for a computed attribute that is
// not configured.
func (s schemaAttributes) invalidPlan(at string, prior, config, planned tftypes.Value) (faults []string) {
	before, configured, plan := parts(prior), parts(config), parts(planned)
	for _, attribute := range s {
		name := attribute.Name
		was := partOf(before, name, attribute.ValueType())
		faults = append(faults, invalidAttributePlan(at+"."+name, attribute, was, configured[name], plan[name])...)
	}
	return faults
}

func invalidAttributePlan(at string, attribute *tfprotov6.SchemaAttribute, prior, config, planned tftypes.Value) (faults []string) {
	switch {
	case same(planned, config),
		!prior.IsNull() && !config.IsNull() && same(planned, prior),
		attribute.Computed && config.IsNull():
		return nil
	case attribute.NestedType == nil || planned.IsNull() || !planned.IsKnown() || config.IsNull():
		return []string{fmt.Sprintf("%s: planned %s, but the configuration says %s (and it was %s)", at, text(planned), text(config), text(prior))}
	}
	elementType := attribute.ValueType().(tftypes.Map).ElementType
	before, configured, plan := parts(prior), parts(config), parts(planned)
	for _, key := range slices.Sorted(maps.Keys(plan)) {
		element, ok := configured[key]
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: the key %q is planned, but not configured", at, key))
			continue
		}
		faults = append(faults, schemaAttributes(attribute.NestedType.Attributes).
			invalidPlan(fmt.Sprintf("%s[%q]", at, key), partOf(before, key, elementType), element, plan[key])...)
	}
	for key := range configured {
		if _, ok := plan[key]; !ok {
			faults = append(faults, fmt.Sprintf("%s: the key %q is configured, but not planned", at, key))
		}
	}
	return faults
}

// incompatible returns what core calls "Provider produced inconsistent result after
// apply" or "inconsistent final plan": a known planned value must not change.
func incompatible(at string, planned, actual tftypes.Value) (faults []string) {
	switch {
	case !planned.IsKnown():
		return nil
	case planned.IsNull() || actual.IsNull() || !isCollection(planned.Type()) || !actual.IsKnown():
		if !same(planned, actual) {
			return []string{fmt.Sprintf("%s: was planned as %s, and is %s", at, text(planned), text(actual))}
		}
		return nil
	}
	plan, result := parts(planned), parts(actual)
	for _, key := range slices.Sorted(maps.Keys(plan)) {
		if _, ok := result[key]; !ok {
			faults = append(faults, fmt.Sprintf("%s: %q was planned, and is missing", at, key))
			continue
		}
		faults = append(faults, incompatible(at+"."+key, plan[key], result[key])...)
	}
	for key := range result {
		if _, ok := plan[key]; !ok {
			faults = append(faults, fmt.Sprintf("%s: %q was not planned, and is there", at, key))
		}
	}
	return faults
}

func isCollection(typ tftypes.Type) bool {
	return typ.Is(tftypes.Object{}) || typ.Is(tftypes.Map{})
}

// parts returns the attributes of an object or the elements of a map, none if it is null
// or unknown.
func parts(v tftypes.Value) map[string]tftypes.Value {
	found := map[string]tftypes.Value{}
	if v.IsKnown() && !v.IsNull() {
		_ = v.As(&found) // other kinds of values have none
	}
	return found
}

// partOf returns a part, null if it is missing.
func partOf(all map[string]tftypes.Value, name string, typ tftypes.Type) tftypes.Value {
	if v, ok := all[name]; ok {
		return v
	}
	return tftypes.NewValue(typ, nil)
}

// same reports whether two values are equal. The order of sets does not matter.
func same(a, b tftypes.Value) bool { return text(a) == text(b) }

// text returns the same text for equal values.
func text(v tftypes.Value) string {
	switch {
	case !v.IsKnown():
		return "(unknown)"
	case v.IsNull():
		return "null"
	case isCollection(v.Type()):
		var items []string
		for key, part := range parts(v) {
			items = append(items, key+" = "+text(part))
		}
		slices.Sort(items)
		return "{" + strings.Join(items, ", ") + "}"
	case v.Type().Is(tftypes.Set{}):
		items := texts(v)
		for i := range items {
			items[i] = fmt.Sprintf("%q", items[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.Type().Is(tftypes.String):
		return fmt.Sprintf("%q", stringOf(v))
	}
	return v.String()
}

// stringOf returns a string, "" for null and unknown.
func stringOf(v tftypes.Value) string {
	var s string
	if v.IsKnown() && !v.IsNull() {
		_ = v.As(&s)
	}
	return s
}

// texts returns the strings of a set, sorted.
func texts(v tftypes.Value) []string {
	var elements []tftypes.Value
	if v.IsKnown() && !v.IsNull() {
		_ = v.As(&elements)
	}
	all := make([]string, len(elements))
	for i, element := range elements {
		all[i] = stringOf(element)
		if !element.IsKnown() {
			all[i] = "(unknown)"
		}
	}
	slices.Sort(all)
	return all
}

// Tests the imitation of core.
func TestCoreRules(t *testing.T) {
	t.Parallel()
	attributes := schemaAttributes{
		{Name: "name", Type: tftypes.String, Required: true},
		{Name: "links", Type: tftypes.Set{ElementType: tftypes.String}, Optional: true, Computed: true},
		{Name: "id", Type: tftypes.String, Computed: true},
	}
	conversation := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"name": tftypes.String, "links": tftypes.Set{ElementType: tftypes.String}, "id": tftypes.String,
	}}
	many := schemaAttributes{{
		Name: "all", Required: true,
		NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeMap, Attributes: attributes},
	}}
	one := func(name, id any, links ...string) tftypes.Value {
		d := declared{}
		if links != nil {
			d["links"] = links
		}
		return d.value(conversation, map[string]any{"name": name, "id": id})
	}
	all := func(entries map[string]tftypes.Value) tftypes.Value {
		typ := tftypes.Map{ElementType: conversation}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"all": typ}},
			map[string]tftypes.Value{"all": tftypes.NewValue(typ, entries)})
	}
	type entry = map[string]tftypes.Value
	prior, config := all(entry{"a": one("A", "1", "x", "y")}), all(entry{"a": one("a", nil), "b": one("b", nil, "z")})
	unknown := tftypes.UnknownValue
	proposed := many.proposedNew(prior.Type(), prior, config)
	if want := all(entry{"a": one("a", "1", "y", "x"), "b": one("b", nil, "z")}); !same(want, proposed) {
		t.Errorf("proposed is %s, not %s", text(proposed), text(want))
	}
	for name, test := range map[string]struct {
		planned, result tftypes.Value
		invalid, broken int // faults of the plan and of the result
	}{
		"as configured":         {all(entry{"a": one("a", "1"), "b": one("b", unknown, "z")}), all(entry{"a": one("a", "1"), "b": one("b", "2", "z")}), 0, 0},
		"as before":             {all(entry{"a": one("A", "1", "y"), "b": one("b", unknown, "z")}), all(entry{"a": one("A", "1", "y"), "b": one("b", "2", "z")}), 0, 0},
		"a value of its own":    {all(entry{"a": one("?", "1"), "b": one("b", "2", "z")}), all(entry{"a": one("?", "1"), "b": one("b", "2", "z")}), 1, 0},
		"a set of its own":      {all(entry{"a": one("a", "1"), "b": one("b", "2")}), all(entry{"a": one("a", "1"), "b": one("b", "2")}), 1, 0},
		"a key of its own":      {all(entry{"a": one("a", "1"), "c": one("b", "2")}), all(entry{"a": one("a", "1"), "c": one("b", "2")}), 2, 0},
		"another id than known": {all(entry{"a": one("a", "1"), "b": one("b", "2", "z")}), all(entry{"a": one("a", "1"), "b": one("b", "3", "z")}), 0, 1},
		"a key lost":            {all(entry{"a": one("a", "1"), "b": one("b", "2", "z")}), all(entry{"a": one("a", "1")}), 0, 1},
		"a null filled":         {all(entry{"a": one("a", "1"), "b": one("b", "2", "z")}), all(entry{"a": one("a", "1", "x"), "b": one("b", "2", "z")}), 0, 1},
	} {
		if faults := many.invalidPlan("", prior, config, test.planned); len(faults) != test.invalid {
			t.Errorf("%s: the plan has %d faults, not %d: %q", name, len(faults), test.invalid, faults)
		}
		if faults := incompatible("", test.planned, test.result); len(faults) != test.broken {
			t.Errorf("%s: the result has %d faults, not %d: %q", name, len(faults), test.broken, faults)
		}
	}
}
