package provider

import (
	"fmt"
	"slices"

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
			fmt.Sprintf("The apply %s and creates new ones, because their phone or number changes and the CRM does not "+
				"allow that: %s.", becomes, quoted(replaced)))
	}
	diags.Append(warnOfRemoval(prior.without(planned), planned, replaced, abandoned)...)
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

// warnOfRemoval warns of conversations that no entry stands for any more: Terraform
// counts only the resource, and says that it destroys nothing. Those that are replaced
// have their own warning, and those that are deleted already need none.
func warnOfRemoval(removed, planned entries, replaced []string, abandoned bool) (diags diag.Diagnostics) {
	keys := slices.DeleteFunc(removed.keys(), func(key string) bool {
		_, isReplaced := slices.BinarySearch(replaced, key)
		return isReplaced || removed[key].IsDeleted.ValueBool()
	})
	if len(keys) == 0 {
		return nil
	}
	at, list := path.Root("conversations"), fmt.Sprintf("by their keys in the state: %s (%d in total)", quoted(keys), len(keys))
	if abandoned {
		diags.AddAttributeWarning(at, "Text Message Conversations Will Be Forgotten",
			fmt.Sprintf("The map no longer has an entry for these conversations, %s. They stay in the CRM, because deletion_policy is \"abandon\", and Terraform forgets them.", list))
		return diags
	}
	what := "The apply deletes them with their messages."
	if slices.ContainsFunc(planned.keys(), func(key string) bool {
		return planned[key] == nil || planned[key].ID.IsUnknown() && planned[key].isBlind()
	}) {
		what = "The plan doesn't know the phones and numbers of all entries yet. The apply deletes the conversations that none of these entries turns out to need, with their messages."
	}
	diags.AddAttributeWarning(at, "Text Message Conversations Will Be Deleted",
		fmt.Sprintf("The map no longer has an entry for these conversations, %s. %s Terraform doesn't count them as destroyed.", list, what))
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
