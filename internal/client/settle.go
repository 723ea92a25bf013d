package client

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// lookAgain is how long a request whose reply got lost may still be at
	// work in the service before what it has not done counts as not done.
	lookAgain = time.Second

	// clockSkew is how far the clocks of the service's machines may be apart.
	clockSkew = 5 * time.Second
)

// settle looks, that many times, which of the items have been carried out by a
// request that did not say, sets their results, and returns the others. Creates are
// recognized among the conversations that are newer than anything that was
// known before the request and belong to no one else; updates by what they set.
//
// An error, which holds the lost request's, means that this could not be found
// out for the items that are returned with it.
func (w *writing) settle(ctx context.Context, items []int, lost error, looks int) ([]int, error) {
	// Others may be creating the same: what they create must be theirs first.
	w.client.seen.creating.Lock()
	defer w.client.seen.creating.Unlock()
	for look := range looks {
		if look > 0 {
			select {
			case <-time.After(lookAgain):
			case <-ctx.Done():
				return items, context.Cause(ctx)
			}
		}
		newer, err := w.newer(ctx)
		if err != nil {
			return items, &OutcomeUnknownError{Err: fmt.Errorf("%w; looking for what it did failed too: %w", lost, err)}
		}
		if items = w.adopt(items, newer); len(items) == 0 {
			break
		}
	}
	return items, nil
}

// newer returns the conversations that have changed since before the items
// were sent.
func (w *writing) newer(ctx context.Context) ([]Conversation, error) {
	floor := w.before.revision
	for _, input := range w.inputs {
		if revision, update := input.Revision.Get(); update && (floor == NoFloor || revision < floor) {
			floor = revision
		}
	}
	var newer []Conversation
	for page, err := range w.client.newerThan(ctx, floor, wholeConversations()) {
		if err != nil {
			return nil, err
		}
		for _, conversation := range page.Records {
			if conversation.Revision <= floor {
				continue
			}
			if err := w.client.completeRelations(ctx, &conversation); err != nil {
				return nil, err
			}
			newer = append(newer, conversation)
		}
	}
	return newer, nil
}

// adopt sets the results of the items that are among the newer conversations,
// and returns the other items. Those that agree in everything that was sent
// come before those that agree in phone and number only, which still are ours:
// the service may have changed what was sent.
func (w *writing) adopt(items []int, newer []Conversation) []int {
	for _, same := range []func(ConversationInput, Conversation) bool{agrees, agreesInNumber} {
		items = slices.DeleteFunc(slices.Clone(items), func(i int) bool {
			for _, conversation := range newer {
				if w.isResult(i, conversation) && same(w.inputs[i], conversation) && (w.isUpdate(i) || w.client.seen.claim(conversation.ID)) {
					w.results[i] = Result[Conversation]{Value: Conversation{ID: conversation.ID}}
					return true
				}
			}
			return false
		})
	}
	return items
}

func (w *writing) isUpdate(i int) bool { return !w.inputs[i].ID.IsZero() }

// isResult reports whether the conversation may be what came of the item: the
// one that it updates, or one that nobody has known before.
func (w *writing) isResult(i int, conversation Conversation) bool {
	if id, update := w.inputs[i].ID.Get(); update {
		return conversation.ID == id && agrees(w.inputs[i], conversation)
	}
	return !w.client.seen.isMine(conversation.ID) &&
		conversation.Revision > w.before.revision &&
		conversation.Created.After(w.before.at.Add(-clockSkew))
}

// agreesInNumber reports whether the conversation has the phone and the
// recipient's number of the input.
func agreesInNumber(input ConversationInput, conversation Conversation) bool {
	phone, _ := input.PhoneID.Get()
	number, _ := input.RecipientPhoneNumber.Get()
	return phone == conversation.PhoneID && SamePhoneNumber(number, conversation.RecipientPhoneNumber)
}

// agrees reports whether the conversation has everything that the input sets.
func agrees(input ConversationInput, conversation Conversation) bool {
	if !fieldAgrees(input.PhoneID, conversation.PhoneID) ||
		!fieldAgrees(input.RecipientAccountID, conversation.RecipientAccountID) ||
		!fieldAgrees(input.RecipientContactID, conversation.RecipientContactID) {
		return false
	}
	if number, set := input.RecipientPhoneNumber.Get(); set && !SamePhoneNumber(number, conversation.RecipientPhoneNumber) {
		return false
	}
	for _, kind := range RelationKinds {
		if wanted, set := kind.Input(&input).Get(); set && !linksAgree(wanted, kind.Linked(&conversation)) {
			return false
		}
	}
	return true
}

// fieldAgrees reports whether the field is absent, or is what the record has,
// whose zero is null.
func fieldAgrees(field Field[ID], has ID) bool {
	if field.IsZero() {
		return true
	}
	value, _ := field.Get()
	return value == has
}

func linksAgree(wanted []RelationInput, has []ID) bool {
	targets := make(map[ID]bool, len(wanted))
	for _, item := range wanted {
		targets[item.target()] = true
	}
	links := make(map[ID]bool, len(has))
	for _, id := range has {
		links[id] = true
		if !targets[id] {
			return false
		}
	}
	return len(links) == len(targets)
}
