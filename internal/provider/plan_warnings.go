package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// warnOfPlan warns of what a plan of a map does but does not show well, with one warning
// for each kind.
func warnOfPlan(planned, prior entries, replaced []string, abandoned bool) (diags diag.Diagnostics) {
	at := path.Root("conversations")
	if len(replaced) > 0 {
		becomes := "deletes these conversations with their messages"
		if abandoned {
			becomes = "removes these conversations from the state, leaves them in the CRM,"
		}
		diags.AddAttributeWarning(at, "Text Message Conversations Will Be Replaced",
			fmt.Sprintf("The apply %s and creates new ones, because their numbers change and the CRM does not "+
				"allow that: %s.", becomes, quoted(replaced)))
	}
	before := prior.byID()
	var restored, sent []string
	for _, key := range planned.keys() {
		if planned[key] == nil {
			continue
		}
		if was := before[reference(planned[key].ID)]; was != nil && was.IsDeleted.ValueBool() {
			restored = append(restored, key)
		}
		if sendsMessage(planned[key].Messages) {
			sent = append(sent, key)
		}
	}
	if len(restored) > 0 {
		diags.AddAttributeWarning(at, "Text Message Conversations Will Be Restored",
			fmt.Sprintf("These conversations are deleted in the CRM. The apply restores them: %s.", quoted(restored)))
	}
	if len(sent) > 0 {
		diags.Append(warnOfOutgoing(at, " Conversations: "+quoted(sent)+"."))
	}
	return diags
}

// warnOfOutgoing warns of messages that the CRM may send to people.
func warnOfOutgoing(at path.Path, which string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Outgoing Messages Will Be Created",
		"The apply creates outgoing messages. The CRM may send them to the recipients: its documentation does not say."+which)
}

// sendsMessage reports whether the plan creates an outgoing message.
func sendsMessage(planned types.Map) bool {
	for _, message := range messagesFrom(planned) {
		if message != nil && message.ID.IsUnknown() && message.Direction.ValueString() == client.MessageDirections.Name(outgoing) {
			return true
		}
	}
	return false
}

const outgoing = 1 // of [client.MessageDirections]
