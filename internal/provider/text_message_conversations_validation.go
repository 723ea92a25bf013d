package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// warnOfProtection warns of conversations that the CRM refuses to delete.
func (e entries) warnOfProtection() (diags diag.Diagnostics) {
	var protected []string
	for _, key := range e.keys() {
		if e[key] != nil && e[key].IsDeleteProtected.ValueBool() {
			protected = append(protected, key)
		}
	}
	if len(protected) > 0 {
		diags.Append(warnOfProtection(path.Root("conversations"), quoted(protected)))
	}
	return diags
}

// warnOfTwins warns of conversations with the same phone and number, in one warning.
func (n numbers) warnOfTwins(e entries) (diags diag.Diagnostics) {
	first := make(map[engine.Identity]string, len(e))
	var pairs []string
	for _, key := range e.keys() {
		entry := e[key]
		if entry == nil || !isKnown(entry.PhoneID) || !isKnown(entry.RecipientPhoneNumber) {
			continue
		}
		id := n.identify(entry.conversationModel)
		twin, found := first[id]
		if !found {
			first[id] = key
			continue
		}
		pairs = append(pairs, fmt.Sprintf("%q and %q", twin, key))
	}
	if len(pairs) > 0 {
		diags.AddAttributeWarning(path.Root("conversations"), "Same Number Twice",
			fmt.Sprintf("These conversations have the same phone and the same number: %s. The provider manages a "+
				"conversation for each of them. If you don't want that, remove one of each pair.",
				firstOfMany(pairs)))
	}
	return diags
}
