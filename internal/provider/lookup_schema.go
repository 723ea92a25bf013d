package provider

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// lookupAttributes returns the attributes of a [lookupModel]. known are the fields that
// exist, nil for any.
func lookupAttributes(known []string) map[string]schema.Attribute {
	example, fields, orders := "name = \"Acme\"", "", " If you omit it, the CRM chooses the order."
	if known != nil {
		example, fields, orders = "recipient_phone_number = \"+15550100000\"", " The fields are `"+strings.Join(known, "`, `")+"`.", ""
	}
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
			Validators:          append(slices.Clone(byField), mapvalidator.ValueStringsAre(stringvalidator.OneOf(operatorNames()...))),
			MarkdownDescription: "Operators by field, for fields that the CRM should not compare for equality: " + operatorsDescription() + ".",
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

// firstSentence returns a text up to its first full stop.
func firstSentence(text string) string {
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}
