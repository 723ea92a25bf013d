package provider

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

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

func operatorNames() []string {
	names := make([]string, len(filterOperators))
	for i, operator := range filterOperators {
		names[i] = operator.name
	}
	return names
}

func operatorsDescription() string {
	meanings := make([]string, len(filterOperators))
	for i, operator := range filterOperators {
		meanings[i] = "`" + operator.name + "` (" + operator.meaning + ")"
	}
	return strings.Join(meanings, ", ")
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

// textOf returns the text of a string, empty if it is null or unknown.
func textOf(value attr.Value) string {
	text, _ := value.(types.String)
	return text.ValueString()
}

func textsOf(values []attr.Value) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = textOf(value)
	}
	return texts
}

// suspect returns the attribute that the CRM must have refused. The path is empty if it
// refused none, or may have refused one of several. others are further attributes that
// are set.
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
