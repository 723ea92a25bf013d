package provider

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// conflicts returns an error for each field in conflict, or one for several
// conversations.
func (f failure) conflicts(conflict *engine.ConflictError) (diags diag.Diagnostics) {
	if len(f.keys) > 1 {
		diags.AddAttributeError(f.at, "Conflicting Changes of Text Message Conversations", f.prefix(f.at)+
			"Since the plan was made, someone else has changed fields that the plan changes too. The provider "+
			"wrote nothing to these conversations. "+conflictAdvice)
		return diags
	}
	known := "unknown revision"
	if conflict.Known != engine.NoFloor {
		known = fmt.Sprintf("revision %d", conflict.Known)
	}
	for _, field := range conflict.Fields {
		at, hint := f.at.AtName(field.Field), ""
		if isPersonal(field.Field) {
			hint = "The values may be sensitive, so this message doesn't show them. To see them, look in the CRM for the " +
				"record with this id, and in the plan for the other values. "
		}
		diags.AddAttributeError(at, f.conflictSummary(),
			fmt.Sprintf("%sSomeone else has changed %s of the %s %s since the plan was made:\n\n"+
				"  - as the plan knew it (%s): %s\n  - as planned: %s\n  - in the CRM now (revision %d): %s\n\n"+
				"%sThe provider wrote nothing to this %s. %s",
				f.prefix(at), field.Field, f.thing(), conflict.ID, known, shown(field.Field, field.Known), shown(field.Field, field.Wanted),
				conflict.Current, shown(field.Field, field.Held), hint, f.thing(), conflictAdvice))
	}
	return diags
}

// isPersonal reports whether a conflict does not show the values of a field. Terraform does not tell a
// provider which values are sensitive.
func isPersonal(field string) bool {
	return slices.ContainsFunc(conversationFields, func(f conversationField) bool { return f.name == field && f.isPersonal }) ||
		slices.ContainsFunc(messageFields, func(f messageField) bool { return f.name == field && f.isPersonal })
}

// shown returns the value of a field as a conflict shows it.
func shown(field, value string) string {
	kind := "text"
	switch {
	case value == "":
		return "none"
	case !isPersonal(field):
		return value
	case field == numberAttribute:
		kind = "number"
	}
	return fmt.Sprintf("a %s of %d characters", kind, utf8.RuneCountInString(value))
}

const conflictAdvice = "Run terraform plan again: the new plan starts from what the CRM has now. If the plan " +
	"should always win, set on_conflict = \"overwrite\" in the provider block."

func (f failure) conflictSummary() string {
	if f.message {
		return "Conflicting Change of Text Message"
	}
	return "Conflicting Change of Text Message Conversation"
}
