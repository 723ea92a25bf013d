package provider

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

func TestDataSourceSchemas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	constructors := New("test")().DataSources(ctx)
	if len(constructors) != 3 {
		t.Errorf("the provider has %d data sources", len(constructors))
	}
	for _, construct := range constructors {
		var metadata datasource.MetadataResponse
		var schema datasource.SchemaResponse
		construct().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "pipeliner"}, &metadata)
		construct().Schema(ctx, datasource.SchemaRequest{}, &schema)
		if diags := schema.Schema.ValidateImplementation(ctx); diags.HasError() {
			t.Errorf("%s: %v", metadata.TypeName, diags)
		}
		for name, attribute := range schema.Schema.Attributes {
			if attribute.GetMarkdownDescription() == "" {
				t.Errorf("%s: %s has no description", metadata.TypeName, name)
			}
		}
	}
}

// A data source has the attributes of the resource: the same names and types.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	attributes := conversationAttributes()
	shown := readOnly(attributes)
	wantSame(t, slices.Sorted(maps.Keys(attributes)), slices.Sorted(maps.Keys(shown)))
	for name, attribute := range shown {
		switch {
		case attribute == nil:
			t.Errorf("%s is of a type that no data source shows", name)
		case !attribute.GetType().Equal(attributes[name].GetType()):
			t.Errorf("%s is a %s; want %s", name, attribute.GetType(), attributes[name].GetType())
		case !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired():
			t.Errorf("%s is not only shown", name)
		case !strings.HasPrefix(attributes[name].GetMarkdownDescription(), attribute.GetMarkdownDescription()) || attribute.GetMarkdownDescription() == "":
			t.Errorf("%s is described as %q", name, attribute.GetMarkdownDescription())
		}
	}
	wantSame(t, "UUID of the recipient's account.", shown["recipient_account_id"].GetMarkdownDescription())
}

func wantSame(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConversationFieldNames(t *testing.T) {
	t.Parallel()
	wantSame(t, []string{
		"created", "id", "is_delete_protected", "is_deleted", "modified", "phone_id",
		"recipient_account_id", "recipient_contact_id", "recipient_phone_number", "revision",
	}, conversationFieldNames())
}

// texts returns a map of strings. "?" stands for an unknown value.
func texts(pairs ...string) types.Map {
	elements := map[string]attr.Value{}
	for pair := range slices.Chunk(pairs, 2) {
		elements[pair[0]] = types.StringValue(pair[1])
		if pair[1] == "?" {
			elements[pair[0]] = types.StringUnknown()
		}
	}
	return types.MapValueMust(types.StringType, elements)
}

func said(diags diag.Diagnostics) (all []string) {
	for _, d := range diags {
		at := ""
		if withPath, ok := d.(diag.DiagnosticWithPath); ok {
			at = withPath.Path().String() + ": "
		}
		all = append(all, at+d.Summary())
	}
	return all
}

// Errors of a data source name the key.
func TestLookupValidators(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	filter := types.MapValueMust(types.StringType, map[string]attr.Value{"a b": types.StringValue("x"), "c": types.StringNull()})
	for _, test := range []struct {
		known []string
		want  []string
	}{
		{nil, []string{`filter["a b"]: value must be the name of a field, such as name, got: "a b".`, "This attribute contains a null value."}},
		{[]string{"c", "d"}, []string{`Attribute filter["a b"] value must be one of: ["c" "d"], got: "a b"`, "This attribute contains a null value."}},
	} {
		var got []string
		for _, check := range lookupAttributes(test.known)["filter"].(datasourceschema.MapAttribute).Validators {
			var resp validator.MapResponse
			check.ValidateMap(ctx, validator.MapRequest{Path: path.Root("filter"), ConfigValue: filter}, &resp)
			for _, d := range resp.Diagnostics {
				got = append(got, d.Detail())
			}
		}
		wantSame(t, test.want, got)
	}
	var resp validator.StringResponse
	isField(nil).ValidateString(ctx, validator.StringRequest{Path: path.Root("fields").AtSetValue(types.StringValue("")), ConfigValue: types.StringValue("")}, &resp)
	wantSame(t, `fields: value must be the name of a field, such as name, got: "".`, resp.Diagnostics[0].Detail())
}

// A field of a conversation that contains an id is compared with an id. A field that every conversation has is never
// empty.
func TestLookupCheckIDs(t *testing.T) {
	t.Parallel()
	filter := texts("phone_id", "Sales", "recipient_account_id", "", "recipient_contact_id", "?", "recipient_phone_number", "Sales", "owner_id", "Sales")
	for _, test := range []struct {
		operators types.Map
		want      []string
	}{
		{types.MapNull(types.StringType), []string{`filter["phone_id"]: Invalid Id`}},
		{texts("phone_id", "eq"), []string{`filter["phone_id"]: Invalid Id`}},
		{types.MapUnknown(types.StringType), nil},
		{texts("phone_id", "not-eq"), []string{`filter["phone_id"]: Invalid Id`}},
		{texts("phone_id", "starts"), nil},
		{texts("phone_id", "?"), nil},
	} {
		wantSame(t, test.want, said(lookupModel{Filter: filter, FilterOp: test.operators}.checkIDs(context.Background())))
	}
	empty := lookupModel{Filter: texts("id", "", "phone_id", "", "recipient_contact_id", ""), FilterOp: types.MapNull(types.StringType)}
	wantSame(t, []string{`filter["id"]: Invalid Id`, `filter["phone_id"]: Invalid Id`}, said(empty.checkIDs(context.Background())))
}

func TestLookupCheck(t *testing.T) {
	t.Parallel()
	none, unknown := types.MapNull(types.StringType), types.MapUnknown(types.StringType)
	for name, test := range map[string]struct {
		filter, operators types.Map
		want              []string
	}{
		"nothing":                     {none, none, nil},
		"equality":                    {texts("a", "x", "b", ""), none, nil},
		"an operator":                 {texts("a", "x"), texts("a", "starts"), nil},
		"no value":                    {none, texts("a", "starts"), []string{`filter_op["a"]: Filter Without a Value`}},
		"no such operator":            {none, texts("a", "isnull"), nil},
		"a value of another field":    {texts("b", "x"), texts("a", "gt"), []string{`filter_op["a"]: Filter Without a Value`}},
		"none needed":                 {none, texts("a", "null", "b", "not-null", "c", "empty", "d", "not-empty"), nil},
		"one where none is needed":    {texts("a", ""), texts("a", "null"), []string{`filter["a"]: Filter With an Unused Value`}},
		"two for between":             {texts("a", "1,2"), texts("a", "between"), nil},
		"one for between":             {texts("a", "1"), texts("a", "between"), []string{`filter["a"]: Filter Without Two Values`}},
		"half of two":                 {texts("a", "1,", "b", ",1"), texts("a", "between", "b", "between"), []string{`filter["a"]: Filter Without Two Values`, `filter["b"]: Filter Without Two Values`}},
		"three for between":           {texts("a", "1,2,3"), texts("a", "between"), []string{`filter["a"]: Filter Without Two Values`}},
		"a comma elsewhere":           {texts("a", "1,2,3"), texts("a", "contains"), nil},
		"a value not yet known":       {texts("a", "?"), texts("a", "between"), nil},
		"an operator not yet known":   {none, texts("a", "?"), nil},
		"no operator known yet":       {texts("a", "x"), unknown, nil},
		"no filter known yet":         {unknown, texts("a", "starts"), nil},
		"known, beside what is not":   {texts("a", "?"), texts("a", "?", "b", "gt"), []string{`filter_op["b"]: Filter Without a Value`}},
		"one too many not yet known ": {texts("a", "?"), texts("a", "null"), []string{`filter["a"]: Filter With an Unused Value`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantSame(t, test.want, said(lookupModel{Filter: test.filter, FilterOp: test.operators}.check()))
		})
	}
}

func TestLookupQuery(t *testing.T) {
	t.Parallel()
	query := lookupModel{
		Filter: texts("name", "https://acme.example/entities/Phones/"+idA, "phone_id", "https://crm.example/entities/Phones/"+strings.ToUpper(idA),
			"account_id", "acme", "id", idB, "created", "a,b"),
		FilterOp:       texts("created", "between", "modified", "null"),
		OrderBy:        types.ListValueMust(types.StringType, []attr.Value{types.StringValue("created"), types.StringValue("-modified")}),
		IncludeDeleted: types.BoolValue(true),
	}.query()
	wantSame(t, client.Query{
		Filters: []client.Filter{
			{Field: "account_id", Value: "acme"},
			{Field: "created", Op: "between", Value: "a,b"},
			{Field: "id", Value: idB},
			{Field: "modified", Op: "null"},
			{Field: "name", Value: "https://acme.example/entities/Phones/" + idA},
			{Field: "phone_id", Value: idA},
		},
		OrderBy: []string{"created", "-modified"}, IncludeDeleted: true,
	}, query)
	query = lookupModel{}.query()
	wantSame(t, 0, len(query.Filters)+len(query.OrderBy))
}

// A refusal is shown at the attribute that must have caused it, if there is only one.
func TestLookupSuspect(t *testing.T) {
	t.Parallel()
	order := types.ListValueMust(types.StringType, []attr.Value{types.StringValue("created")})
	filter, operator := lookupModel{Filter: texts("a", "x"), FilterOp: texts("a", "gt")}, lookupModel{FilterOp: texts("a", "null")}
	refusal := &client.APIError{HTTPStatus: 400}
	for name, test := range map[string]struct {
		lookup lookupModel
		err    error
		others []string
		want   string
	}{
		"nothing":           {lookupModel{}, refusal, nil, ""},
		"a filter":          {filter, refusal, nil, "filter"},
		"an operator":       {operator, refusal, nil, "filter_op"},
		"an order":          {lookupModel{OrderBy: order}, refusal, nil, "order_by"},
		"another":           {lookupModel{}, refusal, []string{"fields"}, "fields"},
		"a filter or more":  {filter, refusal, []string{"fields"}, ""},
		"a filter or order": {lookupModel{OrderBy: order, Filter: texts("a", "x")}, refusal, nil, ""},
		"something else":    {filter, &client.APIError{HTTPStatus: 403}, nil, ""},
	} {
		if got := test.lookup.suspect(test.err, test.others...).String(); got != test.want {
			t.Errorf("%s: the suspect is %q; want %q", name, got, test.want)
		}
	}
}
