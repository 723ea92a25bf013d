package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// unsettled are the creates whose outcome is not known: those of a map by the keys of
// its entries, that of a single resource by an empty key. The private state keeps
// them, so that the next refresh, apply or destroy looks before it does anything.
type unsettled map[string]attempt

// An attempt is one at a create.
type attempt struct {
	Since engine.Moment            `json:"since"` // before it
	Sent  client.ConversationInput `json:"sent"`  // its messages are empty ones, just as many

	// IsPartial says that it is that of an earlier version, of which only the phone and
	// the number are known. That proves nothing: only a create that says what else was sent
	// looks for it.
	IsPartial bool `json:"partial,omitempty"`
}

// UnmarshalJSON also reads what earlier versions have kept.
func (a *attempt) UnmarshalJSON(text []byte) error {
	type plain attempt
	var kept struct {
		plain

		Phone  client.ID `json:"phone"`
		Number string    `json:"number"`
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return err
	}
	*a = attempt(kept.plain)
	if !kept.Phone.IsZero() {
		a.Sent.PhoneID, a.Sent.RecipientPhoneNumber = client.Value(kept.Phone), client.Value(kept.Number)
		a.IsPartial = true
	}
	return nil
}

// attemptAt returns the attempt that an error is about, if the outcome is unknown.
func attemptAt(err error, sent client.ConversationInput) (attempt, bool) {
	lost, ok := errors.AsType[*engine.LostCreateError](err)
	if !ok {
		return attempt{}, false
	}
	if messages, isSet := sent.Messages.Get(); isSet {
		sent.Messages = client.Value(make([]client.MessageInput, len(messages)))
	}
	return attempt{Since: lost.Since, Sent: sent}, true
}

// recall finds an attempt in the state of what has no id, where the private state has
// got lost: then the revision is the one before the attempt. It also completes what an
// earlier version has kept.
func (u unsettled) recall(key string, m conversationModel, n numbers) {
	switch tried, isOpen := u[key]; {
	case isOpen && tried.IsPartial:
		u[key] = attempt{Since: tried.Since, Sent: m.toAPI(n, nil)}
	case !isOpen && isKnown(m.Revision):
		u[key] = attempt{Since: engine.Moment{Revision: m.Revision.ValueInt64()}, Sent: m.toAPI(n, nil)}
	}
}

// leftAttempts are attempts that this apply has left to the CRM, because their
// deletion_policy is to abandon. What replaces their resource knows nothing of them: it
// must not make a second one.
type leftAttempts struct {
	mu       sync.Mutex
	attempts []attempt
}

func (l *leftAttempts) add(left unsettled) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(left)) {
		l.attempts = append(l.attempts, left[key])
	}
}

// take is [earlierAttempts.take].
func (l *leftAttempts) take(n numbers, m conversationModel) *engine.Moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := n.identify(m)
	i := slices.IndexFunc(l.attempts, func(a attempt) bool { return a.identity(n) == of })
	if i < 0 {
		return nil
	}
	since := l.attempts[i].Since
	l.attempts = slices.Delete(l.attempts, i, i+1)
	return &since
}

// isAbout reports whether the attempts of a single resource, if any, would have made
// this conversation.
func (u unsettled) isAbout(m conversationModel, n numbers) bool {
	tried, isOpen := u[""]
	return !isOpen || tried.identity(n) == n.identify(m)
}

// identity returns which conversation the attempt would have made.
func (a attempt) identity(n numbers) engine.Identity {
	phone, _ := a.Sent.PhoneID.Get()
	number, _ := a.Sent.RecipientPhoneNumber.Get()
	return engine.Identity{Place: phone, Name: n.Canonical(number)}
}

// An earlierAttempts finds attempts by what they would have made.
type earlierAttempts struct {
	unsettled

	numbers numbers
	keys    map[engine.Identity][]string
	left    *leftAttempts
}

func (u unsettled) index(n numbers, left *leftAttempts) earlierAttempts {
	e := earlierAttempts{u, n, make(map[engine.Identity][]string, len(u)), left}
	for _, key := range slices.Sorted(maps.Keys(u)) {
		of := u[key].identity(n)
		e.keys[of] = append(e.keys[of], key)
	}
	return e
}

// take returns the moment before the attempt that a create repeats, under its
// key or under another one, and forgets it; nil where there was none.
func (e earlierAttempts) take(key string, m conversationModel) *engine.Moment {
	of := e.numbers.identify(m)
	keys := e.keys[of]
	i := max(slices.Index(keys, key), 0)
	if len(keys) == 0 {
		return e.left.take(e.numbers, m)
	}
	since := e.unsettled[keys[i]].Since
	delete(e.unsettled, keys[i])
	e.keys[of] = slices.Delete(keys, i, i+1)
	return &since
}

// lookFor looks for what the attempts under these keys have made, in the order of
// the keys. See [client.Collection.LookFor].
func (u unsettled) lookFor(ctx context.Context, api *engine.Engine, keys []string, patient bool) []engine.Result[client.Conversation] {
	changes := make([]conversationChange, len(keys))
	for i, key := range keys {
		since := u[key].Since
		changes[i] = conversationChange{Input: u[key].Sent, Since: &since}
	}
	return api.Conversations.LookFor(ctx, changes, patient)
}

// advance lets the next look begin later: what was there before is known to be of other
// resources, and that look may not know them.
func (u unsettled) advance(key string, since *engine.Moment) {
	if tried, isOpen := u[key]; isOpen && since != nil {
		u[key] = attempt{Since: *since, Sent: tried.Sent}
	}
}

// revision returns the one above which a single resource without an id was created, or
// else the one given: Terraform drops the private state of what it replaces.
func (u unsettled) revision(other types.Int64) types.Int64 {
	if tried, isOpen := u[""]; isOpen {
		return types.Int64Value(tried.Since.Revision)
	}
	return other
}

// claim tells the engine which conversations a resource has, so that it takes none of
// them for what another one has lost. The error says of which it is too late.
func claim(api *engine.Engine, at path.Path, ids ...client.ID) (diags diag.Diagnostics) {
	if taken := api.Conversations.Known(ids...); len(taken) > 0 {
		diags.AddAttributeError(at, "Text Message Conversation Adopted by Another Resource", fmt.Sprintf(
			"Terraform knows %s as part of this resource. The provider has just taken it for what another resource tried to create, "+
				"because that attempt got no reply (a warning of that resource says so). It stays as it is. Run the command again. "+
				"If the error comes back, remove the other resource from the state with terraform state rm.", idList(taken)))
	}
	return diags
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

// remove deletes what the attempts have made, and forgets those of which nothing is
// left. It warns of the others.
func (u unsettled) remove(ctx context.Context, api *engine.Engine, level int64) (diags diag.Diagnostics) {
	diags = u.dropPartial()
	keys := slices.Sorted(maps.Keys(u))
	for i, found := range u.lookFor(ctx, api, keys, true) {
		key, id := keys[i], found.Value.ID
		err := found.Err
		if err == nil && !id.IsZero() {
			err = api.Conversations.Delete(ctx, id, level)
		}
		if err == nil {
			delete(u, key)
			continue
		}
		at := path.Root("conversations")
		if key != "" {
			at = at.AtMapKey(key)
		}
		text := fmt.Sprintf("An earlier apply may or may not have created a conversation of the phone %s with a revision above %d. "+
			"It is not needed any more, but could not be deleted. The next apply tries again. "+
			"You can also delete it in the CRM.\n\nCause: %v", u[key].identity(numbers{}).Place, u[key].Since.Revision, err)
		if ids, isOpen := isAmbiguous(err); isOpen {
			delete(u, key) // nothing would tell the next apply more
			text = "An earlier apply may or may not have created a conversation that is not needed any more. " + candidates(ids)
		}
		diags.AddAttributeWarning(at, "Text Message Conversation May Have Been Left", located(at, text))
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
// again. Where nothing must be deleted, only the next apply takes over what it finds: a
// resource that is tainted would leave it, and make another one.
func (e entries) findUnsettled(ctx context.Context, api *engine.Engine, known *memory, policy types.String) diag.Diagnostics {
	if abandons(policy) {
		return nil
	}
	var open []string
	for _, key := range slices.Sorted(maps.Keys(known.unsettled)) {
		if e[key] != nil && !e.exists(key) && !known.unsettled[key].IsPartial {
			open = append(open, key)
		}
	}
	if len(open) == 0 {
		return nil
	}
	adopted := adoptions{}
	for i, found := range known.unsettled.lookFor(ctx, api, open, false) {
		if key := open[i]; found.Err == nil && !found.Value.ID.IsZero() {
			e[key].ID = referenceFromAPI(found.Value.ID)
			adopted[key] = found
			delete(known.unsettled, key)
		} else {
			known.unsettled.advance(key, found.Since)
		}
	}
	return warnOfAdoption(path.Root("conversations"), adopted)
}

// isAmbiguous reports whether conversations may be the one that was created, and may be
// somebody else's, and returns their ids.
func isAmbiguous(err error) ([]client.ID, bool) {
	ambiguous, ok := errors.AsType[*engine.AmbiguousError](err)
	if !ok {
		return nil, false
	}
	return ambiguous.IDs, true
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

// candidates says of conversations that one of them may be what was created, and what
// to do. Of a single one that has another content than was sent, or messages of others,
// it is not clear whose it is.
func candidates(ids []client.ID) string {
	if len(ids) == 1 {
		return fmt.Sprintf("The conversation %s in the CRM may be it, or somebody else's: it is not quite what was sent, or others have written in it. Terraform leaves it alone. %s", ids[0], severalAdvice)
	}
	return fmt.Sprintf("Several conversations in the CRM may be it: %s. Terraform leaves all of them alone. %s", idList(ids), severalAdvice)
}

const severalAdvice = "Find out in the CRM which one it is. Then run terraform state rm with the address of this resource (or remove the entry), " +
	"and import that one by its UUID; or delete in the CRM those that nobody needs, and apply again. " +
	"If the resource is tainted, run terraform untaint first: else the apply replaces the one that is left."

func idList(ids []client.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return strings.Join(texts, ", ")
}

// adoptions are results of creates by key, an empty one for a single resource.
type adoptions map[string]engine.Result[client.Conversation]

// idInState returns the id that the result of a create gives the state, zero for none:
// what followed the create may have failed.
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

// warnOfAdoption warns of conversations that stand for something whose creation was
// not seen, and of those that may exist twice.
func warnOfAdoption(at path.Path, results adoptions) (diags diag.Diagnostics) {
	var adopted, twins []string
	for _, key := range slices.Sorted(maps.Keys(results)) {
		result, name := results[key], ""
		if key != "" {
			name = fmt.Sprintf("%q: ", key)
		}
		if id := idInState(result); result.Adopted && !id.IsZero() {
			adopted = append(adopted, name+id.String())
		}
		if len(result.Twins) > 0 {
			twins = append(twins, fmt.Sprintf("%s%s, and %s", name, result.Value.ID, idList(result.Twins)))
		}
	}
	if len(adopted) > 0 {
		diags.AddAttributeWarning(at, "Text Message Conversation Adopted",
			"The CRM did not reply to the creation. The provider found a conversation that appeared since and has everything that was sent, and took it for the one it created: "+
				firstOfMany(adopted)+". If it belongs to someone else: run terraform untaint if the resource is tainted, set deletion_policy = \"abandon\", apply, remove it from the configuration, and create another one.")
	}
	if len(twins) > 0 {
		diags.AddAttributeWarning(at, "Text Message Conversation May Exist Twice",
			"The CRM did not reply to the creation, and showed nothing of it for as long as recovery_timeout says, so the provider sent it again. "+
				"Both requests may have been carried out: "+firstOfMany(twins)+". The first of each is in the state. Delete the other one in the CRM if nobody needs it.")
	}
	return diags
}
