package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A failure is an error of the client on its way to the user. It is the one
// place where errors become diagnostics.
type failure struct {
	action  string            // "Create", "Read", "Update" or "Delete"
	subject conversationModel // what was to become of it, or was
	at      path.Path         // of the conversation; empty for a resource of its own
	keys    []string          // of the bulk resource's entries that it concerns
	many    bool              // it concerns the bulk resource as a whole
	message bool              // it concerns a message, whose id is the subject's
	invoked bool              // by an action: there is no state, and the subject's id is that of the conversation
	sought  string            // by a data source, such as "Records"; then all else but at is empty
	kept    []string          // the keys under which the state keeps what could not be removed from a map
	err     error
	causes  *causes // those that have been told; nil where each failure tells its own

	unnamed    bool // several keys have the very same error: that of their request
	remembered bool // of a create whose outcome is unknown: the next apply looks for it
	taints     bool // the resource: the next apply makes it anew
}

func (f failure) summary() string {
	if f.sought != "" {
		return "Unable to Find " + f.sought
	}
	if f.many || len(f.keys) > 1 {
		return fmt.Sprintf("Unable to %s Text Message Conversations", f.action)
	}
	if f.message {
		return fmt.Sprintf("Unable to %s Text Message", f.action)
	}
	return fmt.Sprintf("Unable to %s Text Message Conversation", f.action)
}

// thing is what the failure concerns, in the middle of a sentence.
func (f failure) thing() string {
	if f.message {
		return "message"
	}
	return "conversation"
}

// diagnostics says what couldn't be done, why, and what to do now, at the
// attributes that are at fault where that is known.
func (f failure) diagnostics() (diags diag.Diagnostics) {
	if conflict, ok := errors.AsType[*engine.ConflictError](f.err); ok {
		return f.conflicts(conflict)
	}
	if refused, ok := errors.AsType[*adoptionError](f.err); ok {
		return diag.Diagnostics{refused.diagnostic(f.at)}
	}
	faults, others := f.faults()
	for _, fault := range faults {
		at := f.at.AtName(fault.attribute)
		diags.AddAttributeError(at, f.summary(), f.detail(at, fault.text))
	}
	switch text := listed(others); {
	case diags.HasError() && text == "":
	case len(f.at.Steps()) == 0:
		diags.AddError(f.summary(), f.detail(f.at, text))
	default:
		diags.AddAttributeError(f.at, f.summary(), f.detail(f.at, text))
	}
	return diags
}

// prefix names what the failure concerns, and the attribute at fault.
func (f failure) prefix(at path.Path) string {
	switch {
	case len(f.keys) == 0:
		return located(at, "")
	case f.message:
		return located(at.AtMapKey(f.keys[0]), "")
	case len(f.keys) == 1:
		return located(at, "")
	}
	subject := quoted(f.keys)
	if f.isUnnamed() && f.isRefused() {
		subject = "At least one of " + subject // the CRM does not say which
	}
	return subject + ": "
}

// unread warns that a conversation was written and is not fully known.
func (f failure) unread(id client.ID) diag.Diagnostics {
	warning := diag.NewWarningDiagnostic("Text Message Conversation Not Fully Known",
		located(f.at, fmt.Sprintf("The conversation %s was written, and is in the state, but what followed did not work. "+
			"The next plan reads it again, and shows whether anything is left to do.\n\nCause: %v", id, f.err)))
	if len(f.at.Steps()) > 0 {
		return diag.Diagnostics{diag.WithPath(f.at, warning)}
	}
	return diag.Diagnostics{warning}
}

// detail says it of an attribute, with what the CRM said of that.
func (f failure) detail(at path.Path, said string) string {
	told := said == "" && f.causes.told(f.err)
	parts := []string{f.prefix(at) + f.explanation(told)}
	if said != "" {
		separator := " "
		if strings.Contains(said, "\n") {
			separator = "\n\n"
		}
		parts = append(parts, "The CRM says:"+separator+said)
	}
	if !told && !f.isInterrupted() && !isConsequence(f.err) {
		parts = append(parts, "Cause: "+f.err.Error())
	}
	return strings.Join(parts, "\n\n")
}

// isInterrupted reports whether the failure is only that Terraform stopped
// before anything was sent. What was sent may have been carried out.
func (f failure) isInterrupted() bool {
	return errors.Is(f.err, context.Canceled) && client.ProblemOf(f.err) != client.OutcomeUnknown && !errors.As(f.err, new(*engine.LeftoverError))
}

// explanation says in plain words what happened, and what to do; briefly where
// another failure with the same cause has told that.
func (f failure) explanation(told bool) string {
	reason := f.reason()
	if told {
		first, _, _ := strings.Cut(reason, ". ")
		reason = strings.TrimSuffix(first, ".") + ". Another error of this run has the same cause, and says what to do."
	}
	switch {
	case len(f.kept) == 0:
		return reason
	case client.ProblemOf(f.err) == client.OutcomeUnknown:
		return f.notRemoved("may or may not have been deleted. It stays in the state")
	}
	return f.notRemoved("could not be deleted. It is still in the CRM, and in the state") + " " + reason
}

// reason is the explanation without what became of a removal.
func (f failure) reason() string {
	if f.isInterrupted() {
		return "Terraform was interrupted before this was sent."
	}
	switch {
	case errors.Is(f.err, engine.ErrNotSent):
		return "Not sent, because another conversation failed; with rollback_method = 0 all or none are created."
	case errors.Is(f.err, engine.ErrRolledBack):
		return "Rolled back by the CRM, because another conversation in the same request failed."
	case errors.As(f.err, new(*engine.UndoneError)):
		return "Created, and deleted again, because another conversation failed; with rollback_method = 0 all or none are created."
	case errors.As(f.err, new(*engine.LeftoverError)):
		return "Created, and still there: it could not be deleted again when another conversation failed. It is in the state, so that it is not lost; " +
			"the next apply deletes it and creates all anew."
	case errors.As(f.err, new(*engine.ProtectedError)):
		if f.message {
			return "The CRM protects the message against deletion. Take the protection away there (is_delete_protected)."
		}
		return "The CRM protects the conversation against deletion. " + protectionAdvice
	}
	if refused, ok := errors.AsType[*engine.RestoreError](f.err); ok {
		return f.notRestored(refused.ID)
	}
	switch client.ProblemOf(f.err) {
	case client.Behind:
		return "The space shows less than Terraform's state has already seen of it. Either reads are answered by a copy that lags behind, or the space was restored from a backup " +
			"(or the newest of its records was purged). Nothing was changed, and nothing counts as gone. Try again in a few minutes. If the space was restored: " +
			"run terraform state rm with the address of this resource, and import what is there now."
	case client.Throttled:
		return "The CRM limits requests, and asked the provider to wait for longer than it waits. Nothing was changed. Set requests_per_second in the provider block " +
			"to stay below the limit, or raise max_retries: the provider waits a minute for each try, and one more."
	case client.WrongCredentials:
		return "The CRM does not accept the provider's user name and password. Check the settings username and password, " +
			"or the environment variables PIPELINER_USERNAME and PIPELINER_PASSWORD: they are those of an Application of this space, " +
			"made in the space's administration, not those with which people log in."
	case client.NotPermitted:
		text := "The CRM does not permit this. Give the Application whose user name the provider uses the permission, in the space's administration"
		if f.sought != "" {
			return text + "."
		}
		return text + "; if it is about one conversation only, that one may be protected."
	case client.WrongAddress:
		return "There is no such space at this address. Check the settings service_url and space_id, " +
			"or the environment variables PIPELINER_SERVICE_URL and PIPELINER_SPACE_ID: the space's administration shows both."
	case client.NotFound:
		return "The CRM has no such " + f.thing() + " any more. Run terraform plan again: it shows what is needed now."
	case client.RelationNotFound:
		if f.invoked {
			return fmt.Sprintf("The CRM has no conversation %s in this space. No message was created. Check %s, then %s.", f.subject.ID.ValueString(), conversationOfMessage, invokeAgain)
		}
		if f.isUnnamed() {
			return "A record that one of these entries refers to does not exist in this space, and the CRM doesn't say which entry that is. " + findTheEntry
		}
		return "A record that the conversation refers to does not exist in this space. Check the ids: a record may have been deleted since, belong to another space, " +
			"or be of another kind."
	case client.Refused:
		return f.refused()
	case client.Unreachable:
		return "There is no connection to the CRM, or it does not answer in time. None of this was sent. Check the setting service_url (PIPELINER_SERVICE_URL), " +
			"the network, and the proxy in HTTPS_PROXY, if there is one."
	case client.UnexpectedReply:
		if status := client.StatusOf(f.err); status >= http.StatusBadGateway {
			return fmt.Sprintf("The CRM, or something in front of it, is not available (HTTP %d). Try again later. If it stays like that, check the setting service_url "+
				"(PIPELINER_SERVICE_URL), and the proxy in HTTPS_PROXY, if there is one.", status)
		}
		return "What came back is not a reply of the Pipeliner API. Check the setting service_url (PIPELINER_SERVICE_URL), " +
			"and whether a proxy or a login page stands in between."
	case client.OutcomeUnknown:
		return f.outcomeUnknown()
	}
	return "The CRM did not do what was asked."
}

// notRemoved says what became of what was to be removed from a map.
func (f failure) notRemoved(what string) string {
	if len(f.keys) > 1 {
		return fmt.Sprintf("Each %s that these keys stood for %s, under the keys %s. The next apply tries again.", f.thing(), what, quoted(f.kept))
	}
	return fmt.Sprintf("The %s %s that this key stood for %s, under the key %s. The next apply tries again.",
		f.thing(), f.subject.ID.ValueString(), what, quoted(f.kept))
}

// notRestored says how to go on with a conversation that stays deleted.
func (f failure) notRestored(id client.ID) string {
	another := "replace it by a new one: terraform apply -replace=ADDRESS, with the address of this resource"
	switch {
	case f.message:
		another = "create a new one, which may be sent again: remove the message from the configuration, apply, and add it again"
	case len(f.keys) > 0:
		another = "create a new one: remove the entry, apply, and add it again"
	}
	return fmt.Sprintf("The %s %s is deleted in the CRM, and the CRM does not restore it. Nothing was changed. "+
		"Restore it in the CRM and apply again, or %s.", f.thing(), id, another)
}

// isConsequence reports whether the error only follows from that of another
// conversation.
func isConsequence(err error) bool {
	return errors.Is(err, engine.ErrNotSent) || errors.Is(err, engine.ErrRolledBack) || errors.As(err, new(*engine.UndoneError))
}

// differences warns of what was sent and is not what the CRM then held. at is
// the path of the conversation.
func (m conversationModel) differences(n numbers, at path.Path, sent client.ConversationInput, actual conversationModel) (diags diag.Diagnostics) {
	left := m.changedFields(n, &actual)
	for _, field := range sent.Fields() {
		if slices.Contains(left, field) {
			at := at.AtName(field)
			diags.AddAttributeWarning(at, "Value Not Kept by the CRM",
				located(at, fmt.Sprintf("The CRM accepted %s of the conversation %s, but then held something else. The next plan shows what.", field, actual.ID.ValueString())))
		}
	}
	return diags
}
