package provider

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Each attribute of a conversation, and each value of the model, has exactly one field.
func TestConversationFields(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	attributes := conversationAttributes()
	if len(attributes) != len(conversationFields) {
		t.Errorf("%d attributes for %d fields", len(attributes), len(conversationFields))
	}
	names := map[string]bool{}
	for _, field := range conversationFields {
		names[field.name] = true
		for _, value := range []attr.Value{field.null, field.unknown} {
			if !value.Type(ctx).Equal(field.attribute.GetType()) {
				t.Errorf("%s: %s is a %s; want a %s", field.name, value, value.Type(ctx), field.attribute.GetType())
			}
		}
		if !field.null.IsNull() || !field.unknown.IsUnknown() {
			t.Errorf("%s: null is %s, and unknown %s", field.name, field.null, field.unknown)
		}
		if isConfigurable := field.attribute.IsOptional() || field.attribute.IsRequired(); isConfigurable != (field.write != nil) {
			t.Errorf("%s: a configuration can set it: %t; it can be written: %t", field.name, isConfigurable, field.write != nil)
		}
		m := emptyConversation()
		field.set(&m, field.unknown)
		if !field.get(&m).IsUnknown() {
			t.Errorf("%s is %s after it was set to an unknown value", field.name, field.get(&m))
		}
		wantSame(t, []string{field.name}, unknownTags(m))
	}
	for _, kind := range client.RelationKinds {
		if !names[kind.Field] {
			t.Errorf("%s has no field", kind.Field)
		}
	}
	m := emptyConversation()
	for _, field := range conversationFields {
		field.set(&m, field.unknown)
	}
	if known := countTags(m) - len(unknownTags(m)); known > 0 {
		t.Errorf("%d values of the model have no field", known)
	}
}

// countTags returns how many values the model has.
func countTags(m conversationModel) (count int) {
	for i, of := 0, reflect.TypeOf(m); i < of.NumField(); i++ {
		if of.Field(i).Tag.Get("tfsdk") != "" {
			count++
		}
	}
	return count
}

// unknownTags returns the names, by their tags, of the model's values that are unknown.
func unknownTags(m conversationModel) (names []string) {
	v := reflect.ValueOf(m)
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("tfsdk"); tag == "" {
			continue
		}
		if value, ok := reflect.TypeAssert[attr.Value](v.Field(i)); ok && value.IsUnknown() {
			names = append(names, v.Type().Field(i).Tag.Get("tfsdk"))
		}
	}
	return names
}

// What is written under the API's name of a field, and read back, is what the model had.
func TestConversationFields_roundTrip(t *testing.T) {
	t.Parallel()
	samples := map[string]any{ // of the fields that only the CRM sets
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
			wantSame(t, []string{field.name}, want.changedFields(numbers{}, nil))
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
		if text, isKnown := got.known(numbers{}).Fields[field.name]; isKnown != (field.write != nil) || isKnown && text == "" {
			t.Errorf("%s is known as %q (%t)", field.name, text, isKnown)
		}
	}
}
