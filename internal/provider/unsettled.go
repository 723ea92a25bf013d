package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// lookFor looks for what the attempts under these keys have made, in the order of
// the keys. See [engine.Collection.LookFor].
func (u unsettled) lookFor(ctx context.Context, api *engine.Engine, keys []string, patient bool) []engine.Result[client.Conversation] {
	changes := make([]conversationChange, len(keys))
	for i, key := range keys {
		changes[i] = conversationChange{Input: u[key].Sent, Earlier: u[key].earlier()}
	}
	return api.Conversations.LookFor(ctx, changes, patient)
}

// find returns the id of what the attempt of a single resource has made, zero where
// there is nothing.
func (u unsettled) find(ctx context.Context, api *engine.Engine) (client.ID, error) {
	if _, tried := u[""]; !tried {
		return client.ID{}, nil
	}
	found := u.lookFor(ctx, api, []string{""}, true)[0]
	return found.Value.ID, found.Err
}

// remove deletes what the attempts of a map have made, and forgets those of which nothing is
// left. It warns of the others. Those of which it can't tell which conversation is theirs it
// forgets too, unless the map may be replaced: then the apply would make them again.
func (u unsettled) remove(ctx context.Context, api *engine.Engine, level int64, isReplaced bool) (diags diag.Diagnostics) {
	diags = u.dropPartial()
	keys := slices.Sorted(maps.Keys(u))
	var deleted []string
	for i, found := range u.lookFor(ctx, api, keys, true) {
		key, id := keys[i], found.Value.ID
		err := found.Err
		if err == nil && !id.IsZero() {
			err = api.Conversations.Delete(ctx, id, level)
		}
		if err == nil {
			if !id.IsZero() {
				deleted = append(deleted, fmt.Sprintf("%q: %s", key, id))
			}
			delete(u, key)
			continue
		}
		at := at(key)
		text := fmt.Sprintf("An earlier apply may or may not have created a conversation of the phone %s with a revision above %d. "+
			"It is not needed any more, but could not be deleted. The next apply tries again. "+
			"You can also delete it in the CRM.\n\nCause: %v", u[key].identity(numbers{}).Place, u[key].Since.Revision, err)
		if ids, isOpen := isAmbiguous(err); isOpen {
			if !isReplaced {
				delete(u, key) // nothing would tell the next apply more
			}
			text = "An earlier apply may or may not have created a conversation that is not needed any more. " + candidates(ids)
		}
		diags.AddAttributeWarning(at, "Text Message Conversation May Have Been Left", located(at, text))
	}
	return append(diags, warnOfDeletion(path.Root("conversations"), deleted...)...)
}

// warnOfDeletion warns of conversations that were deleted because a look took them for what
// earlier attempts have made.
func warnOfDeletion(at path.Path, names ...string) (diags diag.Diagnostics) {
	if len(names) > 0 {
		diags.AddAttributeWarning(at, "Text Message Conversation of Unknown Outcome Deleted", fmt.Sprintf(
			"The CRM did not reply when an earlier apply created a conversation that is not needed any more. The provider found a conversation that appeared since "+
				"and has everything that was sent. It took it for the one it created, and deleted it: %s. If it belongs to someone else, restore it in the CRM.", firstOfMany(names)))
	}
	return diags
}

// dropPartial forgets the attempts of which nothing tells what they have made, and warns
// of them.
func (u unsettled) dropPartial() (diags diag.Diagnostics) {
	for _, key := range slices.Sorted(maps.Keys(u)) {
		if !u[key].IsPartial {
			continue
		}
		at := at(key)
		diags.AddAttributeWarning(at, "Text Message Conversation May Have Been Left", located(at, fmt.Sprintf(
			"An apply with an earlier version of this provider may or may not have created a conversation that is not needed any more. "+
				"If the CRM has one of the phone %s with a revision above %d that nobody knows, delete it there, or import it.",
			u[key].identity(numbers{}).Place, u[key].Since.Revision)))
		delete(u, key)
	}
	return diags
}

// findUnsettled looks for what the entries without an id may have become, and gives
// them that. Those for which that can't be told stay as they are: the next apply looks
// again. If nothing must be deleted, only the next apply takes over what it finds: a
// tainted resource would leave it, and make another one. Each refresh looks all the same,
// for every attempt: it knows what other resources have, and the apply need not.
func (e entries) findUnsettled(ctx context.Context, api *engine.Engine, known *memory, policy types.String) diag.Diagnostics {
	var open []string
	for _, key := range slices.Sorted(maps.Keys(known.unsettled)) {
		if !known.unsettled[key].IsPartial {
			open = append(open, key)
		}
	}
	if len(open) == 0 {
		return nil
	}
	adopted := adoptions{}
	for i, found := range known.unsettled.lookFor(ctx, api, open, false) {
		key := open[i]
		if found.Err != nil || found.Value.ID.IsZero() || e[key] == nil || e.exists(key) || abandons(policy) {
			known.unsettled.pass(key, found.Earlier)
			continue
		}
		e[key].ID = referenceFromAPI(found.Value.ID)
		adopted[key] = found
		known.found(key, found.Value)
	}
	return warnOfAdoption(path.Root("conversations"), adopted)
}

// found notes what the attempt under the key has made. Its number is spelled as the CRM does.
func (k *memory) found(key string, conversation client.Conversation) {
	k.numbers.remember(k.unsettled[key].Sent, conversation.ID, conversation.RecipientPhoneNumber)
	delete(k.unsettled, key)
}

// warnOfOpen warns that it is still not known whether the conversation of a single
// resource exists.
func warnOfOpen(policy types.String, err error) diag.Diagnostics {
	const intro = "An earlier apply may or may not have created this conversation. "
	text := intro + "It is not in the CRM so far. A destroy or a replacement looks for it once more, and deletes it if it is there."
	if abandons(policy) {
		text = intro + "The next apply looks for it, and takes it over if it is there. A destroy leaves it in the CRM, as the deletion_policy says."
	}
	if ids, isOpen := isAmbiguous(err); isOpen {
		text = intro + candidates(ids)
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Text Message Conversation May Have Been Created", text)}
}

// warnOfLeft warns of what stays in the CRM, if it is there, because of a deletion_policy.
func warnOfLeft(at path.Path, left unsettled) (diags diag.Diagnostics) {
	for _, key := range slices.Sorted(maps.Keys(left)) {
		prefix := ""
		if key != "" {
			prefix = fmt.Sprintf("conversations[%q]: ", key)
		}
		diags.AddAttributeWarning(at, "Text Message Conversation May Have Been Left", fmt.Sprintf(
			"%sAn earlier apply may or may not have created this conversation. Because of deletion_policy = \"abandon\", the provider doesn't look for it now. "+
				"If this apply creates the conversation again, it looks first, but not with create_before_destroy: "+
				"then look in the CRM for a second conversation of the phone %s with a revision above %d.", prefix, left[key].identity(numbers{}).Place, left[key].Since.Revision))
	}
	return diags
}
