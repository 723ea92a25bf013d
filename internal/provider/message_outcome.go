package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// settleAll records the outcomes of the writes and of the removals. A message that could not be removed stays in the
// state.
func (w *messageWork) settleAll(written []engine.Result[client.Message], removed []error) {
	for _, write := range w.writes {
		if write.change.Earlier != nil {
			delete(w.memory.Lost[w.conversation], write.planned.digest()) // it has been looked for
		}
	}
	for i, result := range written {
		w.settle(&w.writes[i], result)
	}
	for i, removal := range w.removals {
		if removed[i] == nil {
			continue
		}
		key := freeKey(w.state, removal.key)
		w.state[key] = &removal.prior
		w.failures = append(w.failures, failure{
			action: "Delete", message: true, at: w.at.AtName("messages"), err: removed[i], keys: []string{removal.key}, kept: []string{key},
			subject: conversationModel{ID: removal.prior.ID},
		})
	}
}

// settle records the outcome of a write.
func (w *messageWork) settle(write *messageWrite, result engine.Result[client.Message]) {
	action := "Update"
	switch {
	case write.prior == nil && write.planned.isAttached():
		action = "Attach"
	case write.prior == nil:
		action = "Create"
	}
	at := w.at.AtName("messages").AtMapKey(write.key)
	if unread, ok := errors.AsType[*engine.UnreadError](result.Err); ok {
		delete(w.memory.Revisions, unread.ID)
		if action == "Create" {
			note(&w.memory.Unread, unread.ID, result.Since.Revision)
		}
		w.notes.AddAttributeWarning(at, "Text Message Not Fully Known",
			located(at, fmt.Sprintf("The provider wrote the message %s and keeps it in the state, but couldn't "+
				"read it back. The next plan reads it.\n\nCause: %v", unread.ID, unread.Err)))
		result = engine.Result[client.Message]{Value: client.Message{RecordValues: client.RecordValues{ID: unread.ID}}, Adopted: result.Adopted, Twins: result.Twins}
	}
	w.notes.Append(warnOfMade(at, result)...)
	if write.err = result.Err; write.err != nil {
		w.failures = append(w.failures, failure{
			action: action, message: true, at: at, err: write.err, subject: conversationModel{ID: write.planned.ID},
		})
		switch {
		case write.prior != nil:
			w.state[write.key] = write.prior
		case action == "Create" && client.ProblemOf(write.err) == client.OutcomeUnknown:
			since := engine.NoFloor
			if lost, ok := errors.AsType[*engine.LostCreateError](write.err); ok {
				since = lost.Since.Revision
			}
			w.memory.tried(w.conversation, since)
			w.memory.lost(w.conversation, write.planned, since)
			w.state[write.key] = write.planned.applied(client.Message{}) // the next refresh looks for it
		}
		return
	}
	if result.Value.Revision > 0 { // else it could not be read back
		w.memory.applied(write.planned, result.Value)
		if !engine.IsStub(result.Value) {
			w.notes.Append(warnOfNotKept(at, "message", result.Value.ID, engine.Differences(write.planned.toAPI(nil), result.Value))...)
		}
	}
	w.state[write.key] = write.planned.applied(result.Value)
}

// warnOfMade warns of a message that the engine adopted for a lost create, and of one that may exist twice.
func warnOfMade(at path.Path, made engine.Result[client.Message]) (diags diag.Diagnostics) {
	if made.Err == nil && made.Adopted {
		diags.Append(adoptedMessage(at, made.Value.ID))
	}
	if made.Err == nil && len(made.Twins) > 0 {
		diags.Append(placed(at, diag.NewWarningDiagnostic("Text Message May Exist Twice", located(at, fmt.Sprintf(
			"The CRM gave no usable reply when the provider created the message, and did not show it within "+
				"recovery_timeout. So the provider sent the message again. The CRM may have carried out both "+
				"requests: %s, and %s. The provider goes on with the first message. Delete the other one in the CRM, unless "+
				"someone needs it.", made.Value.ID, idList(made.Twins))))))
	}
	return diags
}

// adoptedMessage warns that the provider took a message in the CRM for the result of a create.
func adoptedMessage(at path.Path, id client.ID) diag.Diagnostic {
	return placed(at, diag.NewWarningDiagnostic("Text Message Adopted", located(at, fmt.Sprintf(
		"The CRM gave no usable reply when the provider created the message. The provider found the message %s, which has appeared in the "+
			"conversation since and agrees with what was sent. It adopted this message, and sent no second one.", id))))
}

// diagnostics returns an error for each failure.
func (w *messageWork) diagnostics() (diags diag.Diagnostics) {
	diags.Append(w.notes...)
	for _, f := range w.failures {
		diags.Append(f.diagnostics()...)
	}
	return diags
}

// warnings returns the failures as warnings, for a conversation that has been created: an error would make Terraform
// destroy it. The planned messages stay in the state, and the next refresh drops those that were not created.
func (w *messageWork) warnings() (diags diag.Diagnostics) {
	for _, d := range w.diagnostics() {
		at := w.at.AtName("messages")
		if located, ok := d.(diag.DiagnosticWithPath); ok {
			at = located.Path()
		}
		diags.AddAttributeWarning(at, d.Summary(), d.Detail())
	}
	for i := range w.writes {
		if write := &w.writes[i]; write.err != nil && w.state[write.key] == nil {
			w.state[write.key] = write.planned.applied(client.Message{})
			w.memory.refused(w.conversation, write.planned)
		}
	}
	return diags
}

// applied returns the state after a plan was carried out.
func (m messageModel) applied(actual client.Message) *messageModel {
	m.ID = planned(m.ID, referenceFromAPI(actual.ID))
	m.IsDeleted = planned(m.IsDeleted, types.BoolValue(actual.IsDeleted))
	return &m
}
