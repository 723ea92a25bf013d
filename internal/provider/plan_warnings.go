package provider

import (
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// warnOfPlan warns of changes that the plan of a map doesn't show clearly, with one warning for each kind of change.
// before are the conversations of the state, and removed are the conversations that the plan removes or replaces.
func warnOfPlan(planned entries, before map[client.ID]*ownedModel, removed entries, abandoned bool) (diags diag.Diagnostics) {
	at := path.Root("conversations")
	becomes := "deletes these conversations with their messages"
	if abandoned {
		becomes = "removes these conversations from the state, leaves them in the CRM,"
	}
	var replaced, gone []string
	for key, entry := range removed.known() {
		if next := planned[key]; next != nil && next.ID.IsUnknown() && !next.isUnsettled {
			replaced = append(replaced, key)
		} else if !entry.IsDeleted.ValueBool() { // what is deleted already needs no warning
			name := strconv.Quote(key)
			if next != nil && !next.isUnsettled {
				name += fmt.Sprintf(" (%s: another conversation gets its key)", entry.ID.ValueString())
			}
			gone = append(gone, name)
		}
	}
	diags.Append(warnOf(inQuotes(replaced), at, "Text Message Conversations Will Be Replaced", "The apply "+becomes+" and creates new ones, because their number changes: %s.")...)
	diags.Append(warnOfRemoval(gone, planned, abandoned)...)
	var restored, sent, numberless []string
	for key, entry := range planned.known() {
		if was := before[reference(entry.ID)]; was != nil && was.IsDeleted.ValueBool() {
			restored = append(restored, key)
		}
		if entry.ID.IsUnknown() && entry.RecipientPhoneNumber.IsNull() {
			numberless = append(numberless, key)
		}
		if sendsMessage(entry.Messages, before[reference(entry.ID)]) {
			sent = append(sent, key)
		}
	}
	diags.Append(warnOf(inQuotes(restored), at, "Text Message Conversations Will Be Restored", "These conversations are deleted in the CRM. The apply restores them: %s. To leave one deleted, remove its entry.")...)
	diags.Append(warnOf(inQuotes(numberless), at, "Text Message Conversations Without a Number", "The apply creates these conversations without a "+numberAttribute+": %s. "+
		"If you have given them one, check the name of the attribute: in an entry, Terraform ignores attributes that the provider doesn't know.")...)
	if len(sent) > 0 {
		diags.Append(warnOfOutgoing(at, " Conversations: "+quoted(sent)+"."))
	}
	return diags
}

// warnOfRemoval warns of conversations that no entry stands for any more. Terraform's own summary counts only the
// resource, and says that nothing is destroyed. names are the keys of the state.
func warnOfRemoval(names []string, planned entries, abandoned bool) (diags diag.Diagnostics) {
	if len(names) == 0 {
		return nil
	}
	text := func(text string) string { return inNumber(len(names) > 1, text) }
	list := fmt.Sprintf(text("The map no longer contains %d {conversation|conversations} of the state: %s."), len(names), firstOfMany(names))
	if abandoned {
		diags.AddAttributeWarning(path.Root("conversations"), "Text Message Conversations Will Be Forgotten",
			list+text(" {It stays|They stay} in the CRM, because deletion_policy is \"abandon\", and Terraform forgets {it|them}."))
		return diags
	}
	what := text(" The apply deletes {it with its|them with their} messages.")
	if planned.areOpen() {
		what = " The plan doesn't know all values of the entries yet. The apply deletes the conversations that none of these entries turns out to need, with their messages."
	}
	diags.AddAttributeWarning(path.Root("conversations"), "Text Message Conversations Will Be Deleted", list+what+" Terraform doesn't count that as destroyed.")
	return diags
}

// areOpen reports whether entries may still take conversations that the plan removes.
func (e entries) areOpen() bool {
	for _, entry := range e {
		if entry == nil || entry.isUnsettled || entry.ID.IsUnknown() && entry.isUnsure() {
			return true
		}
	}
	return false
}

// warnOfOutgoing warns of messages that the CRM may send to people.
func warnOfOutgoing(at path.Path, which string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Outgoing Messages Will Be Created",
		"The apply creates outgoing messages. The CRM may send them to the recipients: its documentation does not say. "+
			"What it has sent can't be taken back."+which)
}

// sendsMessage reports whether the plan creates an outgoing message, or makes one outgoing.
// prior is the conversation in the state, nil for none.
func sendsMessage(planned types.Map, prior *ownedModel) bool {
	isIncoming := map[client.ID]bool{}
	if prior != nil {
		for _, message := range messagesFrom(prior.Messages) {
			isIncoming[reference(message.ID)] = !message.isAttached() && !message.isOutgoing()
		}
	}
	return messagesFrom(planned).have(func(m *messageModel) bool {
		return m != nil && m.isOutgoing() && (m.ID.IsUnknown() || isIncoming[reference(m.ID)])
	})
}
