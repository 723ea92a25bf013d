package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conflicts says which fields of one conversation are in conflict.
func (f failure) conflicts(conflict *client.ConflictError) (diags diag.Diagnostics) {
	if len(f.keys) > 1 {
		diags.AddAttributeError(f.at, "Conflicting Changes of Text Message Conversations", f.prefix()+
			"Someone else has changed what the plan changes too, since it was made. Nothing of these conversations was written. "+conflictAdvice)
		return diags
	}
	known := "revision not known"
	if conflict.Known != client.NoFloor {
		known = fmt.Sprintf("revision %d", conflict.Known)
	}
	for _, field := range conflict.Fields {
		diags.AddAttributeError(f.at.AtName(field.Field), f.conflictSummary(),
			fmt.Sprintf("%sSomeone else has changed %s of the %s %s since the plan was made:\n\n"+
				"  - as the plan knew it (%s): %s\n  - as planned: %s\n  - in the CRM now (revision %d): %s\n\n"+
				"Nothing of it was written. %s",
				f.prefix(), field.Field, f.thing(), conflict.ID, known, textOr(field.Known), textOr(field.Wanted), conflict.Current, textOr(field.Held), conflictAdvice))
	}
	return diags
}

const conflictAdvice = "Run terraform plan again: it starts from what the CRM holds now. " +
	"With on_conflict = \"overwrite\" in the provider block, the plan's side is taken without asking."

func (f failure) conflictSummary() string {
	if f.message {
		return "Conflicting Change of Text Message"
	}
	return "Conflicting Change of Text Message Conversation"
}

func textOr(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
