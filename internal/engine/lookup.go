package engine

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Find and the other functions of this file look for records that the engine does not
// know. They ask the service each time and claim nothing: a record that they find may be
// the result of a lost create.

// Find returns the first conversations that match, at most limit of them. If limit is 0,
// it returns all. They come without messages. The query's Expand and LoadOnly have no
// effect.
//
// GET /entities/TextMessageConversations
func (e *Engine) Find(ctx context.Context, query client.Query, limit int) ([]client.Conversation, error) {
	return client.Collect(e.EachFound(ctx, query, limit))
}

// EachFound returns the conversations of [Engine.Find] one by one. It reads the next page
// when the caller has taken the one before. It ends with the first error.
//
// GET /entities/TextMessageConversations
func (e *Engine) EachFound(ctx context.Context, query client.Query, limit int) iter.Seq2[client.Conversation, error] {
	query.Expand, query.LoadOnly = e.Conversations.whole.Expand, e.Conversations.whole.LoadOnly
	return func(yield func(client.Conversation, error) bool) {
		for found, err := range e.api.Conversations.Each(ctx, query, limit) {
			switch {
			case err != nil:
			case !honoursRevision(query.Filters, found.Revision):
				err = fmt.Errorf("the service ignores the filter on revision: it found the conversation %s, which has "+
					"the revision %d", found.ID, found.Revision)
			default:
				err = e.completeConversation(ctx, &found)
			}
			if !yield(found, err) || err != nil {
				return
			}
		}
	}
}

// OfPhone returns all conversations of a phone, without messages.
//
// GET /entities/TextMessageConversations
func (e *Engine) OfPhone(ctx context.Context, phone client.ID) ([]client.Conversation, error) {
	return e.ofPhone(ctx, phone, func(client.Conversation) bool { return true })
}

// OfPhoneBefore returns the conversations of a phone like [Engine.OfPhone], without those that are soft-deleted or
// that this engine has created. No create is under way while it reads. If the space shows less than its user has seen
// of it, the error is a *BehindError.
//
// GET /entities/TextMessageConversations
func (e *Engine) OfPhoneBefore(ctx context.Context, phone client.ID) ([]client.Conversation, error) {
	if err := e.claims.creating.Acquire(ctx, everyone); err != nil {
		return nil, context.Cause(ctx)
	}
	defer e.claims.creating.Release(everyone)
	if _, err := e.caughtUp(ctx); err != nil {
		return nil, err
	}
	return e.ofPhone(ctx, phone, func(c client.Conversation) bool { return !c.IsDeleted && e.claims.of(c.ID).origin < created })
}

// OfNumber returns the conversations of a phone with a number in any spelling, without messages and without
// soft-deleted conversations. If there is none, it returns those with another form of the number, such as its digits
// without +. It reads all conversations of the phone, because a filter finds a number only in the same
// spelling.
//
// GET /entities/TextMessageConversations
func (e *Engine) OfNumber(ctx context.Context, phone client.ID, number string) ([]client.Conversation, error) {
	wanted := e.numbers.Canonical(number)
	isSame := func(c client.Conversation) bool { return e.numbers.Canonical(c.RecipientPhoneNumber) == wanted }
	found, err := e.ofPhone(ctx, phone, func(c client.Conversation) bool {
		return !c.IsDeleted && (isSame(c) || e.numbers.IsFormOf(number, c.RecipientPhoneNumber))
	})
	if slices.ContainsFunc(found, isSame) {
		found = only(found, isSame)
	}
	return found, err
}

func (e *Engine) ofPhone(ctx context.Context, phone client.ID, fits func(client.Conversation) bool) ([]client.Conversation, error) {
	query := e.Conversations.whole
	query.OrderBy = []string{"created"}
	query.Filters = []client.Filter{{Field: "phone_id", Value: phone.String()}}
	var found []client.Conversation
	for conversation, err := range e.api.Conversations.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		if conversation.PhoneID.IsZero() {
			return nil, withoutPlace(conversation.ID)
		}
		if conversation.PhoneID != phone || !fits(conversation) {
			continue // the service may ignore the filter
		}
		if err := e.completeConversation(ctx, &conversation); err != nil {
			return nil, err
		}
		found = append(found, conversation)
	}
	return found, nil
}

// honoursRevision reports whether a conversation with this revision can match the filters.
// No document says that the service filters by revision.
func honoursRevision(filters []client.Filter, revision int64) bool {
	return !slices.ContainsFunc(filters, func(f client.Filter) bool { return f.Field == "revision" && excludes(f.Op, f.Value, revision) })
}

// signs contains the results of comparing a revision with the value of a filter for which the operator holds.
var signs = map[string][]int{"": {0}, "eq": {0}, "not-eq": {-1, 1}, "gt": {1}, "gte": {0, 1}, "lt": {-1}, "lte": {-1, 0}}

// excludes reports whether a revision can't match a filter. If the value is no revision, the service
// judges it.
func excludes(op, value string, revision int64) bool {
	if first, last, isRange := strings.Cut(value, ","); op == "between" && isRange {
		return excludes("gte", first, revision) || excludes("lte", last, revision)
	}
	bound, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	holds, isKnown := signs[op]
	return err == nil && isKnown && !slices.Contains(holds, cmp.Compare(revision, bound))
}
