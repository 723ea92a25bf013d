package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A value that can be no phone number is refused. One that the CRM may accept is not.
func TestIsNumber(t *testing.T) {
	t.Parallel()
	for refused, numbers := range map[bool][]string{
		true: {"n/a", "N/A", "na", "n.a.", " - ", "?", "--", "none", "NULL", "nan", "tbd", "#N/A", "#REF!", "#DIV/0!", "1.31256E+10", "1,31256e10", "+1E10"},
		false: {
			"", "+1 555 010 0000", "(213) 555-0103", "0014045550107", "4521", "*******0133", "+* (***) ***-0133", "****",
			"Amazon", "nonsense", "unknown", "N26", "555-CALL-E10", "+1 555 010 0000 ext. 7",
		},
	} {
		for _, number := range numbers {
			var resp validator.StringResponse
			isNumber{}.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("recipient_phone_number"), ConfigValue: types.StringValue(number)}, &resp)
			if resp.Diagnostics.HasError() != refused {
				t.Errorf("%q: %v", number, resp.Diagnostics)
			}
		}
	}
	var resp validator.StringResponse
	isNumber{}.ValidateString(t.Context(), validator.StringRequest{ConfigValue: types.StringUnknown()}, &resp)
	isNumber{}.ValidateString(t.Context(), validator.StringRequest{ConfigValue: types.StringNull()}, &resp)
	if resp.Diagnostics.HasError() {
		t.Errorf("unknown or null: %v", resp.Diagnostics)
	}
}
