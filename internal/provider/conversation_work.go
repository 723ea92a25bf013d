package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// conversationWork carries out a plan of either resource.
type conversationWork struct {
	layout

	provider     *providerData
	api          *engine.Engine
	own          map[client.ID]*ownedModel // what the map has already, for adopt_existing; nil without it
	memory       *memory
	level        int64 // of validation
	rollback     int
	allOrNothing bool
	abandon      bool // conversations that are removed stay in the CRM
	isNew        bool // the map is new, so an error would taint it; or the single resource has no conversation yet
	isRemoved    bool // the resource is removed, and may be replaced

	prior    entries // the state before
	changes  []entryChange
	removals []entryRemoval
	messages []entryMessages

	state     entries          // the state so far
	failed    map[string]error // by key: what could not be written
	respelled []string         // keys whose number the CRM holds in another spelling
	unread    *failure         // of what was written and could not be read back; nil for none
	diags     diag.Diagnostics // other than those of failed
}

// entryChange is one entry to create or update.
type entryChange struct {
	key        string
	planned    ownedModel
	prior      *ownedModel // nil: to create
	isExisting bool        // prior is an existing conversation that was in no state
	isUnsought bool        // the look for an existing conversation failed
	write      conversationChange
}

// entryMessages is the work on the messages of one entry.
type entryMessages struct {
	key     string
	work    *messageWork
	created bool // with the conversation
}

// entryRemoval is one conversation that no entry stands for any more.
type entryRemoval struct {
	key   string // of the state before
	prior *ownedModel
	kept  string // the key under which it stays in the state if err is set
	err   error
}

// begin prepares the work of a plan. prior is nil for a new map, and for a conversation that may not exist.
func (r *baseResource) begin(memory *memory, options resourceOptions, planned, prior entries) (*conversationWork, diag.Diagnostics) {
	w := &conversationWork{
		layout: r.layout, provider: r.provider, memory: memory, level: r.provider.validationLevel(options.ValidationLevel),
		abandon: abandons(options.DeletionPolicy), isNew: prior == nil,
	}
	if options.AdoptExisting.ValueBool() {
		w.own = prior.byID() // two of them may have the same number
	}
	w.prepare(planned, prior)
	if !w.isNeeded() {
		return w, nil
	}
	var diags diag.Diagnostics
	w.api, diags = r.engineFor(memory)
	return w, diags
}

// prepare determines the changes.
func (w *conversationWork) prepare(planned, prior entries) {
	w.prior, w.state, w.failed = prior, entries{}, map[string]error{}
	before := prior.byID()
	for key, entry := range planned.known() { // in an apply, all are
		change := entryChange{key: key, planned: *entry}
		if id := reference(change.planned.ID); !id.IsZero() {
			change.prior = before[id]
			w.memory.messages.forgetUndeclared(id, entry.Messages)
		}
		change.write = change.planned.change(w.memory.numbers, change.prior.conversation(), w.memory.asOf)
		if change.prior == nil {
			change.write.Input.Messages = inlineMessages(change.planned.Messages)
		} else if !change.write.IsNeeded() {
			w.keepWritten(change, *change.prior.conversation(), engine.Result[client.Conversation]{})
			continue
		}
		w.changes = append(w.changes, change)
	}
	for key, entry := range prior.without(planned).known() {
		w.removals = append(w.removals, entryRemoval{key: key, prior: entry})
	}
}

func (w *conversationWork) keep(key string, m ownedModel) { w.state[key] = &m }

// keepWritten notes the state of a conversation after its write. Its messages are the prior ones, or the ones that
// were created together with it. The work on its messages has yet to turn them into the planned ones.
func (w *conversationWork) keepWritten(change entryChange, actual conversationModel, made engine.Result[client.Conversation]) {
	m := ownedModel{conversationModel: change.planned.applied(actual)}
	wanted := change.planned.Messages
	if change.prior != nil {
		m.Messages = change.prior.Messages
	} else {
		var diags diag.Diagnostics
		m.Messages, wanted, diags = createdMessages(w.at(change.key), reference(m.ID), wanted, change.write.Earlier, made, w.memory.messages)
		w.diags.Append(diags...)
	}
	if !wanted.Equal(m.Messages) {
		work := newMessageWork(w.at(change.key), reference(m.ID), wanted, m.Messages, w.memory.asOf, w.memory.messages)
		w.messages = append(w.messages, entryMessages{change.key, work, change.prior == nil || change.isExisting})
	}
	w.keep(change.key, m)
}

// isNeeded reports whether the work needs the CRM.
func (w *conversationWork) isNeeded() bool {
	return len(w.changes) > 0 || len(w.messages) > 0 || !w.abandon && len(w.memory.open)+len(w.removals) > 0
}

// write creates, updates and restores. It adopts conversations that earlier attempts have created.
func (w *conversationWork) write(ctx context.Context) {
	if len(w.changes) == 0 {
		return
	}
	w.repeatAttempts()
	due := w.adoptExisting(ctx)
	writes := mapped(due, func(change entryChange) conversationChange {
		change.write.Owner = w.memory.name()
		return change.write
	})
	made := createResults{}
	for i, result := range writeAll(ctx, w, w.api.Conversations, writes, w.rollback, w.allOrNothing) {
		w.settle(due[i], result)
		made[due[i].key] = result
	}
	w.diags.Append(warnOfAdoption(w.root(), made, false)...)
	if w.own != nil {
		w.diags.Append(warnOfNotAdopted(w.root(), made)...)
	}
	w.finishExisting()
	if w.unread != nil {
		w.diags.Append(w.unread.unread()...)
	}
	w.diags.Append(w.warnOfRespelling(w.respelled)...)
}

// settle records the outcome of a change.
func (w *conversationWork) settle(change entryChange, result engine.Result[client.Conversation]) {
	var unread *engine.UnreadError
	var leftover *engine.LeftoverError
	w.memory.unread.add(change.write, result, !w.isNew)
	switch {
	case errors.As(result.Err, &unread):
		w.memory.numbers.remember(change.write.Input, unread.ID, "")
		w.unread = w.unread.with(failure{at: w.at(change.key), keys: w.keys(change.key), err: result.Err})
		w.keepWritten(change, unreadConversation(unread.ID, change.prior.conversation()), result)
	case errors.As(result.Err, &leftover):
		w.memory.numbers.remember(change.write.Input, leftover.ID, "")
		w.keep(change.key, change.planned.notCreated(leftover.ID))
		w.failed[change.key] = result.Err
	case result.Err != nil:
		if change.prior != nil && !change.isExisting {
			w.keep(change.key, *change.prior)
		}
		w.memory.numbers.rememberOpen(change.write.Input, result.Err)
		w.failed[change.key] = result.Err
	default:
		if w.memory.numbers.remember(change.write.Input, result.Value.ID, result.Value.RecipientPhoneNumber) {
			w.respelled = append(w.respelled, change.key)
		}
		actual := w.memory.numbers.conversationFromAPI(result.Value, change.planned.conversationModel)
		notKept := change.planned.notKept(w.memory.numbers, change.write.Input, actual)
		w.diags.Append(warnOfNotKept(w.at(change.key), "conversation", result.Value.ID, notKept)...)
		w.keepWritten(change, actual, result)
	}
}

// save keeps what the next refresh, apply or destroy must know.
func (w *conversationWork) save(ctx context.Context, private privateStore) diag.Diagnostics {
	for key, tried := range w.openCreates() {
		tried.InUpdate = !w.isNew
		w.memory.open[freeKey(w.memory.open, key)] = tried // what an earlier attempt has made is yet to be deleted
	}
	if w.api != nil {
		w.memory.space.seen(w.api)
	}
	if len(w.messages) > 0 { // they may have raised the revisions of conversations
		w.memory.asOf = engine.NoFloor
	}
	diags := w.memory.save(ctx, private, w.state)
	w.provider.messages.applied(w.memory.owner, w.state)
	return diags
}

// repeatAttempts makes each create repeat an earlier attempt, if there is one. It prefers the attempt under the same
// key, then attempts under other keys, then attempts that other resources have abandoned in this apply: a resource
// that replaces one of these must not create a second conversation.
func (w *conversationWork) repeatAttempts() {
	open, n := w.memory.open, w.memory.numbers
	for i := range w.changes {
		change := &w.changes[i]
		if tried, isOpen := open[change.key]; isOpen && change.prior == nil && tried.identity(n) == n.identityOf(change.planned.conversationModel) {
			delete(open, change.key)
			tried.repeatIn(&change.write)
		}
	}
	var own attemptIndex
	own.add(n, open)
	for i := range w.changes {
		change := &w.changes[i]
		if change.prior != nil || change.write.Earlier != nil {
			continue
		}
		planned, input := change.planned.conversationModel, change.write.Input
		if found := own.take(n, planned, input); found != nil {
			delete(open, found.key)
			found.repeatIn(&change.write)
		} else if left := w.provider.left.take(n, planned, input); left != nil {
			left.IsRecalled = true // a refresh has left the conversations to that other resource
			left.repeatIn(&change.write)
		}
	}
}

// openCreates returns the creates whose outcome is still unknown after this work.
func (w *conversationWork) openCreates() openCreates {
	open := openCreates{}
	for _, change := range w.changes {
		if tried, isOpen := attemptAt(w.failed[change.key], change.write); isOpen && change.prior == nil {
			open[change.key] = tried
		}
	}
	return open
}
