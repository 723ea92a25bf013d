package provider

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// A numberDoubt is what makes a number doubtful that the CRM may accept.
type numberDoubt int

const (
	noDoubt numberDoubt = iota
	ofNoCountry
	withoutDigits
)

// withPlus matches a number of any length with + in front. It is not the name of a sender.
var withPlus = regexp.MustCompile(`^[^\pL]*\+[^\pL]*\d[^\pL]*$`)

// doubt returns what is doubtful about a new number of the plan.
func (n numbers) doubt(planned conversationModel, prior *conversationModel) numberDoubt {
	number := planned.RecipientPhoneNumber
	if !isKnown(number) || prior != nil && n.sameIn(prior.ID)(number, prior.RecipientPhoneNumber) {
		return noDoubt
	}
	text := number.ValueString()
	switch {
	case n.IsOfNoCountry(text) && (withoutCountry.MatchString(text) || withPlus.MatchString(text)):
		return ofNoCountry
	case !strings.ContainsFunc(text, unicode.IsDigit) && strings.ContainsFunc(text, unicode.IsLetter):
		return withoutDigits
	}
	return noDoubt
}

// warning returns the warning of the numbers that these words name.
func (d numberDoubt) warning(at path.Path, numbers string) diag.Diagnostic {
	if d == withoutDigits {
		return diag.NewAttributeWarningDiagnostic(at, "Phone Number Without Digits",
			numbers+". If it is the name of a sender, there is nothing to do. Otherwise correct the number, or remove it.")
	}
	return diag.NewAttributeWarningDiagnostic(at, "Phone Number With Unknown Country Code",
		numbers+". It has too few or too many digits or a wrong country code, or it is two numbers in one. Correct it: the CRM may accept it, but a message to it can't arrive.")
}

// warnOfDoubt warns of a doubtful number.
func (n numbers) warnOfDoubt(planned conversationModel, prior *conversationModel) (diags diag.Diagnostics) {
	if doubt := n.doubt(planned, prior); doubt != noDoubt {
		diags.Append(doubt.warning(path.Root(numberAttribute), fmt.Sprintf("The %s %s", numberAttribute, doubt)))
	}
	return diags
}

// warnOfDoubts is warnOfDoubt for the entries of a map, in one warning for each doubt.
func (n numbers) warnOfDoubts(planned, prior entries) (diags diag.Diagnostics) {
	before := prior.byID()
	keys := map[numberDoubt][]string{}
	for _, key := range planned.keys() {
		if planned[key] == nil {
			continue
		}
		doubt := n.doubt(planned[key].conversationModel, before[reference(planned[key].ID)].conversation())
		keys[doubt] = append(keys[doubt], key)
	}
	for _, doubt := range []numberDoubt{ofNoCountry, withoutDigits} {
		if len(keys[doubt]) > 0 {
			diags.Append(doubt.warning(path.Root("conversations"),
				fmt.Sprintf("The %s of each of these conversations %s: %s", numberAttribute, doubt, quoted(keys[doubt]))))
		}
	}
	return diags
}

// String says what a number is.
func (d numberDoubt) String() string {
	if d == withoutDigits {
		return "contains no digit"
	}
	return "begins with + or 00 and is not a number of any country"
}
