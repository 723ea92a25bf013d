package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A messageWork carries out the plan for the messages of one conversation. It uses separate operations on messages,
// because an update of the conversation that contained messages could drop the messages of other users.
type messageWork struct {
	at           path.Path // of the conversation
	conversation client.ID

	planned, prior types.Map

	memory   *messageMemory
	writes   []messageWrite
	removals []messageRemoval
	state    messages // the state so far
	failures []failure
	notes    diag.Diagnostics // warnings
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
}

// newMessageWork returns the work that turns the prior messages of a conversation into the planned ones. asOf is the
// revision of the space at which the prior messages were known.
func newMessageWork(at path.Path, conversation client.ID, planned, prior types.Map, asOf int64, memory *messageMemory) *messageWork {
	w := &messageWork{at: at, conversation: conversation, planned: planned, prior: prior, memory: memory, state: messages{}}
	before := messagesFrom(prior)
	keyOf := before.keysByID()
	wanted := messagesFrom(planned)
	for _, key := range wanted.keys() {
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
		w.state[key] = write.planned.applied(client.Message{RecordValues: client.RecordValues{ID: id, IsDeleted: write.prior.IsDeleted.ValueBool()}})
	}
	for id, key := range keyOf {
		if !before[key].isAttached() && !id.IsZero() {
			w.removals = append(w.removals, messageRemoval{key: key, prior: *before[key]})
		}
	}
	w.warnOfLeft(wanted, before)
	return w
}

// warnOfLeft warns of messages that were sent, that no key stands for any more, and that the provider can't delete
// because it doesn't know their ids.
func (w *messageWork) warnOfLeft(wanted, before messages) {
	left := slices.DeleteFunc(before.keys(), func(key string) bool {
		message := before[key]
		return wanted[key] != nil || message == nil || !message.ID.IsNull() || w.memory.Refused[w.conversation][message.digest()] > 0
	})
	if at := w.at.AtName("messages"); len(left) > 0 {
		w.notes.AddAttributeWarning(at, "Text Message May Have Been Left", located(at, fmt.Sprintf(
			"The provider has sent the messages of these keys, and doesn't know which messages of the CRM they are: %s. Those that the CRM has created stay in "+
				"the conversation %s. Delete them there if no one needs them.", quoted(left), w.conversation)))
	}
}

var errUnnamed = errors.New("the id of the message is not known")

// keepUnnamed keeps a message that was sent and whose id is unknown. The next refresh
// looks for it.
func (w *messageWork) keepUnnamed(key string, planned messageModel, prior *messageModel) {
	w.memory.tried(w.conversation, w.memory.since(w.conversation))
	w.state[key] = &planned
	if prior == nil || len(planned.toAPI(prior).Fields()) == 0 {
		return
	}
	w.state[key] = prior
	w.failures = append(w.failures, failure{action: "Update", message: true, at: w.at.AtName("messages").AtMapKey(key), err: errUnnamed})
}

// prepare sets the change, and reports whether there is anything to write.
func (m *messageWrite) prepare(conversation client.ID, asOf int64, memory *messageMemory) bool {
	if m.prior == nil {
		m.change.Input = m.planned.toAPI(nil)
		m.change.Input.TextMessageConversationID = client.Value(conversation)
		if m.planned.isAttached() {
			m.change.Input.ID = client.Value(reference(m.planned.ID))
			m.change.Restore = true // if it is deleted
		} else {
			m.change.Earlier = memory.earlier(conversation, m.planned)
		}
		return true
	}
	id := reference(m.planned.ID)
	m.change.Input = m.planned.toAPI(m.prior)
	m.change.Input.ID = client.Value(id)
	m.change.Baseline = m.prior.baseline(conversation, asOf)
	if revision, isRead := memory.Revisions[id]; isRead {
		m.change.Input.Revision, m.change.Baseline.Revision = client.Value(revision), revision
	}
	m.change.Restore = isRestored(m.planned.IsDeleted, m.prior.IsDeleted)
	return m.change.IsNeeded()
}

// toMap returns the state of the attribute.
func (w *messageWork) toMap() types.Map {
	if w.planned.IsNull() && len(w.state) == 0 {
		return types.MapNull(messageType)
	}
	return w.state.toMap()
}

// tell tells the engine which messages it need not read.
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

// writeMessages turns the messages of all conversations into the planned ones, in as few requests as possible.
func (w *conversationWork) writeMessages(ctx context.Context) {
	if len(w.messages) == 0 {
		return
	}
	var changes []messageChange
	var ids []client.ID
	for _, entry := range w.messages {
		entry.work.tell(w.api)
		for _, write := range entry.work.writes {
			changes = append(changes, write.change)
		}
		for _, removal := range entry.work.removals {
			ids = append(ids, reference(removal.prior.ID))
		}
	}
	written := writeAll(ctx, w, w.api.Messages, changes, client.RollbackFailed, false)
	removed := deleteAll(ctx, w, w.api.Messages, ids)
	for _, entry := range w.messages {
		writes, removals := len(entry.work.writes), len(entry.work.removals)
		entry.work.settleAll(written[:writes], removed[:removals])
		written, removed = written[writes:], removed[removals:]
		if entry.created && w.isNew {
			w.diags.Append(entry.work.warnings()...)
		} else {
			w.diags.Append(entry.work.diagnostics()...)
		}
		w.state[entry.key].Messages = entry.work.toMap()
	}
}
