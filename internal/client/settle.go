package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
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
	for look := 0; look < looks && len(items) > 0; look++ {
		if look > 0 {
			select {
			case <-time.After(lookAgain):
			case <-ctx.Done():
				return items, context.Cause(ctx)
			}
		}
		left, err := w.lookPatiently(ctx, items)
		if err != nil {
			if earlier, ok := errors.AsType[*OutcomeUnknownError](lost); ok {
				lost = earlier.Err // the new one says the same
			}
			since := w.sinceAny(slices.DeleteFunc(slices.Clone(items), w.isUpdate))
			return items, &OutcomeUnknownError{Err: fmt.Errorf("%w; looking for what it did failed too: %w", lost, err), Since: &since}
		}
		items = left
	}
	return items, nil
}

// lookPatiently is look, again and again for as long as a request may take,
// where the service can't be reached or is out of order.
func (w *writing) lookPatiently(ctx context.Context, items []int) ([]int, error) {
	return backoff.Retry(ctx, func() ([]int, error) {
		left, err := w.look(ctx, items)
		switch ProblemOf(err) {
		case Unreachable, UnexpectedReply, Other:
			return left, err
		}
		if err != nil {
			return left, backoff.Permanent(err)
		}
		return left, nil
	}, backoff.WithMaxElapsedTime(w.client.config.RequestTimeout))
}

// adoptEarlier looks for what earlier attempts at creates have come to, and
// adopts it. Where that can't be seen, nothing must be created.
func (w *writing) adoptEarlier(ctx context.Context) {
	items := slices.DeleteFunc(w.all(), func(i int) bool { return w.inputs[i].Since == nil })
	if len(items) == 0 {
		return
	}
	left, err := w.look(ctx, items)
	if err == nil {
		return
	}
	for _, i := range left {
		w.results[i].Err = &OutcomeUnknownError{Err: fmt.Errorf("looking for what an earlier attempt did failed: %w", err), Since: w.inputs[i].Since}
	}
}

// since returns a moment before anything can have come of the item.
func (w *writing) since(i int) Moment {
	input := w.inputs[i]
	if revision, update := input.Revision.Get(); update {
		return Moment{Revision: revision}
	}
	if input.Since != nil {
		return *input.Since
	}
	return w.before
}

// sinceAny returns the earliest moment of any of the items.
func (w *writing) sinceAny(items []int) Moment {
	earliest := Moment{Revision: math.MaxInt64}
	for _, i := range items {
		if since := w.since(i); since.Revision < earliest.Revision {
			earliest = since
		}
	}
	return earliest
}

// look is one look of settle.
func (w *writing) look(ctx context.Context, items []int) ([]int, error) {
	// Others may be creating the same: what they create must be theirs first.
	if err := w.client.seen.creating.Acquire(ctx, everyone); err != nil {
		return items, context.Cause(ctx)
	}
	defer w.client.seen.creating.Release(everyone)
	candidates, err := w.candidates(ctx, items)
	if err != nil {
		return items, err
	}
	return w.adopt(items, candidates), nil
}

// candidates returns the conversations that have changed since before the items
// were sent, and that may be what came of one of them.
func (w *writing) candidates(ctx context.Context, items []int) ([]Conversation, error) {
	floor := w.sinceAny(items).Revision
	var candidates []Conversation
	for page, err := range w.client.newerThan(ctx, floor, wholeConversations()) {
		if err != nil {
			return nil, err
		}
		for _, conversation := range page.Records {
			isOne := func(i int) bool { return w.isResult(i, conversation) }
			if conversation.Revision <= floor || !slices.ContainsFunc(items, isOne) {
				continue
			}
			if err := w.client.completeRelations(ctx, &conversation); err != nil {
				return nil, err
			}
			candidates = append(candidates, conversation)
		}
	}
	// The older one is, the fewer requests can have created it: a request that
	// takes the oldest leaves the others to those that can't have created it.
	slices.SortFunc(candidates, func(a, b Conversation) int {
		return cmp.Or(a.Created.Compare(b.Created.Time), cmp.Compare(a.Revision, b.Revision))
	})
	return candidates, nil
}

// adopt sets the results of the items that are among the candidates, and returns
// the other items. Creates that agree in everything that was sent come before
// those that agree in phone and number only, which still are ours: the service
// may have changed what was sent.
func (w *writing) adopt(items []int, candidates []Conversation) []int {
	for _, same := range []func(ConversationInput, Conversation) bool{agrees, agreesInNumber} {
		items = slices.DeleteFunc(slices.Clone(items), func(i int) bool {
			for _, conversation := range candidates {
				switch {
				case !w.isResult(i, conversation):
				case w.isUpdate(i) && !agrees(w.inputs[i], conversation):
					// Others may have changed it since, and its links may be there
					// all the same: none is made twice.
					w.bringUpToDate(i, conversation)
					return w.results[i].Err != nil
				case w.isUpdate(i) || same(w.inputs[i], conversation) && w.client.seen.claim(conversation.ID):
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
// one that it updates, or one of its phone and number that nobody has known
// before.
func (w *writing) isResult(i int, conversation Conversation) bool {
	if id, update := w.inputs[i].ID.Get(); update {
		return conversation.ID == id
	}
	return agreesInNumber(w.inputs[i], conversation) &&
		!w.client.seen.isMine(conversation.ID) &&
		conversation.Revision > w.since(i).Revision &&
		conversation.Created.After(w.since(i).At.Add(-clockSkew))
}

// agreesInNumber reports whether the conversation has the phone and the
// recipient's number of the input.
func agreesInNumber(input ConversationInput, conversation Conversation) bool {
	phone, _ := input.PhoneID.Get()
	number, _ := input.RecipientPhoneNumber.Get()
	return phone == conversation.PhoneID && SamePhoneNumber(number, conversation.RecipientPhoneNumber)
}

// agrees reports whether the conversation has everything that the input sets.
// Links that an update should have removed don't matter: the read-back removes
// those that a service which merges arrays has kept.
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
		if wanted, set := kind.Input(&input).Get(); set && !linksAgree(wanted, kind.Linked(&conversation), !input.ID.IsZero()) {
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

func linksAgree(wanted []RelationInput, has []ID, orMore bool) bool {
	targets := make(map[ID]bool, len(wanted))
	for _, item := range wanted {
		targets[item.target()] = true
		if !slices.Contains(has, item.target()) {
			return false
		}
	}
	return orMore || !slices.ContainsFunc(has, func(id ID) bool { return !targets[id] })
}
