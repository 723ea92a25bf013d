package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// createResults are the results of creates by key. The key of a single resource is empty.
type createResults map[string]engine.Result[client.Conversation]

// idInState returns the id that the result of a create leaves in the state, or zero. A create can leave an id even if
// a later step failed.
func idInState(result engine.Result[client.Conversation]) client.ID {
	if result.Err == nil {
		return result.Value.ID
	}
	if unread, ok := errors.AsType[*engine.UnreadError](result.Err); ok {
		return unread.ID
	}
	if leftover, ok := errors.AsType[*engine.LeftoverError](result.Err); ok {
		return leftover.ID
	}
	return client.ID{}
}

// warnOfAdoption warns of conversations that the engine adopted for lost creates, and of conversations that may exist
// twice. Only a refresh can adopt a conversation into a tainted resource.
func warnOfAdoption(at path.Path, results createResults, inRefresh bool) (diags diag.Diagnostics) {
	var adopted, undone, twins, left []string
	unchecked := ""
	for _, key := range slices.Sorted(maps.Keys(results)) {
		result, id := results[key], idInState(results[key])
		switch {
		case result.Adopted && !id.IsZero():
			adopted = append(adopted, underKey(key, id.String()))
		case result.Adopted && errors.Is(result.Err, engine.ErrUndone):
			undone = append(undone, underKey(key, result.Value.ID.String()))
		}
		if result.Adopted && result.Unchecked {
			unchecked = " The Application may not read TextMessages, so the provider could not check whether others have written there."
		}
		switch {
		case len(result.Twins) == 0:
		case id.IsZero():
			left = append(left, underKey(key, idList(result.Twins)))
		default:
			twins = append(twins, underKey(key, fmt.Sprintf("%s, and %s", id, idList(result.Twins))))
		}
	}
	taint := ""
	if inRefresh {
		taint = " If the resource is tainted, the apply deletes and replaces what it has. To keep it, run terraform untaint."
	}
	diags = warnOf(adopted, at, "Text Message Conversation Adopted", inNumber(len(adopted) > 1, "The CRM gave no usable reply when the provider created {a conversation|several conversations}. "+
		"The provider found {a conversation that has|conversations that have} appeared since and {fits|fit} what was sent, and adopted {it|them}: %s."+unchecked+taint+
		" If {the conversation|one of them} belongs to someone else, set deletion_policy = \"abandon\", apply, "+
		"remove the conversation from the configuration, and apply again. Then you can remove deletion_policy and declare the conversation again."))
	diags.Append(warnOf(undone, at, "Adopted Text Message Conversation Deleted", inNumber(len(undone) > 1, "The CRM gave no usable reply when the provider created {a conversation|several conversations}. "+
		"The provider found {a conversation that has|conversations that have} appeared since and {fits|fit} what was sent, and deleted {it|them}, because another conversation failed: %s. "+
		"If {it|one of them} belonged to someone else, restore it in the CRM."))...)
	const repeated = "The CRM gave no usable reply when the provider created a conversation, and did not show it within " +
		"recovery_timeout. So the provider sent the create again"
	diags.Append(warnOf(twins, at, "Text Message Conversation May Exist Twice", repeated+". The CRM may have carried out both requests: "+
		"%s. The state contains the first conversation of each pair. Delete the other one in the CRM, unless someone needs it.")...)
	diags.Append(warnOf(left, at, "Text Message Conversation May Have Been Left", repeated+", and then deleted what that had created, because "+
		"another conversation failed. What the first request may have created is still in the CRM: %s. Delete it there, unless someone needs it.")...)
	return diags
}

// candidatesOf reports whether err is an [engine.AmbiguousError], and returns the ids of
// its records.
func candidatesOf(err error) ([]client.ID, bool) {
	ambiguous, ok := errors.AsType[*engine.AmbiguousError](err)
	if !ok {
		return nil, false
	}
	return ambiguous.IDs, true
}

// candidates says that one of these conversations may be the created one, and what to do. A single conversation is in
// doubt if it differs from what was sent, or contains messages of other users.
func candidates(ids []client.ID, isSingle bool) string {
	if len(ids) == 1 {
		return fmt.Sprintf("The conversation %s in the CRM may be it, or may belong to someone else: it differs "+
			"from what was sent, or others have written messages in it. The provider leaves it alone. %s",
			ids[0], severalAdvice(isSingle))
	}
	return fmt.Sprintf("Several conversations in the CRM may be it: %s. The provider leaves all of them alone. %s",
		idList(ids), severalAdvice(isSingle))
}

// severalAdvice says what to do if conversations may belong to the resource or to someone else.
func severalAdvice(isSingle bool) string {
	return "Find out in the CRM which conversation is the right one. If the resource is tainted, first run terraform untaint with " +
		"its address, or else the apply replaces the conversation that is left. " + inNumber(!isSingle, "{Then run terraform state rm with "+
		"the address, and import the right conversation by its UUID|Then remove "+
		"the entry, apply, and add it again with adopt_existing = true. If several conversations of this number must stay in the CRM, "+
		"remove the map from the state instead, and import all its conversations under their keys}. ") +
		"Declare the messages that the conversation already has by their ids, or else the apply creates them again. Or " +
		"delete the conversations that no one needs in the CRM, and apply again."
}

// idsOf returns the ids of records.
func idsOf[T client.Record](records []T) []client.ID {
	return mapped(records, func(record T) client.ID { return record.Meta().ID })
}
