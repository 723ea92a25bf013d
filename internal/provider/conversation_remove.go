package provider

import (
	"context"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// remove deletes the conversations that no entry stands for any more, and conversations that creates with an unknown
// outcome may have made. A conversation that could not be deleted or replaced stays in the state.
func (w *conversationWork) remove(ctx context.Context) {
	w.removeOpen(ctx)
	due := w.dueRemovals()
	ids := mapped(due, func(removal *entryRemoval) client.ID { return reference(removal.prior.ID) })
	var errs []error
	if len(ids) > 0 {
		errs = deleteAll(ctx, w, w.api.Conversations, ids)
	}
	var found []string
	for i, removal := range due {
		if removal.err = errs[i]; removal.err != nil {
			w.provider.existing.keepUnlessAdopted(ids[i])
			removal.kept = freeKey(w.state, removal.key)
			w.state[removal.kept] = removal.prior
		} else if w.memory.adopted[ids[i]] {
			found = append(found, underKey(removal.key, ids[i].String()))
		}
	}
	w.diags.Append(warnOfDeletion(w.root(), found...)...)
	w.provider.messages.applied(w.memory.owner, w.state)
}

// removeOpen deletes what creates with an unknown outcome have made, unless deletion_policy is "abandon". It forgets
// the attempts that have left nothing. An early destroy deletes only what its plan has found.
func (w *conversationWork) removeOpen(ctx context.Context) {
	open := w.memory.open
	if w.abandon {
		w.diags.Append(w.memory.warnOfLeft()...)
		w.provider.left.add(w.memory.numbers, open)
		w.memory.open = openCreates{}
		return
	}
	keys := open.keys()
	if len(keys) == 0 {
		return
	}
	var deleted, unsure, adopted, contradicting []string
	for i, found := range w.memory.lookFor(ctx, w.api, keys, true) {
		key, id, err := keys[i], found.Value.ID, found.Err
		name := underKey(key, id.String())
		switch {
		case err != nil, id.IsZero():
		case !w.memory.early.mayDelete(key, id):
			unsure = append(unsure, name)
		case !w.provider.existing.beginDelete(id):
			adopted = append(adopted, name)
		default:
			if err = w.api.Conversations.Delete(ctx, id, w.level); err != nil {
				w.provider.existing.keepUnlessAdopted(id)
				break
			}
			deleted = append(deleted, name)
		}
		switch {
		case err == nil:
			delete(open, key)
			for _, other := range slices.Concat(found.LookAlikes, found.Twins) {
				contradicting = append(contradicting, underKey(key, other.String()))
			}
			continue
		case w.isSingle:
			w.removals = append(w.removals, entryRemoval{prior: w.prior[""], err: err})
		default:
			w.diags.Append(w.memory.keptOpen(key, err, w.isRemoved))
		}
		w.api.Conversations.Leave(id) // to the next destroy
	}
	w.diags.Append(warnOfKeptForAdopter(adopted...)...)
	w.diags.Append(warnOfUnsure(w.root(), unsure...)...)
	w.diags.Append(warnOf(contradicting, w.root(), "Text Message Conversation May Have Been Left", leftAlone)...)
	w.diags.Append(warnOfDeletion(w.root(), deleted...)...)
}

// dueRemovals returns the removals that delete a conversation. It keeps a conversation whose replacement failed, or
// that another resource has adopted.
func (w *conversationWork) dueRemovals() (due []*entryRemoval) {
	var adopted []string
	for i := range w.removals {
		removal := &w.removals[i]
		id := reference(removal.prior.ID)
		switch {
		case removal.err != nil: // it is open
		case w.failed[removal.key] != nil && w.state[removal.key] == nil && w.provider.existing.keepUnlessAdopted(id):
			w.state[removal.key] = removal.prior // its successor could not be created
		case w.abandon:
			w.provider.existing.abandon(id)
		case !w.beginDelete(id):
			adopted = append(adopted, underKey(removal.key, id.String()))
		default:
			due = append(due, removal)
		}
	}
	w.diags.Append(warnOfKeptForAdopter(adopted...)...)
	return due
}

// beginDelete notes that this run deletes a conversation of the state. It returns false if this run has adopted the
// conversation for another resource.
func (w *conversationWork) beginDelete(id client.ID) bool {
	w.api.Conversations.Claim(w.memory.owner, id) // a refresh of this run may have adopted it for this resource
	return !w.api.Conversations.HasAdopted(id) && w.provider.existing.beginDelete(id)
}
