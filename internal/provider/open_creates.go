package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// lookFor looks for what the attempts under these keys have made. The results are in the
// order of the keys. See [engine.Collection.LookFor].
func (m *memory) lookFor(ctx context.Context, api *engine.Engine, keys []string, patient bool) []engine.Result[client.Conversation] {
	changes := mapped(keys, func(key string) conversationChange {
		tried := m.open[key]
		return conversationChange{Input: tried.Sent, AlsoTried: tried.AlsoTried, Earlier: tried.earlier(), Owner: m.name()}
	})
	return api.Conversations.LookFor(ctx, changes, patient)
}

// keptOpen warns of conversations that an attempt of a map may have made, and that could not be deleted. If it can't
// tell which conversation the attempt has made, it forgets the attempt, unless the map may be replaced: then the
// apply would create the conversation again.
func (m *memory) keptOpen(key string, err error, isReplaced bool) diag.Diagnostic {
	at := at(key)
	text := fmt.Sprintf("An earlier apply may or may not have created a conversation of the phone %s with a "+
		"revision above %d. It is no longer needed, but the provider couldn't delete it. The next apply "+
		"tries again. You can also delete it in the CRM.%s\n\nCause: %v",
		m.open[key].phone(), m.open[key].Since.Revision, failure{err: err}.whyForbidden(), err)
	switch ids, isAmbiguous := candidatesOf(err); {
	case isAmbiguous && isReplaced:
		text = "An earlier apply may or may not have created a conversation that is no longer needed. " + candidates(ids, false)
	case isAmbiguous:
		delete(m.open, key) // the next apply would not learn more
		text = fmt.Sprintf(leftAlone, idList(ids))
	}
	return diag.NewAttributeWarningDiagnostic(at, "Text Message Conversation May Have Been Left", located(at, text))
}

const leftAlone = "An earlier apply may or may not have created a conversation that is no longer needed. In the CRM, it may be one of these, or none: %s. " +
	"It differs from what was sent, or others have written in it, or there are several. So the provider leaves it alone, and doesn't look for it again. " +
	"If it is yours and no one needs it, delete it in the CRM."

// warnOfUnsure warns of conversations that stay, because the plan of the destroy has not found them.
func warnOfUnsure(at path.Path, names ...string) diag.Diagnostics {
	return warnOf(names, at, "Text Message Conversation May Have Been Left",
		"An earlier apply may or may not have created a conversation that is no longer needed. In the CRM, it may be this one: %s. But it "+
			"has appeared since the plan, so another resource may have it, or someone else. So the provider leaves it alone. "+
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

// findOpenCreates is the part of a refresh that looks for what the creates of entries without an id have made. It
// sets the ids of the conversations that it adopts, and returns what it has found for them. The other entries stay as
// they are, and the next apply looks again. If deletion_policy is "abandon", only the next apply adopts a
// conversation: a tainted resource would abandon it, and create another one. The refresh still looks for every
// attempt, because it reads the other resources too, which an apply may not. Each of those resources claims its
// conversations, or reports an error. The attempts pass these conversations from then on.
//
// If any look failed, nothing is adopted: a conversation that the failed look would have found may belong to another
// resource.
func (e entries) findOpenCreates(ctx context.Context, api *engine.Engine, memory *memory, policy types.String) (adopted createResults, diags diag.Diagnostics) {
	keys := memory.open.keys()
	if len(keys) == 0 {
		return nil, nil
	}
	for _, key := range keys {
		tried := memory.open[key]
		tried.IsRecalled = false
		memory.open[key] = tried
	}
	api.Conversations.LeaveAll(memory.name()) // the state has none of what an earlier refresh has found
	results := memory.lookFor(ctx, api, keys, false)
	var failed *failure
	for i, found := range results {
		if found.Err != nil && !staysOpen(found.Err) {
			failed = failed.with(failure{action: "Read", at: memory.at(keys[i]), keys: memory.keys(keys[i]), err: found.Err, creates: true})
		}
	}
	if failed != nil {
		return nil, failed.diagnostics()
	}
	adopted, left := createResults{}, createResults{}
	for i, found := range results {
		key := keys[i]
		if found.Err != nil || found.Value.ID.IsZero() || e[key] == nil || e.exists(key) || memory.open[key].InUpdate || abandons(policy) {
			memory.open.pass(key, found)
			api.Conversations.Leave(found.Value.ID)
			left[key] = found
			continue
		}
		e[key].ID = referenceFromAPI(found.Value.ID)
		adopted[key] = found
		memory.found(key, found.Value)
	}
	return adopted, append(warnOfAdoption(memory.root(), adopted, true), memory.warnOfStillOpen(left, policy)...)
}

// staysOpen reports whether a look passed conversations of other resources and could not tell about the remaining
// ones, because there are candidates or the provider may not read their messages.
func staysOpen(err error) bool {
	_, isAmbiguous := candidatesOf(err)
	return isAmbiguous || problemOfLook(err) == client.NotPermitted
}

// problemOfLook returns why a look for the result of a create failed. It returns 0 if err is not from a look.
func problemOfLook(err error) client.Problem {
	lost, isLost := errors.AsType[*engine.LostCreateError](err)
	if !isLost {
		return 0
	}
	return client.ProblemOf(lost.Err)
}

// found notes which conversation the attempt under the key has made. Its number may be
// spelled as the CRM does, and its messages may not show in the next list.
func (m *memory) found(key string, conversation client.Conversation) {
	m.messages.tried(conversation.ID, m.open[key].Since.Revision)
	m.numbers.remember(m.open[key].Sent, conversation.ID, conversation.RecipientPhoneNumber)
	m.adopted[conversation.ID] = true
	delete(m.open, key)
}

// warnOfStillOpen warns that it is still unknown whether conversations exist, and says why a look could not tell.
func (l layout) warnOfStillOpen(left createResults, policy types.String) diag.Diagnostics {
	var names []string
	var why, advice string
	for _, key := range slices.Sorted(maps.Keys(left)) {
		name, found := strconv.Quote(key), left[key]
		if l.isSingle {
			name = "this conversation"
		}
		ids, isAmbiguous := candidatesOf(found.Err)
		if found.Err == nil && found.Value.ID.IsZero() {
			ids = found.LookAlikes
		}
		if isAmbiguous || len(ids) > 0 {
			advice = " Each conversation that is named here may be the created one, or may belong to someone else: it differs from what was sent, or others have written in it, or there are several. So the provider leaves it alone. " + severalAdvice(l.isSingle)
		} else if !found.Value.ID.IsZero() {
			ids = []client.ID{found.Value.ID}
		}
		if len(ids) > 0 {
			name += " (may be " + idList(ids) + ")"
		}
		names = append(names, name)
		why = cmp.Or(why, failure{err: found.Err}.whyForbidden())
	}
	outcome := "If not, or if the resource is tainted, it deletes what it finds."
	if abandons(policy) {
		outcome = "If not, what was created stays in the CRM, because deletion_policy is \"abandon\"."
	}
	return warnOf(names, l.root(), "Text Message Conversation May Have Been Created", inNumber(!l.isSingle,
		"An earlier apply may or may not have created {|the conversations of these keys: }%s. The next apply looks for {it|them} in the CRM first. "+
			"If {the resource|an entry} still declares the phone and number, the apply adopts what it finds. ")+outcome+advice+why)
}

// warnOfLeft warns of conversations that may remain in the CRM because of a deletion_policy.
func (m *memory) warnOfLeft() (diags diag.Diagnostics) {
	for _, key := range m.open.keys() {
		diags.Append(placed(m.root(), diag.NewWarningDiagnostic("Text Message Conversation May Have Been Left", located(m.at(key), fmt.Sprintf(
			"An earlier apply may or may not have created this conversation. If it exists, it stays in the CRM, because deletion_policy is \"abandon\". "+
				"If this apply creates the conversation again, it looks for it and adopts it, but not with create_before_destroy. "+
				"To find it yourself, look in the CRM for a conversation of the phone %s with a revision above %d.", m.open[key].phone(), m.open[key].Since.Revision)))))
	}
	return diags
}
