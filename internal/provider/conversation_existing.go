package provider

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// planExisting warns of the conversations that new entries adopt. own are the conversations of the state. blind are
// the keys of the new entries whose phone or number is known only during the apply.
func (r *baseResource) planExisting(ctx context.Context, planned entries, own map[client.ID]*ownedModel, blind []string, memory *memory) (diags diag.Diagnostics) {
	diags = r.warnOfBlind(blind)
	api, more := r.provider.planningEngine()
	if diags.Append(more...); api == nil {
		return diags
	}
	ids, changes, taken := map[string]client.ID{}, map[string][]string{}, map[client.ID]bool{}
	var leaving []string
	for _, key := range planned.mayExist(memory) {
		found, err := r.provider.existing.find(ctx, api, memory.numbers, planned[key].conversationModel, own, whilePlanning)
		if found != nil && taken[found.ID] { // by another entry that declares the same
			found, err = nil, &existingError{managed: true, ids: []client.ID{found.ID}}
		}
		if of, isExisting := errors.AsType[*existingError](err); isExisting && of.leaving {
			leaving = append(leaving, underKey(key, idList(of.ids)))
		} else if err != nil {
			f := failure{action: "Read", at: r.at(key), keys: r.keys(key), err: err, causes: &r.provider.causes}
			if r.isSingle {
				f.what = theConversations // those of its phone, because the resource has none yet
			}
			diags.Append(f.diagnostics()...)
			if !isNotAdoptable(err) {
				return diags // the others would fail in the same way
			}
		}
		if found != nil {
			ids[key], taken[found.ID] = found.ID, true
			changes[key] = planned[key].overwrites(memory.numbers, memory.numbers.importedFrom(*found))
		}
	}
	diags.Append(warnOfLeaving(r.root(), leaving...)...)
	return append(diags, r.warnOfExisting(ids, whilePlanning, planned, changes)...)
}

// overwrites returns the names of the fields of an existing conversation that the plan changes. It skips the number:
// the provider found the conversation by it, so only its spelling can differ.
func (m *ownedModel) overwrites(n numbers, existing *ownedModel) (names []string) {
	for _, field := range m.changedFields(n, existing.conversation()) {
		if value := field.get(&existing.conversationModel); field.name != numberAttribute && isKnown(value) && field.text(n, value) != "" {
			names = append(names, field.name)
		}
	}
	return names
}

// blind returns the keys of the new entries whose phone or number is known only during the apply.
func (e entries) blind() []string {
	return slices.DeleteFunc(e.keys(), func(key string) bool {
		return e[key] != nil && (!e[key].ID.IsUnknown() || !e[key].isBlind())
	})
}

// mayExist returns the keys of the new entries whose conversation may already exist in the CRM. It skips
// conversations that an earlier create with an unknown outcome may have made.
func (e entries) mayExist(memory *memory) (keys []string) {
	open := map[engine.Identity]bool{}
	for _, tried := range memory.open {
		open[tried.identity(memory.numbers)] = true
	}
	for key, entry := range e.known() {
		if !entry.ID.IsUnknown() || !entry.mayExist() {
			continue
		}
		if len(open) == 0 || !open[memory.numbers.identityOf(entry.conversationModel)] { // numbers are slow to parse
			keys = append(keys, key)
		}
	}
	return keys
}

// warnOfUnadopted warns of new entries whose conversations seem to exist in the CRM already. It uses only what the
// refresh has listed, so the plan sends no further request.
func (r *bulkResource) warnOfUnadopted(planned entries, memory *memory) diag.Diagnostics {
	type group struct {
		phone  client.ID
		ending string
	}
	api, diags := r.provider.planningEngine()
	if api == nil {
		return diags
	}
	groups := map[group][]client.Conversation{} // most numbers differ in their last digits: these need no parsing
	for _, shown := range api.Conversations.Unread() {
		if !shown.IsDeleted {
			of := group{shown.PhoneID, lastDigits(shown.RecipientPhoneNumber)}
			groups[of] = append(groups[of], shown)
		}
	}
	if len(groups) == 0 {
		return diags
	}
	var texts []string
	for _, key := range planned.mayExist(memory) {
		entry := planned[key]
		number := textOf(entry.RecipientPhoneNumber)
		for _, shown := range groups[group{reference(entry.PhoneID), lastDigits(number)}] {
			if memory.numbers.Same(number, shown.RecipientPhoneNumber) || memory.numbers.IsFormOf(number, shown.RecipientPhoneNumber) {
				texts = append(texts, underKey(key, shown.ID.String()))
			}
		}
	}
	return append(diags, warnOf(texts, path.Root("conversations"), "Text Message Conversation Exists Already",
		"The CRM already has conversations with the phone and number of these new entries:"+asItem+"The apply creates another one for each. "+
			"To adopt the existing ones instead, set adopt_existing = true. The plan compares only the conversations that the refresh has read, so there may be more.")...)
}

// lastDigits returns the last four digits of a number.
func lastDigits(number string) string {
	const length = 4
	digits := make([]byte, 0, length)
	for i := len(number) - 1; i >= 0 && len(digits) < length; i-- {
		if c := number[i]; c >= '0' && c <= '9' {
			digits = append(digits, c)
		}
	}
	return string(digits)
}

// adoptExisting turns creates into updates of the conversations that they adopt, and
// returns the changes to send.
func (w *conversationWork) adoptExisting(ctx context.Context) (due []entryChange) {
	unreadable := map[client.ID]error{} // phones whose conversations can't be read
	for i := range w.changes {
		change := &w.changes[i]
		if w.own != nil && change.prior == nil && change.write.Earlier == nil && change.planned.mayExist() {
			phone := reference(change.planned.PhoneID)
			var found *client.Conversation
			err := unreadable[phone]
			if err == nil {
				found, err = w.provider.existing.find(ctx, w.api, w.memory.numbers, change.planned.conversationModel, w.own, whileApplying)
			}
			switch {
			case err != nil:
				if !isNotAdoptable(err) {
					unreadable[phone] = err // the others would fail in the same way
				}
				w.failed[change.key], change.isUnsought = err, true
				continue
			case found != nil:
				change.takeExisting(w.memory.numbers, *found)
			}
		}
		if change.isExisting && !change.write.IsNeeded() {
			w.keepWritten(*change, *change.prior.conversation(), engine.Result[client.Conversation]{})
			continue
		}
		due = append(due, *change)
	}
	if !w.allOrNothing || len(w.failed) == 0 {
		return due
	}
	for _, change := range due {
		w.failed[change.key] = engine.ErrNotSent
	}
	return nil
}

// takeExisting turns the create into an update of an existing conversation.
func (c *entryChange) takeExisting(n numbers, existing client.Conversation) {
	c.prior, c.isExisting = n.importedFrom(existing), true
	c.write = c.planned.change(n, c.prior.conversation(), engine.NoFloor) // the lookup does not tell its as-of
}

// finishExisting warns of the conversations that were adopted. If the entries were to be created all or none and one
// failed, the state gets no adopted conversation: Terraform would delete it with the tainted resource.
func (w *conversationWork) finishExisting() {
	ids := map[string]client.ID{}
	for _, change := range w.changes {
		if change.isExisting && w.state[change.key] != nil {
			ids[change.key] = reference(change.prior.ID)
		} else if change.isExisting {
			w.provider.existing.release(reference(change.prior.ID))
		}
	}
	if w.allOrNothing && len(w.failed) > 0 {
		for key, id := range ids {
			w.provider.existing.release(id)
			delete(w.state, key)
		}
		w.messages = slices.DeleteFunc(w.messages, func(m entryMessages) bool { return !ids[m.key].IsZero() })
		clear(ids)
	}
	w.diags.Append(w.warnOfExisting(ids, whileApplying, nil, nil)...)
}
