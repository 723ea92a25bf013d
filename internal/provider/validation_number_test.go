package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A value that can't be a phone number is refused. A value that the CRM may accept is not.
func TestIsNumber(t *testing.T) {
	t.Parallel()
	for refused, numbers := range map[bool][]string{
		true: {"", " ", "n/a", "N/A", "na", "n.a.", " - ", "?", "--", "none", "NULL", "nan", "tbd", "#N/A", "#REF!", "#DIV/0!", "1.31256E+10", " 1.31256E+10 ", "1,31256e10", "+1E10"},
		false: {
			"+1 555 010 0000", "(213) 555-0103", "0014045550107", "4521", "*******0133", "+* (***) ***-0133", "****",
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

// The advice depends on where the number is.
func TestIsNumber_advice(t *testing.T) {
	t.Parallel()
	for want, place := range map[string]path.Path{
		`recipient_phone_number: "" is not a phone number. Correct it, omit the attribute, or use null.`:                                      path.Root(numberAttribute),
		`conversations["a"].recipient_phone_number: "" is not a phone number. Correct it, omit the attribute, use null, or remove the entry.`: at("a").AtName(numberAttribute),
	} {
		var resp validator.StringResponse
		isNumber{}.ValidateString(t.Context(), validator.StringRequest{Path: place, ConfigValue: types.StringValue("")}, &resp)
		if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Detail() != want {
			t.Errorf("%v; want %s", resp.Diagnostics, want)
		}
	}
}

// A data source needs the number, so its error doesn't advise to omit it.
func TestIsNumber_required(t *testing.T) {
	t.Parallel()
	var resp validator.StringResponse
	isNumber{required: true}.ValidateString(t.Context(), validator.StringRequest{Path: path.Root(numberAttribute), ConfigValue: types.StringValue("n/a")}, &resp)
	wantTexts(t, resp.Diagnostics, `recipient_phone_number: "n/a" is not a phone number. Correct it.`)
	if detail := resp.Diagnostics[0].Detail(); strings.Contains(detail, "omit") {
		t.Error(detail)
	}
}

// An empty setting often comes from a secret without a value. Null leaves it to the environment.
func TestIsNotEmpty(t *testing.T) {
	t.Parallel()
	for name := range environment {
		attribute, _ := settingsSchema().Attributes[name].(schema.StringAttribute)
		for _, given := range []types.String{types.StringNull(), types.StringUnknown(), types.StringValue(" "), types.StringValue("")} {
			var resp validator.StringResponse
			for _, check := range attribute.Validators {
				check.ValidateString(t.Context(), validator.StringRequest{Path: path.Root(name), ConfigValue: given}, &resp)
			}
			if given.Equal(types.StringValue("")) {
				wantTexts(t, resp.Diagnostics, fmt.Sprintf(`%s: value must not be empty: set it, or use null to read it from the environment variable %s, got: "".`, name, environment[name]))
			} else if len(resp.Diagnostics) > 0 {
				t.Errorf("%s = %v: %v", name, given, resp.Diagnostics)
			}
		}
	}
}

// The error of an id names the attribute, and says what to do.
func TestIsReference_advice(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Sales":                              "phone_id: \"Sales\" is neither a UUID, such as 0190978c-d6d1-de35-3f6d-7cf0a0e264db, nor a URI that ends in one. Look up the id, for example with the data source pipeliner_records.",
		"https://x/entities/Accounts/" + idA: "phone_id: \"https://x/entities/Accounts/" + idA + "\" names a record of Accounts. Use the id of a record of Phones.",
		" " + idA + "\n":                     "phone_id: \" " + idA + "\\n\" has white space around the id. Remove it, for example with trimspace.",
	} {
		var resp validator.StringResponse
		isReference{entity: "Phones"}.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("phone_id"), ConfigValue: types.StringValue(given)}, &resp)
		if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Detail() != want {
			t.Errorf("%v; want %s", resp.Diagnostics, want)
		}
	}
	var links validator.SetResponse
	areReferences{entity: "Leads"}.ValidateSet(t.Context(), validator.SetRequest{
		Path: path.Root("lead_relations"), ConfigValue: types.SetValueMust(types.StringType, []attr.Value{types.StringNull()}),
	}, &links)
	if len(links.Diagnostics) != 1 || links.Diagnostics[0].Detail() != "lead_relations: One of the ids is null. Remove it." {
		t.Errorf("a null id: %v", links.Diagnostics)
	}
}

// A duration is in Go's notation, and in its limits.
func TestIsDuration(t *testing.T) {
	t.Parallel()
	for given, refused := range map[string]bool{"0s": false, "1s": false, "90s": false, "1m30s": false, "-1s": true, "91s": true, "5": true, "": true, "soon": true} {
		var resp validator.StringResponse
		isDuration(0, 90*time.Second).ValidateString(t.Context(), validator.StringRequest{Path: path.Root("request_timeout"), ConfigValue: types.StringValue(given)}, &resp)
		if resp.Diagnostics.HasError() != refused {
			t.Errorf("%q: %v", given, resp.Diagnostics)
		}
	}
	examples := regexp.MustCompile(`"([^"]*)"`)
	for name, attribute := range settingsSchema().Attributes {
		text, _ := attribute.(schema.StringAttribute)
		for _, v := range text.Validators {
			check, _ := v.(textCheck)
			_, such, _ := strings.Cut(check.description, "such as ")
			for _, found := range examples.FindAllStringSubmatch(such, -1) {
				if !check.passes(found[1]) {
					t.Errorf("%s refuses its own example: %s", name, check.description)
				}
			}
		}
	}
}
