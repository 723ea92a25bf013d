package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var (
	_ datasource.DataSourceWithConfigure      = (*recordsLookup)(nil)
	_ datasource.DataSourceWithValidateConfig = (*recordsLookup)(nil)
)

func newRecordsLookup() datasource.DataSource { return &recordsLookup{} }

// recordsLookup is the data source pipeliner_records.
type recordsLookup struct{ baseDataSource }

type recordsLookupModel struct {
	lookupModel

	Limit   wholeNumber   `tfsdk:"limit"`
	Entity  types.String  `tfsdk:"entity"`
	Fields  types.Set     `tfsdk:"fields"` // of strings; null: all
	IDs     types.List    `tfsdk:"ids"`    // of strings
	Records types.Dynamic `tfsdk:"records"`
}

var entityName = regexp.MustCompile(`^[A-Za-z]+$`)

func (d *recordsLookup) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_records"
}

func (d *recordsLookup) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := lookupAttributes(nil)
	attributes["entity"] = schema.StringAttribute{
		Required:   true,
		Validators: []validator.String{isMatch(entityName, "value must be the API's name of an entity in the plural, such as Phones")},
		MarkdownDescription: "The API's name of the entity, in the plural as in the paths of the API: `Phones`, " +
			"`Accounts`, `Contacts`, `Leads`, `Opportunities`, `Projects`, `Quotes` or another one. The name is " +
			"case-sensitive.",
	}
	attributes["fields"] = schema.SetAttribute{
		ElementType: types.StringType,
		Optional:    true,
		Validators:  []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.NoNullValues(), setvalidator.ValueStringsAre(isField(nil))},
		MarkdownDescription: "Fields to load, in addition to `id`. The state contains all loaded fields, as they " +
			"are in the CRM, so load only what you need to keep other personal data out of it. If you omit it, " +
			"the data source loads all fields.",
	}
	attributes["ids"] = schema.ListAttribute{
		ElementType: types.StringType,
		Computed:    true,
		MarkdownDescription: "UUIDs of the records, in the order of `records`. `one(….ids)` returns the only " +
			"one, and fails if there are several.",
	}
	attributes["records"] = schema.DynamicAttribute{
		Computed:            true,
		MarkdownDescription: "The records: a tuple of objects, with the fields as the CRM has them.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds records of any entity of the CRM, mainly to use their ids. If no record " +
			"matches, that is not an error: `ids` is empty.",
		Attributes: attributes,
	}
}

func (d *recordsLookup) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config recordsLookupModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(config.check()...)
}

func (d *recordsLookup) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var state recordsLookupModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &state)...)
	api, diags := d.provider.engine()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(state.checkReferences(d.provider.ownSpace())...)
	if resp.Diagnostics.HasError() {
		return
	}
	query := state.query()
	fields := textsOf(state.Fields.Elements())
	if len(fields) > 0 && !slices.Contains(fields, "id") {
		fields = append(fields, "id")
	}
	slices.Sort(fields)
	query.LoadOnly = fields
	found, err := api.Client().Records(state.Entity.ValueString()).Some(ctx, query, int(state.Limit.ValueInt64()))
	if err != nil {
		resp.Diagnostics.Append(state.failure(err, &d.provider.causes)...)
		return
	}
	state.IDs, state.Records, diags = foundRecords(ctx, found, fields)
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (m recordsLookupModel) failure(err error, known *causes) (diags diag.Diagnostics) {
	if client.IsUnknownEntity(err) {
		diags.AddAttributeError(path.Root("entity"), "No Such Entity",
			fmt.Sprintf("The CRM has no entity %q. Use the name in the paths of the API: in the plural and "+
				"capitalized, such as Phones or Accounts.\n\n"+
				"Cause: %v", m.Entity.ValueString(), err))
		return diags
	}
	var others []string
	if !m.Fields.IsNull() {
		others = append(others, "fields")
	}
	return failure{action: "Find", what: "Records", at: m.suspect(err, others...), err: err, causes: known}.diagnostics()
}

// foundRecords returns the ids and the records as Terraform sees them. The records have only the given fields, or all
// fields if none are given.
func foundRecords(ctx context.Context, found []client.RawRecord, fields []string) (types.List, types.Dynamic, diag.Diagnostics) {
	var diags diag.Diagnostics
	ids, records := make([]attr.Value, len(found)), make([]attr.Value, len(found))
	for i, record := range found {
		value, err := recordFromJSON(ctx, record.JSON, fields)
		if err != nil {
			diags.AddError("Unable to Show a Record",
				fmt.Sprintf("The record %s contains a value that Terraform can't represent: %v. To load the "+
					"record without that field, list the other fields in fields.", record.ID, err))
		}
		ids[i], records[i] = types.StringValue(record.ID.String()), value
	}
	if diags.HasError() {
		return types.ListNull(types.StringType), types.DynamicNull(), diags
	}
	return types.ListValueMust(types.StringType, ids), types.DynamicValue(tupleOf(ctx, records)), diags
}

// These limits keep a harmful reply from using up time and memory: Terraform writes numbers without exponents, and
// walks values and their types recursively.
const (
	maxDepth     = 64
	maxExponent  = 4096 // to the base of 2
	numberDigits = 512  // binary ones, as many as Terraform keeps
)

// recordFromJSON returns a record as a Terraform object. It has only the given fields, or all fields if none are
// given. Of a path such as "owner.name", it has the first part.
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
	return types.TupleValueMust(mapped(elements, func(element attr.Value) attr.Type { return element.Type(ctx) }), elements)
}
