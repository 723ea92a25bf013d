package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// Each attribute, and each value of a model, has exactly one field.
func TestFields(t *testing.T) {
	t.Parallel()
	checkFields(t, conversationFields, emptyConversation())
	checkFields(t, messageFields, messageModel{})
	for _, kind := range client.RelationKinds {
		if _, found := fieldsByName[kind.Field]; !found {
			t.Errorf("%s has no field", kind.Field)
		}
	}
}

func checkFields[M, T, In any](t *testing.T, fields []fieldOf[M, T, In], empty M) {
	t.Helper()
	ctx := context.Background()
	if attributes := attributesOf(fields); len(attributes) != len(fields) {
		t.Errorf("%d attributes for %d fields", len(attributes), len(fields))
	}
	var known []string
	all := empty
	for _, field := range fields {
		for _, value := range []attr.Value{field.null, field.unknown} {
			if !value.Type(ctx).Equal(field.attribute.GetType()) {
				t.Errorf("%s: %s is a %s; want a %s", field.name, value, value.Type(ctx), field.attribute.GetType())
			}
		}
		if !field.null.IsNull() || !field.unknown.IsUnknown() {
			t.Errorf("%s: null is %s, and unknown %s", field.name, field.null, field.unknown)
		}
		isConfigurable := (field.attribute.IsOptional() || field.attribute.IsRequired()) && field.name != "id" // an id names a record, and is never written
		if isConfigurable != (field.write != nil) || isConfigurable != (field.text != nil) {
			t.Errorf("%s: a configuration can set it: %t; it can be written: %t; it has a text: %t", field.name, isConfigurable, field.write != nil, field.text != nil)
		}
		m := empty
		field.set(&m, field.unknown)
		field.set(&all, field.unknown)
		if !field.get(&m).IsUnknown() {
			t.Errorf("%s is %s after it was set to an unknown value", field.name, field.get(&m))
		}
		if unknown := unknownValues(m); len(unknown) != 1 {
			t.Errorf("%s stands for the values %q of the model", field.name, unknown)
		}
		known = append(known, field.name)
	}
	if want, got := countValues(empty), len(unknownValues(all)); got != want {
		t.Errorf("of %d values of %T, the fields %q stand for %d", want, empty, known, got)
	}
}

// countValues returns the number of values in the model.
func countValues(m any) (count int) {
	for _, field := range reflect.VisibleFields(reflect.TypeOf(m)) {
		if field.Type.Implements(reflect.TypeFor[attr.Value]()) {
			count++
		}
	}
	return count
}

// unknownValues returns the names of the model's unknown values.
func unknownValues(m any) (names []string) {
	v := reflect.ValueOf(m)
	for _, field := range reflect.VisibleFields(v.Type()) {
		if !field.IsExported() {
			continue
		}
		if value, ok := reflect.TypeAssert[attr.Value](v.FieldByIndex(field.Index)); ok && value.IsUnknown() {
			names = append(names, field.Name)
		}
	}
	return names
}

// The tag of each value of a conversation is the name of its field.
func TestConversationFields_tags(t *testing.T) {
	t.Parallel()
	for _, field := range conversationFields {
		m := emptyConversation()
		field.set(&m, field.unknown)
		for _, name := range unknownValues(m) {
			of, _ := reflect.TypeOf(m).FieldByName(name)
			if tag := of.Tag.Get("tfsdk"); tag != field.name {
				t.Errorf("%s has the tag %q; want %q", name, tag, field.name)
			}
		}
	}
}

// A value that is written under the API's name of a field and read back is the value of the model.
func TestConversationFields_roundTrip(t *testing.T) {
	t.Parallel()
	samples := map[string]any{ // fields that only the CRM sets
		"id": idC, "revision": 7, "created": "2026-01-02T03:04:05Z", "modified": "2026-01-02T03:04:06Z", "is_deleted": true, "is_delete_protected": true,
	}
	for _, field := range conversationFields {
		var sent any
		want := emptyConversation()
		if sample, isShown := samples[field.name]; isShown {
			sent = map[string]any{field.name: sample}
		} else {
			field.set(&want, types.StringValue(idB))
			field.set(&want, set(idA, idB))
			if changed := want.changedFields(numbers{}, nil); len(changed) != 1 || changed[0].name != field.name {
				t.Errorf("%s: %d fields are changed", field.name, len(changed))
			}
			input := want.toAPI(numbers{}, nil)
			wantSame(t, []string{field.name}, input.Fields())
			sent = input
		}
		text, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		var record client.Conversation
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		got := numbers{}.conversationFromAPI(record, conversationModel{})
		if field.get(&got).IsNull() {
			t.Errorf("%s is not read from %s", field.name, text)
		}
		if sample, isText := samples[field.name].(string); isText && textOf(field.get(&got)) != sample {
			t.Errorf("%s is %s; want %q", field.name, field.get(&got), sample)
		}
		if field.write != nil && !field.get(&got).Equal(field.get(&want)) {
			t.Errorf("%s is %s; want %s", field.name, field.get(&got), field.get(&want))
		}
		if text, isKnown := got.baseline(numbers{}, engine.NoFloor).Fields[field.name]; isKnown != (field.write != nil) || isKnown && text == "" {
			t.Errorf("%s is known as %q (%t)", field.name, text, isKnown)
		}
	}
}

// A value that a message sends under the API's name of a field and reads back is the value of the model. The baseline
// names the field as the API does.
func TestMessageFields_roundTrip(t *testing.T) {
	t.Parallel()
	samples := map[string]string{"direction": "incoming", "status": "seen", "datetime_sent": "2026-01-02T03:04:05Z"}
	for _, field := range sentFields {
		value := attr.Value(types.StringValue(cmp.Or(samples[field.name], "text")))
		want := messageModel{Content: types.StringValue("other")}
		field.set(&want, value)
		prior := messageModel{Content: types.StringValue("other")}
		input := want.toAPI(&prior)
		wantSame(t, []string{field.name}, input.Fields())
		input.Content, input.Direction = client.Value(textOf(want.Content)), client.Value(cmp.Or(first(input.Direction.Get()), 1)) // otherwise it is a stub
		text, err := json.Marshal(input)
		if err != nil {
			t.Fatal(err)
		}
		var record client.Message
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		like := messageModel{Content: types.StringValue("like")}
		field.set(&like, field.unknown)
		got := messageFromAPI(record, like)
		if !field.get(&got).Equal(value) {
			t.Errorf("%s is %s; want %s", field.name, field.get(&got), value)
		}
		if known := got.baseline(client.ID{}, engine.NoFloor).Fields[field.name]; known != textOf(value) {
			t.Errorf("%s is known as %q; want %s", field.name, known, value)
		}
	}
}

func first[A, B any](a A, _ B) A { return a }
