package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A reason is one thing that the CRM objects to, in its own words.
type reason struct{ field, text string } // field of the API; empty for none

func (r reason) String() string {
	if r.field == "" {
		return r.text
	}
	return r.field + ": " + r.text
}

// reasonsOf returns everything that an error says in addition to its code and message.
func reasonsOf(e *client.APIError) (reasons []reason) {
	for _, fieldError := range e.FieldErrors {
		reasons = append(reasons, reason{fieldError.FieldName, fieldError.Text()})
	}
	for _, item := range e.EntityErrors {
		reasons = append(reasons, reason{item.FieldName, item.Text()})
	}
	for _, step := range e.StepChecklistErrors { // their form is not documented
		var text bytes.Buffer
		if json.Compact(&text, step) != nil {
			text.Write(step)
		}
		reasons = append(reasons, reason{"step checklist", text.String()})
	}
	return reasons
}

// listed returns the reasons as a text, which is empty without reasons.
func listed(reasons []reason) string {
	if len(reasons) == 1 {
		return reasons[0].String()
	}
	texts := mapped(reasons, func(r reason) string { return "  - " + strings.ReplaceAll(r.String(), "\n", "\n    ") })
	return strings.Join(texts, "\n")
}

// withReasons returns the text of an error with everything that the CRM said, on one line, without repetitions and
// without a full stop.
func withReasons(err error) string {
	if (failure{err: err}).isInterrupted() {
		return "interrupted before it was sent"
	}
	if conflict, ok := errors.AsType[*engine.ConflictError](err); ok {
		fields := mapped(conflict.Fields, func(field engine.Conflict) string { return field.Field })
		return fmt.Sprintf("since the plan was made, someone else has changed %s of the conversation %s, which now has revision %d",
			strings.Join(fields, ", "), conflict.ID, conflict.Current)
	}
	apiError, ok := errors.AsType[*client.APIError](err)
	if !ok {
		return strings.TrimSuffix(err.Error(), ".")
	}
	reasons := reasonsOf(apiError)
	said := mapped(reasons, func(r reason) string { return r.text })
	texts := []string{strings.TrimSuffix(unrepeated(err, said...), ".")}
	for _, reason := range reasons {
		if text := strings.TrimSuffix(plainSpaces(reason.String()), "."); !strings.Contains(texts[0], text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// unrepeated returns the text of an error. It omits the message of the CRM if that message consists of these texts.
func unrepeated(err error, said ...string) string {
	text := err.Error()
	apiError, ok := errors.AsType[*client.APIError](err)
	if !ok {
		return text
	}
	left := plainSpaces(apiError.Message)
	for _, part := range said {
		left = strings.Replace(left, plainSpaces(part), "", 1)
	}
	if strings.TrimSpace(left) != "" {
		return text
	}
	bare := *apiError
	bare.Message = ""
	return strings.Replace(text, apiError.Error(), bare.Error(), 1)
}

// A fault is what the CRM says is wrong with one attribute.
type fault struct{ attribute, text string }

// faults returns the faults that the CRM attributes to an attribute, and its other reasons.
func (f failure) faults() (faults []fault, others []reason) {
	apiError, ok := errors.AsType[*client.APIError](f.err)
	if !ok {
		return nil, nil
	}
	found := reasonsOf(apiError)
	if f.isSought() || f.named != nil || len(f.keys) > 1 || client.ProblemOf(f.err) == client.OutcomeUnknown {
		return nil, found
	}
	for _, reason := range found {
		if attribute := f.attributeOf(reason.field, reason.text); reason.field != "" && attribute != "" {
			faults = append(faults, fault{attribute, reason.text})
		} else {
			others = append(others, reason)
		}
	}
	if len(faults) == 0 && client.ProblemOf(f.err) == client.RelationNotFound {
		if attribute := f.attributeWithIDOf(apiError.Message); attribute != "" {
			faults = append(faults, fault{attribute, ""})
		}
	}
	return faults, others
}

// attributeOf returns the attribute for a field of the conversation or of its links in the API, or an empty string.
func (f failure) attributeOf(field, text string) string {
	if f.message {
		if slices.ContainsFunc(sentFields, func(f messageField) bool { return f.name == field }) {
			return field
		}
		return ""
	}
	var aliased []string
	for _, f := range configurableFields {
		switch field {
		case f.name:
			return f.name
		case f.alias:
			aliased = append(aliased, f.name)
		}
	}
	if len(aliased) == 1 { // leads and opportunities share one
		return aliased[0]
	}
	return f.attributeWithIDOf(text)
}

var uuids = regexp.MustCompile(`[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}`)

// attributeWithIDOf returns the attribute that contains one of the ids in the text, or an empty string.
func (f failure) attributeWithIDOf(text string) string {
	for _, found := range uuids.FindAllString(text, -1) {
		id, _ := client.ParseID(found)
		for _, field := range configurableFields {
			if slices.Contains(namedBy(field.get(&f.subject)), id) {
				return field.name
			}
		}
	}
	return ""
}

// told reports whether an error with the same cause has been explained in full. If not, it notes that the caller is
// about to explain it.
func (c *causes) told(err error) bool {
	if c == nil || !isCommon(err) {
		return false
	}
	cause := err.Error()
	if refusal, ok := errors.AsType[*client.APIError](err); ok && client.ProblemOf(err) == client.NotPermitted {
		cause = refusal.Error() + refusal.Request // each permission is a cause of its own, whatever it is needed for
	}
	_, told := c.explained.LoadOrStore(cause, nil)
	return told
}

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
		if field.Unread {
			diags.AddAttributeError(at, f.conflictSummary(),
				fmt.Sprintf("%sThe %s %s has changed since the plan was made, and the CRM has a value of %s that the state does not contain, because the configuration did not set that attribute before. So someone else may have set it meanwhile:\n\n"+
					"  - as planned: %s\n  - in the CRM now (revision %d): %s\n\n%sThe provider wrote nothing to this %s. If the planned value should replace the one in the CRM, apply again.",
					f.prefix(at), f.thing(), conflict.ID, field.Field, shown(field.Field, field.Wanted), conflict.Current, shown(field.Field, field.Held), hint, f.thing()))
			continue
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
