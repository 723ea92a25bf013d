package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	pipeliner "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// withQueries requires a version of Terraform with queries. OpenTofu has none yet.
var withQueries = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)}

func stringMap(fields ...string) tftypes.Value {
	elements := map[string]tftypes.Value{}
	for pair := range slices.Chunk(fields, 2) {
		elements[pair[0]] = tftypes.NewValue(tftypes.String, pair[1])
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, elements)
}

// list returns the results of a list, at most limit of them, 0 for all.
func (r rpc) list(config map[string]any, limit int64, include bool, take int) (results []tfprotov6.ListResourceResult) {
	r.t.Helper()
	stream, err := r.ListResource(r.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: conversationType, Config: r.encode(r.listType(), config), Limit: limit, IncludeResource: include,
	})
	must(r.t, err)
	for result := range stream.Results {
		results = append(results, result)
		if len(results) == take {
			break
		}
	}
	return results
}

// listed returns the ids of a list's results, which must have no diagnostics.
func (r rpc) listed(results []tfprotov6.ListResourceResult) (ids []string) {
	r.t.Helper()
	for _, result := range results {
		r.wantDiagnostics(result.Diagnostics)
		identity := r.decodeIdentity(result.Identity)
		if identity["space_id"] != "my_space" {
			r.t.Errorf("the identity is %v", identity)
		}
		ids = append(ids, identity["id"])
	}
	return ids
}

// A list resource has the attributes of the data source, except for the limit, which is
// Terraform's.
func TestListSchema(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newWorld(t, mockserver.Behavior{}).rpc()
	var want, got []string
	for _, attribute := range r.schemas.DataSourceSchemas["pipeliner_text_message_conversations"].Block.Attributes {
		if attribute.Optional && attribute.Name != "limit" {
			want = append(want, attribute.Name+": "+attribute.Type.String()+": "+attribute.Description)
		}
	}
	for _, attribute := range r.schemas.ListResourceSchemas[conversationType].Block.Attributes {
		got = append(got, attribute.Name+": "+attribute.Type.String()+": "+attribute.Description)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("the attributes (-data source +list):\n%s", diff)
	}
	for _, construct := range pipeliner.New("test")().(provider.ProviderWithListResources).ListResources(ctx) {
		var metadata frameworkresource.MetadataResponse
		var schema list.ListResourceSchemaResponse
		construct().Metadata(ctx, frameworkresource.MetadataRequest{ProviderTypeName: "pipeliner"}, &metadata)
		construct().ListResourceConfigSchema(ctx, list.ListResourceSchemaRequest{}, &schema)
		if diags := schema.Schema.ValidateImplementation(ctx); diags.HasError() {
			t.Errorf("%s: %v", metadata.TypeName, diags)
		}
	}
}

// Pages are read only when they are needed.
func TestList_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	ids := w.addMany(120)
	r := w.rpc()
	for _, test := range []struct {
		limit int64
		take  int
		want  []string
		asked []string
	}{
		{0, 0, ids, []string{"100 by created", "100 by created"}},
		{1000, 0, ids, []string{"100 by created", "100 by created"}},
		{110, 0, ids[:110], []string{"100 by created", "100 by created"}},
		{100, 0, ids[:100], []string{"100 by created"}},
		{5, 0, ids[:5], []string{"5 by created"}},
		{0, 100, ids[:100], []string{"100 by created"}},
		{0, 101, ids[:101], []string{"100 by created", "100 by created"}},
	} {
		w.ResetRequests()
		got := r.listed(r.list(nil, test.limit, false, test.take))
		var asked []string
		for _, request := range w.Requests() {
			asked = append(asked, request.Query.Get("first")+" by "+request.Query.Get("order-by"))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("limit %d, of which %d are taken (-want +got):\n%s", test.limit, test.take, diff)
		}
		if diff := cmp.Diff(test.asked, asked); diff != "" {
			t.Errorf("limit %d, of which %d are taken: the pages (-want +got):\n%s", test.limit, test.take, diff)
		}
	}
}

func TestList_filters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	one := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+12025550101"})
	two := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+12025550102"})
	other := w.add(map[string]any{"phone_id": otherPhone})
	gone := w.add(map[string]any{"phone_id": otherPhone, "recipient_phone_number": "+13035550103"})
	must(t, w.SoftDelete(conversations, gone))
	r := w.rpc()
	for name, test := range map[string]struct {
		config map[string]any
		want   []string
	}{
		"all":         {nil, []string{one, two, other}},
		"a phone":     {map[string]any{"filter": stringMap("phone_id", "https://x/entities/Phones/"+strings.ToUpper(phone))}, []string{one, two}},
		"an operator": {map[string]any{"filter": stringMap("recipient_phone_number", "+1202"), "filter_op": stringMap("recipient_phone_number", "starts")}, []string{one, two}},
		"no number":   {map[string]any{"filter_op": stringMap("recipient_phone_number", "null")}, []string{other}},
		"an order": {map[string]any{"order_by": tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, []tftypes.Value{
			tftypes.NewValue(tftypes.String, "phone_id"), tftypes.NewValue(tftypes.String, "-created"),
		})}, []string{two, one, other}},
		"deleted ones": {map[string]any{"include_deleted": tftypes.NewValue(tftypes.Bool, true), "filter": stringMap("phone_id", otherPhone)}, []string{other, gone}},
		"none":         {map[string]any{"filter": stringMap("phone_id", nobody)}, nil},
	} {
		if diff := cmp.Diff(test.want, r.listed(r.list(test.config, 0, false, 0))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// A list without a configuration finds everything.
	stream, err := r.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: conversationType})
	must(t, err)
	if diff := cmp.Diff([]string{one, two, other}, r.listed(slices.Collect(stream.Results))); diff != "" {
		t.Errorf("no configuration (-want +got):\n%s", diff)
	}
}

// The results have a name for people, and the whole conversation if asked.
func TestList_results(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	bare := w.add(map[string]any{"phone_id": phone})
	full := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+1 555 010 0001", "account_relations": []any{map[string]any{"account_id": acme}}})
	must(t, w.SoftDelete(conversations, w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+13035550103"})))
	r := w.rpc()
	config := map[string]any{"include_deleted": tftypes.NewValue(tftypes.Bool, true)}
	for _, include := range []bool{false, true} {
		var names []string
		for i, result := range r.list(config, 0, include, 0) {
			r.wantDiagnostics(result.Diagnostics)
			names = append(names, result.DisplayName)
			if (result.Resource != nil) != include {
				t.Errorf("a resource is there: %t; want %t", result.Resource != nil, include)
			}
			if !include || i != 1 {
				continue
			}
			// The resource is the same as after an import and a read.
			read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: conversationType, CurrentState: r.encode(r.resourceType(), map[string]any{"id": full}), CurrentIdentity: result.Identity,
			})
			must(t, err)
			r.wantDiagnostics(read.Diagnostics)
			want, err := read.NewState.Unmarshal(r.resourceType())
			must(t, err)
			got, err := result.Resource.Unmarshal(r.resourceType())
			must(t, err)
			if !got.Equal(want) {
				t.Errorf("the resource is %v;\nwant %v", got, want)
			}
			if links := w.Links(full, "account_relations"); len(links) != 1 || !strings.Contains(got.String(), acme) {
				t.Errorf("the resource is %v; want the link in it", got)
			}
		}
		if diff := cmp.Diff([]string{bare, "+1 555 010 0001", "+13035550103 (deleted)"}, names); diff != "" {
			t.Errorf("the names (-want +got):\n%s", diff)
		}
	}
}

func TestList_badInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	for want, config := range map[string]map[string]any{
		`filter.number: …value must be one of: ["created" "id"`:               {"filter": stringMap("number", "+1")},
		`filter.account_relations: …got: "account_relations"`:                 {"filter": stringMap("account_relations", "x")},
		`filter_op.created: …value must be one of … got: "like"`:              {"filter": stringMap("created", "x"), "filter_op": stringMap("created", "like")},
		`filter.phone_id: Invalid Id: filter["phone_id"]: "Sales" is neither`: {"filter": stringMap("phone_id", "Sales")},
		`filter_op.created: Filter Without a Value: …needs a value`:           {"filter_op": stringMap("created", "gt")},
		`filter.created: Filter With an Unused Value: …takes no value`:        {"filter": stringMap("created", "x"), "filter_op": stringMap("created", "null")},
		`filter.revision: Filter Without Two Values: …separated by a comma`:   {"filter": stringMap("revision", "7"), "filter_op": stringMap("revision", "between")},
	} {
		got, err := r.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: conversationType, Config: r.encode(r.listType(), config),
		})
		must(t, err)
		r.wantDiagnostics(got.Diagnostics, want)
	}
	w.asksNothing()
}

// An error is the last result, after the conversations that were found before it.
func TestList_trouble(t *testing.T) {
	t.Parallel()
	const summary = "Unable to Find Text Message Conversations"
	w := newWorld(t, mockserver.Behavior{})
	w.addMany(150)
	r := w.rpc()
	results := r.list(map[string]any{"filter": stringMap("revision", "seven")}, 0, true, 0)
	if len(results) != 1 {
		t.Fatalf("%d results", len(results))
	}
	r.wantDiagnostics(results[0].Diagnostics, "filter: "+summary+": …The CRM refuses the query…'seven' is not a value of field 'revision'")
	w.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: http.StatusForbidden, Times: 1})
	results = r.list(nil, 0, false, 0)
	if len(results) != 101 {
		t.Fatalf("%d results; want those of a page, and an error", len(results))
	}
	r.listed(results[:100])
	r.wantDiagnostics(results[100].Diagnostics, ": "+summary+": …HTTP 403")
}

func listBlock(config string, settings ...string) string {
	return fmt.Sprintf("list %q \"test\" {\n  provider = pipeliner\n  %s\n  config {\n    %s\n  }\n}\n", conversationType, strings.Join(settings, "\n  "), config)
}

func TestAccTextMessageConversation_query(t *testing.T) {
	skipOpenTofu(t, "it has no queries")
	w := newWorld(t, mockserver.Behavior{})
	ids := w.addMany(120)
	all := "pipeliner_text_message_conversation.test"
	theFirst := queryfilter.ByDisplayName(knownvalue.StringExact("+12025550000"))
	find := func(body string, checks ...querycheck.QueryResultCheck) resource.TestStep {
		return resource.TestStep{Query: true, Config: w.config(body), QueryResultChecks: checks}
	}
	runFrom(t, withQueries,
		resource.TestStep{Config: "terraform {}"},
		find(listBlock("", "limit = 1000"), querycheck.ExpectLength(all, 120), querycheck.ExpectIdentity(all, map[string]knownvalue.Check{
			"id": knownvalue.StringExact(ids[119]), "space_id": knownvalue.StringExact("my_space"),
		})),
		find("list \""+conversationType+"\" \"test\" {\n  provider = pipeliner\n}\n", querycheck.ExpectLength(all, 100)), // Terraform's own limit
		find(listBlock(`filter = { recipient_phone_number = "+1202555000" }`+"\n    filter_op = { recipient_phone_number = \"starts\" }", "include_resource = true"),
			querycheck.ExpectLength(all, 10),
			querycheck.ExpectResourceDisplayName(all, theFirst, knownvalue.StringExact("+12025550000")),
			querycheck.ExpectResourceKnownValues(all, theFirst, []querycheck.KnownValueCheck{
				{Path: tfjsonpath.New("id"), KnownValue: knownvalue.StringExact(ids[0])},
				{Path: tfjsonpath.New("phone_id"), KnownValue: knownvalue.StringExact(phone)},
			})),
		resource.TestStep{Query: true, Config: w.config(listBlock(`filter = { number = "+1" }`)), ExpectError: says("value must be one of")},
		resource.TestStep{Query: true, Config: w.config(listBlock(`filter = { revision = "seven" }`)), ExpectError: says("Unable to Find Text Message Conversations")},
	)
}

func TestAccListExample(t *testing.T) {
	skipOpenTofu(t, "it has no queries")
	newExampleWorld(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "list-resources", conversationType, "list-resource.tfquery.hcl"))
	must(t, err)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, TerraformVersionChecks: withQueries, Steps: []resource.TestStep{
		{Config: requiredProviders},
		{Query: true, Config: "provider \"pipeliner\" {}\n" + string(text), QueryResultChecks: []querycheck.QueryResultCheck{
			querycheck.ExpectLengthAtLeast(conversationType+".support", 1),
			querycheck.ExpectLengthAtLeast(conversationType+".strangers_in_denver", 1),
		}},
	}})
}
