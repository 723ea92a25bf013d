package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// applySingle creates or updates the conversation of a single resource, and then its messages. If a
// create fails, the state has no entry. If its outcome is unknown, the entry has no id, and the memory
// knows what to look for.
func (w *conversationWork) applySingle(ctx context.Context) diag.Diagnostics {
	w.write(ctx)
	w.writeMessages(ctx)
	if open := w.openCreates(); len(open) > 0 {
		w.keepAsTried(open)
		w.state[""].Revision = w.state.revision(open)
	}
	return w.done("Update")
}

// remove deletes the conversation of a state, or the one that an open create may have
// made.
func (r *conversationResource) remove(ctx context.Context, state conversationResourceModel, memory *memory) diag.Diagnostics {
	w, diags := r.begin(memory, state.resourceOptions, nil, state.recalled(memory))
	if diags.HasError() {
		return diags
	}
	w.remove(ctx)
	if w.api != nil {
		memory.space.seen(w.api)
	}
	return append(diags, w.done("Delete")...)
}

// unreadConversation returns what is known of a conversation that was written but not
// read back. The next refresh reads the rest.
func unreadConversation(id client.ID, prior *conversationModel) conversationModel {
	if prior != nil {
		return *prior
	}
	m := emptyConversation()
	m.ID = referenceFromAPI(id)
	return m
}

// differences warns of fields that the CRM holds in another value than was sent. at is
// the path of the conversation.
func (m conversationModel) differences(n numbers, at path.Path, sent client.ConversationInput, actual conversationModel) (diags diag.Diagnostics) {
	left := m.changedFields(n, &actual)
	for _, field := range sent.Fields() {
		if slices.Contains(left, field) {
			at := at.AtName(field)
			diags.AddAttributeWarning(at, "Value Not Kept by the CRM",
				located(at, fmt.Sprintf("The CRM accepted %s of the conversation %s, but shows a different "+
					"value. The next plan compares again.",
					field, actual.ID.ValueString())))
		}
	}
	return diags
}
