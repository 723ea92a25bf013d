package provider

import (
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// withoutCountry matches numbers that may lack a country code. Short codes and the names
// of senders have none.
var withoutCountry = regexp.MustCompile(`^[^\pL]*(?:\d[^\pL\d]*){7}`)

// lacksCountry reports whether the plan has a new number whose country is unknown.
func (n numbers) lacksCountry(planned conversationModel, prior *conversationModel) bool {
	number := planned.RecipientPhoneNumber
	switch {
	case n.Region != "" || n.isUnknown || !isKnown(number):
		return false
	case prior != nil && n.sameIn(prior.ID)(number, prior.RecipientPhoneNumber):
		return false
	}
	return !n.HasCountry(number.ValueString()) && !n.IsOfNoCountry(number.ValueString()) && withoutCountry.MatchString(number.ValueString())
}

const (
	numberAttribute = "recipient_phone_number"
	addCountry      = "If you add the country code later, the provider treats it as a different number. Write " +
		"it with + and its country code (+ replaces 00), such as +1 555 010 0000, or set default_region in the provider block to " +
		"the region of such numbers, such as \"US\"."
)

// warnOfCountry warns of a number without a country.
func (n numbers) warnOfCountry(planned conversationModel, prior *conversationModel) (diags diag.Diagnostics) {
	if n.lacksCountry(planned, prior) {
		diags.AddAttributeWarning(path.Root(numberAttribute), "Phone Number Without Country",
			fmt.Sprintf("The %s does not begin with +, and the provider has no default_region. %s", numberAttribute, addCountry))
	}
	return diags
}

// warnOfCountries does the same as warnOfCountry for the entries of a map, in one
// warning.
func (n numbers) warnOfCountries(planned, prior entries) (diags diag.Diagnostics) {
	before := prior.byID()
	var keys []string
	for _, key := range planned.keys() {
		if planned[key] == nil {
			continue
		}
		old := before[reference(planned[key].ID)]
		if n.lacksCountry(planned[key].conversationModel, old.conversation()) {
			keys = append(keys, key)
		}
	}
	if len(keys) > 0 {
		diags.AddAttributeWarning(path.Root("conversations"), "Phone Number Without Country",
			fmt.Sprintf("The %s of each of these conversations does not begin with +, and the provider has no default_region: %s. %s", numberAttribute, quoted(keys), addCountry))
	}
	return diags
}

// warnOfKept warns of numbers that the CRM holds in another spelling than was sent: those
// of these keys of a map or, without keys, that of one conversation. It does not print
// them, because CI keeps its logs.
func warnOfKept(keys []string) diag.Diagnostic {
	at, whose := path.Root(numberAttribute), "the "+numberAttribute
	if len(keys) > 0 {
		at, whose = path.Root("conversations"), fmt.Sprintf("the %s of %s", numberAttribute, quoted(keys))
	}
	return diag.NewAttributeWarningDiagnostic(at, "Phone Number Held in Another Spelling",
		fmt.Sprintf("The CRM does not show %s as the provider sent it. You don't need to do anything: the "+
			"provider remembers both spellings and treats them as the same number. An import has no such memory: "+
			"after an import, write the number as the CRM shows it.", whose))
}
