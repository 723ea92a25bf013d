package provider

import (
	"context"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"golang.org/x/sync/semaphore"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

func adoptExistingAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to adopt a conversation that the CRM already has for the same phone and number, instead of creating another one. Default `false`. " +
			"An adopted conversation gets what the configuration declares, and keeps everything else. The plan warns and names it. " +
			"Several such conversations, or one that Terraform already manages, are an error. The lookup costs one request for each 100 conversations of the phone, " +
			"in the plan and in the apply. A tainted resource doesn't adopt its own conversation: the apply deletes it and creates another one. " +
			"To keep it, run `terraform untaint`.",
	}
}

// existing tracks the conversations that adopt_existing may adopt, for one run of the provider. Names with "existing"
// refer to these conversations. Elsewhere, "adopt" means that the engine adopts a record for a lost create.
//
// An apply does not see resources without changes. So only a plan can find out that one of them manages a
// conversation, and reports that as an error. If two new resources declare the same conversation, both plans succeed,
// and the apply of the second one fails. The second plan can't fail, because it may be another plan of the same
// resource: newer versions of "terraform test" use one run for all their plans and applies.
type existing struct {
	mu      sync.Mutex
	phones  map[client.ID]*phoneConversations
	read    map[client.ID]bool              // in the state of a resource, as a refresh has found
	stated  map[client.ID]bool              // in the state that a resource was planned with
	planned map[client.ID]conversationModel // what a planned resource will make of them
	adopted map[client.ID]bool              // that this apply has adopted
	deleted map[client.ID]bool              // that this apply deletes
}

// phoneConversations are the conversations of one phone, listed once. Only the holder of the turn may use them.
type phoneConversations struct {
	turn   *semaphore.Weighted
	listed map[engine.Identity][]client.Conversation // nil until listed
	bare   map[string][]client.Conversation          // those whose number does not show its country, by its digits
	failed engine.RecentError                        // of the list
}

// refreshed notes the conversations that a refresh has found in the state of a resource, and forgets the adoptions of
// an earlier apply. It skips a tainted resource, which is about to lose its conversations: Terraform plans it as new,
// without its state.
func (e *existing) refreshed(ids ...client.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		delete(e.adopted, id)
		note(&e.read, id, true)
	}
}

// inState notes the conversations in the state that a resource is planned with, and returns those
// that another planned resource will adopt.
func (e *existing) inState(ids ...client.ID) (clashes []client.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		if _, isPlanned := e.planned[id]; isPlanned {
			clashes = append(clashes, id)
		}
		note(&e.stated, id, true)
	}
	return clashes
}

// release takes back the note of an adoption that has failed.
func (e *existing) release(id client.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.adopted, id)
}

// beginDelete notes that this run deletes a conversation, so that no resource adopts it any more. It returns false if
// a resource has already adopted the conversation, which must stay then.
func (e *existing) beginDelete(id client.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.adopted[id] {
		return false
	}
	note(&e.deleted, id, true)
	return true
}

// abandon notes that a conversation is no longer in the state of a resource.
func (e *existing) abandon(id client.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.read, id)
	delete(e.stated, id)
}

// keepUnlessAdopted notes that a conversation stays in the state, although the plan removes it. It returns false if
// another resource has adopted it in the meantime.
func (e *existing) keepUnlessAdopted(id client.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.adopted[id] {
		return false
	}
	delete(e.deleted, id)
	note(&e.stated, id, true)
	return true
}

// An existingStep is the step in which a resource looks for an existing conversation.
type existingStep int

const (
	whilePlanning existingStep = iota
	whileApplying
)

// find returns the conversation that a create adopts, or nil. own are the conversations in the resource's own state.
// It returns an *existingError if no conversation can be adopted. It also returns one if the conversation is in the
// state of a resource that is about to lose it or is planned later. The plan then continues as if the conversation
// did not exist.
func (e *existing) find(ctx context.Context, api *engine.Engine, n numbers, m conversationModel, own map[client.ID]*ownedModel, step existingStep) (*client.Conversation, error) {
	number := textOf(m.RecipientPhoneNumber)
	listed, err := e.of(ctx, api, n, reference(m.PhoneID), number)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var free []client.Conversation
	var leaving error
	for _, conversation := range listed {
		switch id := conversation.ID; {
		case own[id] != nil, e.deleted[id]:
		case e.stated[id], step == whilePlanning && e.isPlannedByAnother(id, m), e.adopted[id]:
			return nil, &existingError{managed: true, ids: []client.ID{id}}
		case step == whilePlanning && e.read[id]:
			note(&e.planned, id, m) // if its resource is planned with it after all, that is an error there
			leaving = &existingError{leaving: true, ids: []client.ID{id}}
		default:
			free = append(free, conversation)
		}
	}
	switch len(free) {
	case 0:
		return nil, leaving
	case 1:
		if step == whileApplying {
			if taken, doubted := api.Conversations.Claim("", free[0].ID); len(taken)+len(doubted) > 0 { // for a lost create
				return nil, &existingError{managed: true, ids: []client.ID{free[0].ID}}
			}
		}
		if step == whilePlanning {
			note(&e.planned, free[0].ID, m)
		} else {
			delete(e.planned, free[0].ID)
			note(&e.adopted, free[0].ID, true)
			var declared client.ConversationInput
			declared.RecipientPhoneNumber = client.Value(number)
			n.remember(declared, free[0].ID, free[0].RecipientPhoneNumber)
		}
		return &free[0], nil
	}
	return nil, &existingError{ids: idsOf(free)}
}

// isPlannedByAnother reports whether another planned resource with a different declaration will adopt the
// conversation. A resource with the same declaration may be this one, planned again by the apply, which may know
// more, or by another run block of "terraform test". If it is a different resource, the apply of the second one
// fails.
func (e *existing) isPlannedByAnother(id client.ID, m conversationModel) bool {
	before, isPlanned := e.planned[id]
	return isPlanned && slices.ContainsFunc(configurableFields, func(field conversationField) bool {
		a, b := field.get(&before), field.get(&m)
		return !a.IsUnknown() && !b.IsUnknown() && !a.Equal(b)
	})
}

// of returns the conversations of a phone with a number that existed when the phone was first listed. It skips
// conversations that this run has created. If there is none, it returns those with another form of the number, as
// [client.PhoneNumbers.IsFormOf] defines it.
func (e *existing) of(ctx context.Context, api *engine.Engine, n numbers, place client.ID, number string) ([]client.Conversation, error) {
	e.mu.Lock()
	phone := e.phones[place]
	if phone == nil {
		phone = &phoneConversations{turn: semaphore.NewWeighted(1)}
		note(&e.phones, place, phone)
	}
	e.mu.Unlock()
	if err := phone.turn.Acquire(ctx, 1); err != nil {
		return nil, context.Cause(ctx)
	}
	defer phone.turn.Release(1)
	if phone.listed == nil {
		var found []client.Conversation
		err := phone.failed.Try(ctx, func() (err error) {
			found, err = api.OfPhoneBefore(ctx, place)
			return err
		}, func(error) bool { return true })
		if err != nil {
			return nil, err
		}
		phone.listed = make(map[engine.Identity][]client.Conversation, len(found))
		for _, conversation := range found {
			of := n.identity(conversation.PhoneID, conversation.RecipientPhoneNumber)
			phone.listed[of] = append(phone.listed[of], conversation)
			if number := conversation.RecipientPhoneNumber; n.IsBare(number) {
				note(&phone.bare, n.BareForm(number), append(phone.bare[n.BareForm(number)], conversation))
			}
		}
	}
	if same := phone.listed[n.identity(place, number)]; len(same) > 0 {
		return same, nil
	}
	if number = client.WithPlus(number); n.IsBare(number) {
		return nil, nil
	}
	if same := phone.listed[n.identity(place, number)]; len(same) > 0 {
		return same, nil
	}
	if form := n.BareForm(number); form != "" {
		return phone.bare[form], nil
	}
	return nil, nil
}

// mayExist reports whether the CRM may already have a new conversation. The answer requires a known phone and a known
// number.
func (m conversationModel) mayExist() bool {
	return isKnown(m.PhoneID) && isKnown(m.RecipientPhoneNumber) && !reference(m.PhoneID).IsZero()
}

// isBlind reports whether only the apply can look for an existing conversation, because the plan does not know the
// phone or the number.
func (m conversationModel) isBlind() bool {
	return (m.PhoneID.IsUnknown() || m.RecipientPhoneNumber.IsUnknown()) && !m.PhoneID.IsNull() && !m.RecipientPhoneNumber.IsNull()
}

// An existingError says why existing conversations can't be adopted.
type existingError struct {
	managed bool // by another resource; otherwise there are several
	owned   bool // by the resource with the error: another one plans to adopt it
	leaving bool // it is in the state of a resource that is about to lose it, because it is tainted, or that is planned later
	ids     []client.ID
}

func (e *existingError) Error() string {
	if e.managed {
		return "a resource of this configuration already manages or adopts the conversation " + idList(e.ids)
	}
	return "several conversations have this phone and number: " + idList(e.ids)
}
