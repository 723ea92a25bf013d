package provider

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A lookupModel says which records a data source looks for.
type lookupModel struct {
	Filter         types.Map  `tfsdk:"filter"`    // of strings: field → value
	FilterOp       types.Map  `tfsdk:"filter_op"` // of strings: field → operator
	OrderBy        types.List `tfsdk:"order_by"`  // of strings
	IncludeDeleted types.Bool `tfsdk:"include_deleted"`
}

type filterOperator struct {
	name    string
	values  int // how many values it compares with
	meaning string
}

// filterOperators are the API's operators. Both their validation and their documentation
// come from this table.
var filterOperators = []filterOperator{
	{"eq", 1, "equal, the default"},
	{"ieq", 1, "equal, ignoring case"},
	{"not-eq", 1, "not equal"},
	{"not-ieq", 1, "not equal, ignoring case"},
	{"contains", 1, "contains the text"},
	{"icontains", 1, "contains the text, ignoring case"},
	{"starts", 1, "starts with the text"},
	{"istarts", 1, "starts with the text, ignoring case"},
	{"ends", 1, "ends with the text"},
	{"iends", 1, "ends with the text, ignoring case"},
	{"gt", 1, "greater, or later"},
	{"gte", 1, "greater or equal"},
	{"lt", 1, "less, or earlier"},
	{"lte", 1, "less or equal"},
	{"between", 2, "from the first to the second of two values, separated by a comma"},
	{"null", 0, "without a value"},
	{"not-null", 0, "with a value"},
	{"empty", 0, "without a value, or with an empty one"},
	{"not-empty", 0, "with a value that is not empty"},
}

// query returns the query for the CRM.
func (m lookupModel) query() client.Query {
	query := client.Query{OrderBy: textsOf(m.OrderBy.Elements()), IncludeDeleted: m.IncludeDeleted.ValueBool()}
	values, operators := m.Filter.Elements(), m.FilterOp.Elements()
	fields := maps.Clone(values)
	maps.Copy(fields, operators)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		filter := client.Filter{Field: field, Op: textOf(operators[field]), Value: textOf(values[field])}
		if id, err := client.ParseID(filter.Value); err == nil && isIDField(field) {
			filter.Value = id.String() // it may be written as a URI
		}
		query.Filters = append(query.Filters, filter)
	}
	return query
}

func isIDField(name string) bool { return name == "id" || strings.HasSuffix(name, "_id") }

// suspect returns the attribute that the CRM must have refused. The path is empty if the CRM refused no attribute, or
// if it is unclear which one. others are the other attributes that are set.
func (m lookupModel) suspect(err error, others ...string) path.Path {
	suspects := others
	if !m.OrderBy.IsNull() {
		suspects = append(suspects, "order_by")
	}
	switch {
	case !m.Filter.IsNull():
		suspects = append(suspects, "filter")
	case !m.FilterOp.IsNull():
		suspects = append(suspects, "filter_op")
	}
	if client.ProblemOf(err) != client.Refused || len(suspects) != 1 {
		return path.Empty()
	}
	return path.Root(suspects[0])
}

// lookupAttributes returns the attributes of a [lookupModel]. known are the fields that exist, or nil for any.
func lookupAttributes(known []string) map[string]schema.Attribute {
	example, fields, orders := "name = \"Acme\"", "", " If you omit it, the CRM chooses the order."
	if known != nil {
		example, fields, orders = "recipient_phone_number = \"+15550100000\"", " The fields are `"+strings.Join(known, "`, `")+"`.", ""
	}
	names := mapped(filterOperators, func(o filterOperator) string { return o.name })
	meanings := mapped(filterOperators, func(o filterOperator) string { return "`" + o.name + "` (" + o.meaning + ")" })
	byField := []validator.Map{mapvalidator.KeysAre(isField(known)), mapvalidator.NoNullValues()}
	return map[string]schema.Attribute{
		"filter": schema.MapAttribute{
			ElementType: types.StringType,
			Optional:    true,
			Validators:  byField,
			MarkdownDescription: "Values by field, such as `{ " + example + " }`. A record must " +
				"match all of them. The CRM compares text as it has stored it. If a field is the id of a record, " +
				"the value can also be a URI that ends in the id." + fields,
		},
		"filter_op": schema.MapAttribute{
			ElementType:         types.StringType,
			Optional:            true,
			Validators:          append(slices.Clone(byField), mapvalidator.ValueStringsAre(stringvalidator.OneOf(names...))),
			MarkdownDescription: "Operators by field, for fields that the CRM should not compare for equality: " + strings.Join(meanings, ", ") + ".",
		},
		"order_by": schema.ListAttribute{
			ElementType: types.StringType,
			Optional:    true,
			Validators: []validator.List{
				listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(isOrder(known)),
			},
			MarkdownDescription: "Fields to order by, the most significant first, such as `[\"created\", " +
				"\"-modified\"]`. A `-` in front of a field means descending order." + orders,
		},
		"include_deleted": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether to find deleted records too. Default `false`.",
		},
		"limit": schema.Int64Attribute{
			CustomType: wholeNumberType{},
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, 1_000_000)},
			MarkdownDescription: "The maximum number of records, taken in the order of `order_by`, from `1` to `1000000`. " +
				"By default, there is no limit.",
		},
	}
}

// baseDataSource gives a data source its provider.
type baseDataSource struct{ provider *providerData }

// Configure takes the provider's data, which is nil while Terraform validates.
func (d *baseDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

// readOnly returns the attributes of a resource as read-only attributes of a data source.
func readOnly(attributes map[string]resourceschema.Attribute) map[string]schema.Attribute {
	shown := make(map[string]schema.Attribute, len(attributes))
	for name, attribute := range attributes {
		shown[name] = shownAttribute(attribute)
	}
	return shown
}

// shownAttribute returns a read-only attribute of the same type. It keeps only the first sentence of the description,
// which says what the value is. The remaining sentences explain how to set it.
func shownAttribute(attribute resourceschema.Attribute) schema.Attribute {
	description, _, _ := strings.Cut(attribute.GetMarkdownDescription(), ". ")
	description = strings.TrimSuffix(description, ".") + "."
	sensitive := attribute.IsSensitive()
	switch t := attribute.GetType().(type) {
	case basetypes.Int64Typable:
		return schema.Int64Attribute{CustomType: t, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	case basetypes.BoolTypable:
		return schema.BoolAttribute{CustomType: t, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	case basetypes.SetType:
		return schema.SetAttribute{ElementType: t.ElemType, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	case basetypes.StringTypable:
		return schema.StringAttribute{CustomType: t, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	}
	return nil // a test checks that there are no other types
}
