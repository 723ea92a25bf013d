package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// warnOfProtection warns of conversations that can't be deleted.
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

// warnOfTwins warns of conversations of one phone with one number.
func (n numbers) warnOfTwins(e entries) (diags diag.Diagnostics) {
	first := make(map[engine.Identity]string, len(e))
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
		diags.AddAttributeWarning(at(key).AtName("recipient_phone_number"), "Same Number Twice",
			fmt.Sprintf("The conversations %q and %q are of the same phone with the same number. They stay two, but is that meant?", twin, key))
	}
	return diags
}
