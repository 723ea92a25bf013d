package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// keys returns the keys, sorted.
func (o openCreates) keys() []string { return slices.Sorted(maps.Keys(o)) }

// lookFor looks for what the attempts under these keys have made. The results are in the
// order of the keys. See [engine.Collection.LookFor].
func (k *memory) lookFor(ctx context.Context, api *engine.Engine, keys []string, patient bool) []engine.Result[client.Conversation] {
	changes := make([]conversationChange, len(keys))
	for i, key := range keys {
		tried := k.open[key]
		changes[i] = conversationChange{Input: tried.Sent, Earlier: tried.earlier(), Owner: k.name()}
	}
	return api.Conversations.LookFor(ctx, changes, patient)
}

// lookInRefresh is lookFor for a refresh, which reads the other resources too: what belongs to
// them is claimed, or they report it. So the attempt passes all of that from now on.
func (k *memory) lookInRefresh(ctx context.Context, api *engine.Engine, keys []string) []engine.Result[client.Conversation] {
	for _, key := range keys {
		tried := k.open[key]
		tried.IsRecalled = false
		k.open[key] = tried
	}
	return k.lookFor(ctx, api, keys, false)
}

// removeOpen deletes what the attempts of a map have made, and forgets the attempts that have
// left nothing. It warns of the others. If it can't tell which conversation an attempt has
// made, it forgets the attempt too, unless the map may be replaced: then the apply would
// create the conversation again. An early destroy deletes only what its plan has found.
func (k *memory) removeOpen(ctx context.Context, api *engine.Engine, existing *existing, level int64, isReplaced bool) (diags diag.Diagnostics) {
	keys := k.open.keys()
	var deleted, unsure, adopted []string
	for i, found := range k.lookFor(ctx, api, keys, true) {
		key, id := keys[i], found.Value.ID
		err := found.Err
		name := underKey(key, id.String())
		switch {
		case err != nil, id.IsZero():
		case !k.early.mayDelete(key, id):
			unsure = append(unsure, name)
		case !existing.beginDelete(id):
			adopted = append(adopted, name)
		default:
			if err = api.Conversations.Delete(ctx, id, level); err != nil {
				existing.failDelete(id)
				break
			}
			deleted = append(deleted, name)
		}
		if err == nil {
			delete(k.open, key)
			continue
		}
		api.Conversations.Leave(id) // to the next destroy
		at := at(key)
		text := fmt.Sprintf("An earlier apply may or may not have created a conversation of the phone %s with a "+
			"revision above %d. It is no longer needed, but the provider couldn't delete it. The next apply "+
			"tries again. You can also delete it in the CRM.%s\n\nCause: %v",
			k.open[key].phone(), k.open[key].Since.Revision, failure{err: err}.whyForbidden(), err)
		switch ids, isOpen := isAmbiguous(err); {
		case isOpen && isReplaced:
			text = "An earlier apply may or may not have created a conversation that is no longer needed. " + candidates(ids)
		case isOpen:
			delete(k.open, key) // the next apply would not learn more
			text = fmt.Sprintf("An earlier apply may or may not have created a conversation that is no longer needed. In the CRM, it may be one of these, or none: %s. "+
				"It differs from what was sent, or others have written in it, or there are several. So the provider leaves it alone, and doesn't look for it again. "+
				"If it is yours and no one needs it, delete it in the CRM.", idList(ids))
		}
		diags.AddAttributeWarning(at, "Text Message Conversation May Have Been Left", located(at, text))
	}
	diags.Append(warnOfKeptForAdopter(adopted...)...)
	diags.Append(warnOfUnsure(path.Root("conversations"), unsure...)...)
	return append(diags, warnOfDeletion(path.Root("conversations"), deleted...)...)
}

// warnOfUnsure warns of conversations that stay, because another resource may have them.
func warnOfUnsure(at path.Path, names ...string) diag.Diagnostics {
	return warnOf(names, at, "Text Message Conversation May Have Been Left",
		"An earlier apply may or may not have created a conversation that is no longer needed. In the CRM, it may be this one: %s. But another "+
			"resource may have this conversation: the provider has not read the resources since it appeared. So the provider leaves it alone. "+
			"If no resource has it and no one needs it, delete it in the CRM.")
}

// warnOfDeletion warns of deleted conversations, which a look has found for earlier
// attempts.
func warnOfDeletion(at path.Path, names ...string) diag.Diagnostics {
	return warnOf(names, at, "Text Message Conversation of Unknown Outcome Deleted",
		"The CRM gave no usable reply when an earlier apply created a conversation that is no longer needed. The "+
			"provider found a conversation that has appeared since and has everything that was sent, and deleted "+
			"it: %s. If the conversation belongs to someone else, restore it in the CRM.")
}

// findOpenCreates looks for what the creates of entries without an id have made, and sets
// the ids. The other entries stay as they are: the next apply looks again. If
// deletion_policy is "abandon", only the next apply adopts a conversation: a tainted
// resource would abandon it, and create another one. But each refresh looks for every
// attempt, because it knows the conversations of other resources, which the apply need not.
func (e entries) findOpenCreates(ctx context.Context, api *engine.Engine, memory *memory, policy types.String) diag.Diagnostics {
	open := memory.open.keys()
	if len(open) == 0 {
		return nil
	}
	adopted, left := createResults{}, map[string][]client.ID{} // which may be what they have made
	why := ""                                                  // a look found out nothing
	results := memory.lookInRefresh(ctx, api, open)
	if f := failedLook(open, results); f != nil {
		for _, found := range results {
			api.Conversations.Leave(found.Value.ID) // to the next look
		}
		return f.diagnostics()
	}
	for i, found := range results {
		key := open[i]
		if found.Err != nil || found.Value.ID.IsZero() || e[key] == nil || e.exists(key) || memory.open[key].InUpdate || abandons(policy) {
			memory.open.pass(key, found)
			api.Conversations.Leave(found.Value.ID)
			left[key], _ = isAmbiguous(found.Err)
			why = cmp.Or(why, failure{err: found.Err}.whyForbidden())
			if found.Err == nil && !found.Value.ID.IsZero() {
				left[key] = []client.ID{found.Value.ID}
			}
			continue
		}
		e[key].ID = referenceFromAPI(found.Value.ID)
		adopted[key] = found
		memory.found(key, found.Value)
	}
	return append(warnOfAdoption(path.Root("conversations"), adopted, true), warnOfOpenEntries(left, policy, why)...)
}

// failedLook returns the failure of a look that could not be carried out, nil if it was. Such a
// look proves nothing: a conversation that it would have found may be another resource's.
func failedLook(keys []string, results []engine.Result[client.Conversation]) (failed *failure) {
	for i, found := range results {
		if found.Err != nil && !staysOpen(found.Err) {
			failed = failed.with(failure{action: "Read", at: at(keys[i]), keys: []string{keys[i]}, err: found.Err, creates: true, remembered: true})
		}
	}
	return failed
}

// staysOpen reports whether a look has passed what belongs to other resources, and could not tell
// about the rest: there are candidates, or the provider may not read their messages.
func staysOpen(err error) bool {
	_, isOpen := isAmbiguous(err)
	return isOpen || problemOfLook(err) == client.NotPermitted
}

// problemOfLook returns why a look for what a create has made failed, 0 if err is not from a look.
func problemOfLook(err error) client.Problem {
	lost, isLost := errors.AsType[*engine.LostCreateError](err)
	if !isLost {
		return 0
	}
	return client.ProblemOf(lost.Err)
}

// warnOfOpenEntries warns that it is still unknown whether conversations of a map exist, and why
// a look could not tell.
func warnOfOpenEntries(left map[string][]client.ID, policy types.String, why string) (diags diag.Diagnostics) {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(left)) {
		text := fmt.Sprintf("%q", key)
		if len(left[key]) > 0 {
			text += " (may be " + idList(left[key]) + ")"
		}
		texts = append(texts, text)
	}
	outcome := "If an entry still declares the phone and number, the apply adopts what it finds. If not, or if the resource is tainted, it deletes what it finds."
	if abandons(policy) {
		outcome = "If an entry still declares the phone and number, the apply adopts what it finds. If not, what was created stays in the CRM, because deletion_policy is \"abandon\"."
	}
	if len(texts) > 0 {
		diags.AddAttributeWarning(path.Root("conversations"), "Text Message Conversation May Have Been Created", fmt.Sprintf(
			"An earlier apply may or may not have created the conversations of these keys: %s. The next apply looks for them in the CRM first. %s%s", firstOfMany(texts), outcome, why))
	}
	return diags
}

// found notes which conversation the attempt under the key has made. Its number may be
// spelled as the CRM does, and its messages may not show in the next list.
func (k *memory) found(key string, conversation client.Conversation) {
	k.messages.tried(conversation.ID, k.open[key].Since.Revision)
	k.numbers.remember(k.open[key].Sent, conversation.ID, conversation.RecipientPhoneNumber)
	k.adopted[conversation.ID] = true
	delete(k.open, key)
}

// warnOfOpen warns that it is still unknown whether the conversation of a single resource
// exists.
func warnOfOpen(policy types.String, found engine.Result[client.Conversation]) diag.Diagnostics {
	const intro = "An earlier apply may or may not have created this conversation. "
	shown, why := "The CRM does not show it so far. ", failure{err: found.Err}.whyForbidden()
	if why != "" {
		shown = ""
	}
	text := intro + shown + "The next apply looks for it again. If the resource is tainted or removed, it deletes what it finds; otherwise it adopts it."
	if abandons(policy) {
		text = intro + "The next apply looks for it, and adopts it if it exists. A destroy leaves it in the CRM, " +
			"because deletion_policy is \"abandon\"."
	}
	if found.Err == nil && !found.Value.ID.IsZero() {
		text += fmt.Sprintf(" It may be %s.", found.Value.ID)
	}
	if ids, isOpen := isAmbiguous(found.Err); isOpen {
		text = intro + candidates(ids)
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Text Message Conversation May Have Been Created", text+why)}
}

// warnOfLeft warns of what stays in the CRM, if it is there, because of a deletion_policy.
func warnOfLeft(place path.Path, left openCreates) (diags diag.Diagnostics) {
	for _, key := range left.keys() {
		about := path.Empty()
		if key != "" {
			about = at(key)
		}
		diags.Append(placed(place, diag.NewWarningDiagnostic("Text Message Conversation May Have Been Left", located(about, fmt.Sprintf(
			"An earlier apply may or may not have created this conversation. If it exists, it stays in the CRM, because deletion_policy is \"abandon\". "+
				"If this apply creates the conversation again, it looks for it and adopts it, but not with create_before_destroy. "+
				"To find it yourself, look in the CRM for a conversation of the phone %s with a revision above %d.", left[key].phone(), left[key].Since.Revision)))))
	}
	return diags
}
