package provider

import (
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

const (
	testPhone   = "10000000-0000-4000-8000-00000000000a"
	testAccount = "30000000-0000-4000-8000-00000000000a"
)

// bulkTerraformType returns the type of the bulk resource in Terraform.
func bulkTerraformType() tftypes.Object {
	object, _ := bulkSchema(true).Type().TerraformType(context.Background()).(tftypes.Object)
	return object
}

// mapTerraformType returns the type of its map.
func mapTerraformType() tftypes.Map {
	return tftypes.Map{ElementType: entryType.TerraformType(context.Background())}
}

// terraformValue returns a value of a type. For an object, the value contains attributes
// by name, and the missing ones are null. A [tftypes.Value] stays as it is.
func terraformValue(of tftypes.Type, value any) tftypes.Value {
	switch given := value.(type) {
	case tftypes.Value:
		return given
	case []string:
		elements := make([]tftypes.Value, len(given))
		for i, text := range given {
			elements[i] = tftypes.NewValue(tftypes.String, text)
		}
		return tftypes.NewValue(of, elements)
	case map[string]any:
		values := make(map[string]tftypes.Value, len(given))
		if object, isObject := of.(tftypes.Object); isObject {
			for name, attribute := range object.AttributeTypes {
				values[name] = terraformValue(attribute, given[name])
			}
		} else {
			for name, element := range given {
				values[name] = terraformValue(of.(tftypes.Map).ElementType, element)
			}
		}
		return tftypes.NewValue(of, values)
	}
	return tftypes.NewValue(of, value)
}

// everyEntry returns entries with everything that an entry can contain.
func everyEntry() map[string]any {
	message := map[string]any{"content": "Hello", "direction": "incoming", "datetime_sent": "2026-01-02T15:04:05Z", "message_sid": "SM1", "status": "received"}
	return map[string]any{
		"full": map[string]any{
			"id": testAccount, "phone_id": testPhone, "recipient_phone_number": "+1 555 010 0000", "recipient_account_id": "", "recipient_contact_id": testAccount,
			"account_relations": []string{testAccount, testPhone}, "quote_relations": []string{}, "is_deleted": true,
			"messages": map[string]any{"one": message, "two": map[string]any{"id": testPhone, "is_deleted": false}},
		},
		"unknown": map[string]any{
			"id": tftypes.UnknownValue, "phone_id": tftypes.UnknownValue, "account_relations": tftypes.UnknownValue, "messages": tftypes.UnknownValue,
			"lead_relations": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}),
		},
		"unknown messages": map[string]any{"phone_id": testPhone, "messages": map[string]any{"whole": tftypes.UnknownValue, "part": map[string]any{"content": tftypes.UnknownValue}}},
		"none at all":      map[string]any{"messages": map[string]any{}},
		"not yet known":    tftypes.UnknownValue,
		"":                 map[string]any{"phone_id": "ä\x00\"{"},
	}
}

// A value that Terraform sends is the same after it was sealed, read, sealed again and
// opened.
func TestSealedMap(t *testing.T) {
	t.Parallel()
	long := map[string]any{} // its length takes more bytes
	for i := range 20 {
		long[fmt.Sprint(i)] = map[string]any{"phone_id": strings.Repeat("x", 20*i)}
	}
	single := map[string]any{}
	for key, entry := range everyEntry() {
		single[key] = map[string]any{key: entry}
	}
	cases := map[string]any{
		"all": everyEntry(), "empty": map[string]any{}, "null": nil, "unknown": tftypes.UnknownValue, "long": long,
	}
	for key, entry := range single {
		cases["entry "+key] = entry
	}
	for name, given := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := bulkTerraformType()
			want := terraformValue(of, map[string]any{"conversations": given, "deletion_policy": "delete", "revision": tftypes.UnknownValue})
			encoded, err := tfprotov6.NewDynamicValue(of, want)
			if err != nil {
				t.Fatal(err)
			}
			value := &encoded
			if err := sealFor(bulkTypeName, &value); err != nil {
				t.Fatal(err)
			}
			resealed, err := convertAttribute(value.MsgPack, func(value msgpack.RawMessage, out *msgpack.Encoder) error {
				var sealed string
				if err := msgpack.Unmarshal(value, &sealed); err != nil {
					return err
				}
				found, _, err := openEntries(sealed)
				if err != nil {
					return err
				}
				return out.EncodeString(found.seal())
			})
			if err != nil {
				t.Fatal(err)
			}
			value = &tfprotov6.DynamicValue{MsgPack: resealed}
			if err := openFor(bulkTypeName, &value); err != nil {
				t.Fatal(err)
			}
			got, err := value.Unmarshal(of)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// Entries are the same as if the framework had read them.
func TestOpenEntries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	given := terraformValue(mapTerraformType(), everyEntry())
	encoded, err := tfprotov6.NewDynamicValue(mapTerraformType(), given)
	if err != nil {
		t.Fatal(err)
	}
	found, nulls, err := openEntries(string(encoded.MsgPack))
	if err != nil || len(nulls) > 0 {
		t.Fatal(err, nulls)
	}
	read, err := types.MapType{ElemType: entryType}.ValueFromTerraform(ctx, given)
	if err != nil {
		t.Fatal(err)
	}
	elements := read.(types.Map).Elements()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(elements)), found.keys()); diff != "" {
		t.Fatalf("keys (-want +got):\n%s", diff)
	}
	for key, element := range elements {
		if element.IsUnknown() {
			if found[key] != nil {
				t.Errorf("%q is known", key)
			}
			continue
		}
		values := map[string]attr.Value{}
		for _, name := range entryAttributeNames {
			values[name] = found[key].value(name)
		}
		got := types.ObjectValueMust(entryType.AttrTypes, values)
		if !got.Equal(element) {
			t.Errorf("%q: got  %s\nwant %s", key, got, element)
		}
	}
}

// A null entry and an unknown entry are different. An attribute that does not exist is an
// error that lists the attributes.
func TestOpenEntries_refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"null":                 {map[string]any{"a": nil}, `nulls ["a"]`},
		"attribute":            {map[string]any{"a": map[string]any{"number": "+1"}}, `"a": there is no attribute "number"; the attributes are: account_relations, contact_relations, id, lead_relations, messages, opportunity_relations, phone_id, project_relations, quote_relations, recipient_account_id, recipient_contact_id, recipient_phone_number`},
		"attribute of message": {map[string]any{"a": map[string]any{"messages": map[string]any{"m": map[string]any{"text": ""}}}}, `"a": "messages": "m": there is no attribute "text"; the attributes are: content, datetime_sent, direction, id, message_sid, status`},
		"text for a set":       {map[string]any{"a": map[string]any{"lead_relations": "x"}}, `"a": "lead_relations": must be a list or a set`},
		"text for an entry":    {map[string]any{"a": "x"}, `"a": must be a map or an object`},
		"text for a map":       {map[string]any{"a": map[string]any{"messages": "x"}}, `"a": "messages": must be a map or an object`},
	} {
		encoded, err := msgpack.Marshal(test.value)
		if err != nil {
			t.Fatal(err)
		}
		_, nulls, err := openEntries(string(encoded))
		got := fmt.Sprintf("nulls %q", nulls)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// Damaged input is an error, never a panic. Whatever can be read can be written.
func FuzzSealedMap(f *testing.F) {
	encoded, err := tfprotov6.NewDynamicValue(bulkTerraformType(), terraformValue(bulkTerraformType(), map[string]any{"conversations": everyEntry()}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded.MsgPack)
	f.Add(encoded.MsgPack[:len(encoded.MsgPack)/2])
	f.Add([]byte(`{"a":{"phone_id":"x","account_relations":["y",null],"messages":{"m":{"content":1}}},"b":null}`))
	f.Add([]byte{0x81, 0xad, 'c', 'o', 'n', 'v', 'e', 'r', 's', 'a', 't', 'i', 'o', 'n', 's', 0xdf, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x92, 0xc4, 0, 0x81, 0xa1, 'a', 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, convert := range []func(string, ...**tfprotov6.DynamicValue) error{sealFor, openFor} {
			value := &tfprotov6.DynamicValue{MsgPack: text}
			_ = convert(bulkTypeName, &value)
		}
		_, _, _ = takeJSON(text)
		_ = transcodeEntries(text, msgpack.NewEncoder(io.Discard))
		if found, known, err := readGiven(text); err == nil && known {
			_ = found.seal()
		}
		found, _, err := openEntries(string(text))
		if err != nil {
			return
		}
		_ = found.validate(context.Background())
		again, _, err := openEntries(found.seal())
		if err != nil || len(again) != len(found) {
			t.Errorf("%d entries are %d when they are read again, %v", len(found), len(again), err)
		}
	})
}

// The two schemas of the bulk resource differ only in the map.
func TestSealedSchema(t *testing.T) {
	t.Parallel()
	open, sealed := bulkSchema(true), bulkSchema(false)
	if names := slices.Sorted(maps.Keys(open.Attributes)); !slices.Equal(names, slices.Sorted(maps.Keys(sealed.Attributes))) {
		t.Fatalf("one has the attributes %q, the other not", names)
	}
	for name, attribute := range open.Attributes {
		if same := attribute.Equal(sealed.Attributes[name]); same == (name == sealedAttribute) {
			t.Errorf("%s: that the two are equal is %t", name, same)
		}
	}
	if !open.Attributes[sealedAttribute].IsRequired() || !sealed.Attributes[sealedAttribute].IsRequired() {
		t.Error("the map is not required")
	}
	whole, _ := open.Attributes[sealedAttribute].(schema.MapNestedAttribute)
	if rest := unheeded(whole); rest != nil || len(whole.Validators)+len(whole.NestedObject.Validators) > 0 {
		t.Errorf("nobody heeds this of the map: %#v", whole)
	}
	if open.Version != sealed.Version || len(open.Blocks)+len(sealed.Blocks) > 0 {
		t.Errorf("the versions are %d and %d", open.Version, sealed.Version)
	}
}

// The code respects everything that the schema of an entry's attribute says, although the framework never sees it. It
// would not respect a default, a plan modifier or an attribute of another kind.
func TestEntryAttributes(t *testing.T) {
	t.Parallel()
	attributes := maps.Clone(entryAttributes())
	messages, _ := attributes["messages"].(schema.MapNestedAttribute)
	for name, attribute := range messages.NestedObject.Attributes {
		attributes["messages."+name] = attribute
	}
	if len(attributes) != len(entryAttributes())+len(messageAttributes()) {
		t.Fatalf("only these attributes were found: %q", slices.Sorted(maps.Keys(attributes)))
	}
	for name, attribute := range attributes {
		if rest := unheeded(attribute); rest != nil {
			t.Errorf("%s: nobody heeds %#v", name, rest)
		}
		for _, complaint := range ofNull(attribute) {
			t.Errorf("%s: a validator is not asked about null, but would say: %s", name, complaint.Detail())
		}
	}
}

func TestUnheeded(t *testing.T) {
	t.Parallel()
	for name, attribute := range map[string]schema.Attribute{
		"kind":            schema.Int64Attribute{Optional: true},
		"default":         schema.BoolAttribute{Computed: true, Default: booldefault.StaticBool(true)},
		"modifier":        schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"elements":        schema.SetAttribute{Optional: true, ElementType: types.Int64Type},
		"write-only":      schema.StringAttribute{Optional: true, WriteOnly: true},
		"deprecated":      schema.StringAttribute{Optional: true, DeprecationMessage: "Old."},
		"bool validators": schema.BoolAttribute{Optional: true, Validators: []validator.Bool{nil}},
		"nested modifier": schema.MapNestedAttribute{NestedObject: schema.NestedAttributeObject{PlanModifiers: []planmodifier.Object{objectplanmodifier.RequiresReplace()}}},
	} {
		if unheeded(attribute) == nil {
			t.Errorf("%s is not noticed", name)
		}
	}
	if rest := unheeded(schema.StringAttribute{Required: true, Validators: []validator.String{isTime}}); rest != nil {
		t.Errorf("of an attribute that is heeded there is left %#v", rest)
	}
}

// unheeded returns the parts of an attribute that [wireTypeOf] and [validateAttribute] ignore, or nil.
func unheeded(attribute schema.Attribute) schema.Attribute {
	switch a := attribute.(type) {
	case schema.StringAttribute:
		a.Required, a.Optional, a.Computed, a.MarkdownDescription, a.Validators = false, false, false, "", nil
		attribute = a
	case schema.BoolAttribute:
		a.Required, a.Optional, a.Computed, a.MarkdownDescription = false, false, false, ""
		attribute = a
	case schema.SetAttribute:
		a.Required, a.Optional, a.Computed, a.MarkdownDescription, a.Validators = false, false, false, "", nil
		if a.ElementType == types.StringType {
			a.ElementType = nil
		}
		attribute = a
	case schema.MapNestedAttribute:
		a.Required, a.Optional, a.Computed, a.MarkdownDescription, a.Validators = false, false, false, "", nil
		a.NestedObject.Attributes, a.NestedObject.Validators = nil, nil
		attribute = a
	default:
		return attribute
	}
	if reflect.ValueOf(attribute).IsZero() {
		return nil
	}
	return attribute
}

// ofNull returns the diagnostics of an attribute's validators for null.
func ofNull(attribute schema.Attribute) (diags diag.Diagnostics) {
	ctx := context.Background()
	switch attribute := attribute.(type) {
	case schema.StringAttribute:
		for _, v := range attribute.Validators {
			var resp validator.StringResponse
			v.ValidateString(ctx, validator.StringRequest{ConfigValue: types.StringNull()}, &resp)
			diags.Append(resp.Diagnostics...)
		}
	case schema.SetAttribute:
		for _, v := range attribute.Validators {
			var resp validator.SetResponse
			v.ValidateSet(ctx, validator.SetRequest{ConfigValue: types.SetNull(types.StringType)}, &resp)
			diags.Append(resp.Diagnostics...)
		}
	case schema.MapNestedAttribute:
		for _, v := range attribute.Validators {
			var resp validator.MapResponse
			v.ValidateMap(ctx, validator.MapRequest{ConfigValue: types.MapNull(messageType)}, &resp)
			diags.Append(resp.Diagnostics...)
		}
	}
	return diags
}
