package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A messageWork carries out what a plan asks for of the messages of one
// conversation, through the operations of messages: an update of the conversation
// that held them could drop those of others.
type messageWork struct {
	at           path.Path // of the conversation
	conversation client.ID
	prior        types.Map
	memory       *messageMemory
	writes       []messageWrite
	removals     []messageRemoval
	state        messages // what is so far
	failures     []failure
	notes        diag.Diagnostics // warnings
}

// messageWrite is one message to create, update, restore or attach.
type messageWrite struct {
	key     string
	planned messageModel
	prior   *messageModel // nil: to create or attach
	change  messageChange
	err     error
}

// messageRemoval is one message that no key stands for any more.
type messageRemoval struct {
	key   string // of the state before
	prior messageModel
	err   error
}

// newMessageWork returns what is to be done to turn the prior messages of a
// conversation, known as of a revision of the space, into the planned ones.
func newMessageWork(at path.Path, conversation client.ID, planned, prior types.Map, asOf int64, memory *messageMemory) *messageWork {
	w := &messageWork{at: at, conversation: conversation, prior: prior, memory: memory, state: messages{}}
	before := messagesFrom(prior)
	keyOf := map[client.ID]string{}
	for key, message := range before {
		if message != nil && isKnown(message.ID) {
			keyOf[reference(message.ID)] = key
		}
	}
	wanted := messagesFrom(planned)
	for _, key := range wanted.keys() {
		if wanted[key] == nil {
			continue // not while applying: everything is known
		}
		write := messageWrite{key: key, planned: *wanted[key]}
		if write.planned.ID.IsNull() {
			w.keepUnnamed(key, write.planned, before[key])
			continue
		}
		id := reference(write.planned.ID)
		if old, owned := keyOf[id]; owned && !id.IsZero() {
			write.prior = before[old]
			delete(keyOf, id)
		}
		if write.prepare(conversation, asOf, memory) {
			w.writes = append(w.writes, write)
			continue
		}
		kept := write.planned.applied(client.Message{ID: id, IsDeleted: write.prior.IsDeleted.ValueBool()})
		w.state[key] = &kept
	}
	for id, key := range keyOf {
		if !before[key].isAttached() && !id.IsZero() {
			w.removals = append(w.removals, messageRemoval{key: key, prior: *before[key]})
		}
	}
	return w
}

var errUnnamed = errors.New("the id of the message is not known, so that it can't be changed; see the warning Text Message Not Identified of the plan")

// keepUnnamed keeps a message that was sent and whose id is not known. The next
// refresh looks for it.
func (w *messageWork) keepUnnamed(key string, planned messageModel, prior *messageModel) {
	w.memory.tried(w.conversation, w.memory.since(w.conversation))
	w.state[key] = &planned
	if prior == nil || len(planned.toAPI(prior).Fields()) == 0 {
		return
	}
	w.state[key] = prior
	w.failures = append(w.failures, failure{action: "Update", message: true, at: w.at.AtName("messages").AtMapKey(key), err: errUnnamed, keys: []string{key}})
}

// prepare sets the change, and reports whether there is anything to write.
func (m *messageWrite) prepare(conversation client.ID, asOf int64, memory *messageMemory) bool {
	if m.prior == nil {
		m.change.Input = m.planned.toAPI(nil)
		m.change.Input.TextMessageConversationID = client.Value(conversation)
		if m.planned.isAttached() {
			m.change.Input.ID = client.Value(reference(m.planned.ID))
			m.change.Restore = true // if it is deleted
		}
		return true
	}
	id := reference(m.planned.ID)
	m.change.Input = m.planned.toAPI(m.prior)
	m.change.Input.ID = client.Value(id)
	m.change.Known = m.prior.known(conversation)
	m.change.Known.AsOf = asOf
	if revision, isRead := memory.Revisions[id]; isRead {
		m.change.Input.Revision, m.change.Known.Revision = client.Value(revision), revision
	}
	m.change.Restore = isRestored(m.planned.IsDeleted, m.prior.IsDeleted)
	return m.change.IsNeeded()
}

// toMap returns the state of the attribute.
func (w *messageWork) toMap(planned types.Map) types.Map {
	if planned.IsNull() && len(w.state) == 0 {
		return types.MapNull(messageType)
	}
	return w.state.toMap()
}

// isNeeded reports whether the CRM is needed.
func (w *messageWork) isNeeded() bool { return len(w.writes) > 0 || len(w.removals) > 0 }

// tell tells the client which messages it need not get.
func (w *messageWork) tell(api *engine.Engine) {
	w.memory.tell(api, w.prior)
	var attached []client.ID
	for _, write := range w.writes {
		if write.planned.isAttached() {
			attached = append(attached, reference(write.planned.ID))
		}
	}
	api.ReferToMessages(attached)
}

// runEach writes each message on its own: those of other resources that are
// applied at the same time travel along.
func (w *messageWork) runEach(ctx context.Context, api *engine.Engine, level int64) {
	w.tell(api)
	var group errgroup.Group
	results := make([]engine.Result[client.Message], len(w.writes))
	for i, write := range w.writes {
		group.Go(func() error {
			results[i] = api.Messages.CreateOrUpdate(ctx, write.change, level)
			return nil
		})
	}
	for i, removal := range w.removals {
		group.Go(func() error {
			w.removals[i].err = api.Messages.Delete(ctx, reference(removal.prior.ID), level)
			return nil
		})
	}
	_ = group.Wait()
	for i, result := range results {
		w.take(&w.writes[i], result)
	}
	w.finish()
}

// runMany writes the messages of many conversations in as few requests as they
// fit in.
func runMany(ctx context.Context, api *engine.Engine, level int64, works []*messageWork) {
	var changes []messageChange
	var ids []client.ID
	moved := map[client.ID]bool{} // to another conversation
	for _, w := range works {
		w.tell(api)
		for _, write := range w.writes {
			changes = append(changes, write.change)
			moved[reference(write.planned.ID)] = true
		}
	}
	for _, w := range works {
		w.removals = slices.DeleteFunc(w.removals, func(r messageRemoval) bool { return moved[reference(r.prior.ID)] })
		for _, removal := range w.removals {
			ids = append(ids, reference(removal.prior.ID))
		}
	}
	options := client.WriteOptions{ValidationLevel: level, RollbackMethod: rollbackFailed}
	written := api.Messages.CreateOrUpdateMany(ctx, changes, options, false)
	removed := api.Messages.DeleteMany(ctx, ids, level)
	for _, w := range works {
		for i := range w.writes {
			w.take(&w.writes[i], written[0])
			written = written[1:]
		}
		for i := range w.removals {
			w.removals[i].err = removed[0]
			removed = removed[1:]
		}
		w.finish()
	}
}

// take takes note of what came of a write.
func (w *messageWork) take(write *messageWrite, result engine.Result[client.Message]) {
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
		w.notes.AddAttributeWarning(at, "Text Message Not Fully Known",
			located(at, fmt.Sprintf("The message %s was written, and is in the state, but could not be read back. The next plan reads it.\n\nCause: %v", unread.ID, unread.Err)))
		result = engine.Result[client.Message]{Value: client.Message{ID: unread.ID}, Adopted: result.Adopted, Twins: result.Twins}
	}
	w.warnOfAdoption(at, result)
	if write.err = result.Err; write.err != nil {
		w.failures = append(w.failures, failure{
			action: action, message: true, at: at, err: write.err, subject: conversationModel{ID: write.planned.ID},
		})
		switch {
		case write.prior != nil:
			w.state[write.key] = write.prior
		case action == "Create" && client.ProblemOf(write.err) == client.OutcomeUnknown:
			w.triedInVain(write.err)
			m := write.planned.applied(client.Message{}) // the next refresh looks for it
			w.state[write.key] = &m
		}
		return
	}
	if result.Value.Revision > 0 { // else it could not be read back
		w.memory.applied(write.planned, result.Value)
		if !result.Value.IsStub() {
			w.notes.Append(write.planned.differences(at, result.Value)...)
		}
	}
	m := write.planned.applied(result.Value)
	w.state[write.key] = &m
}

// warnOfAdoption warns of a message whose creation was not seen, and of one that may
// exist twice.
func (w *messageWork) warnOfAdoption(at path.Path, result engine.Result[client.Message]) {
	if result.Err == nil && result.Adopted {
		w.notes.AddAttributeWarning(at, "Text Message Adopted", located(at, fmt.Sprintf(
			"The CRM did not reply to the creation. The provider found the message %s, which appeared in the conversation since and agrees with what was sent, and took it for the one it created.", result.Value.ID)))
	}
	if result.Err == nil && len(result.Twins) > 0 {
		w.notes.AddAttributeWarning(at, "Text Message May Exist Twice", located(at, fmt.Sprintf(
			"The CRM did not reply to the creation, and showed nothing of it for as long as recovery_timeout says, so the provider sent it again. "+
				"Both requests may have been carried out: %s, and %s. The first one is in the state. Delete the other one in the CRM if nobody needs it.", result.Value.ID, idList(result.Twins))))
	}
}

// triedInVain takes note of a create whose outcome is not known.
func (w *messageWork) triedInVain(err error) {
	since := engine.NoFloor
	if lost, ok := errors.AsType[*engine.LostCreateError](err); ok {
		since = lost.Since.Revision
	}
	w.memory.tried(w.conversation, since)
}

// finish takes note of what came of the removals. What could not be removed
// stays in the state.
func (w *messageWork) finish() {
	for _, removal := range w.removals {
		if removal.err == nil {
			continue
		}
		key := removal.key
		for w.state[key] != nil {
			key += " (replaced)"
		}
		w.state[key] = &removal.prior
		w.failures = append(w.failures, failure{
			action: "Delete", message: true, at: w.at.AtName("messages"), err: removal.err, keys: []string{removal.key}, kept: []string{key},
			subject: conversationModel{ID: removal.prior.ID},
		})
	}
}

// diagnostics returns an error for each failure.
func (w *messageWork) diagnostics() (diags diag.Diagnostics) {
	diags.Append(w.notes...)
	for _, f := range w.failures {
		diags.Append(f.diagnostics()...)
	}
	return diags
}

// warnings returns the failures as warnings, for a conversation that has been
// created: an error would make Terraform destroy it. What is planned stays in the
// state, and the next refresh shows what is missing.
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
			m := write.planned.applied(client.Message{})
			w.state[write.key] = &m
		}
	}
	return diags
}

// applied returns the state behind a plan that has been carried out.
func (m messageModel) applied(actual client.Message) messageModel {
	m.ID = planned(m.ID, referenceFromAPI(actual.ID))
	m.IsDeleted = planned(m.IsDeleted, types.BoolValue(actual.IsDeleted))
	return m
}
