package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"
)

// NoFloor stands for an unknown revision, below all others.
const NoFloor int64 = -1

// wholeConversations asks for everything but the messages, with the links as
// whole records, so that it shows which records they link.
func wholeConversations() Query {
	return Query{Expand: relationFields(), LoadOnly: conversationFields}
}

// Get returns one conversation without its messages, also a soft-deleted one.
// [ProblemOf] its error is [NotFound] when there is none.
func (c *Client) Get(ctx context.Context, id ID) (Conversation, error) {
	return c.get(ctx, id, c.conversations.find)
}

// get is Get by way of one of the entity's methods.
func (c *Client) get(ctx context.Context, id ID, find func(context.Context, ID, Query) (Conversation, error)) (Conversation, error) {
	query := wholeConversations()
	query.IncludeDeleted = true
	if c.refused.has(getParameters) {
		query = Query{}
	}
	conversation, err := find(ctx, id, query)
	if isRefusal(err) && !c.refused.has(getParameters) {
		// The vendor's documents disagree on whether a get takes parameters.
		if conversation, err = find(ctx, id, Query{}); err == nil || ProblemOf(err) == NotFound {
			c.refused.add(getParameters)
		}
	}
	if err != nil {
		return conversation, err
	}
	conversation.Messages = nil
	c.seen.claim(conversation.ID)
	return conversation, c.completeRelations(ctx, &conversation)
}

// FetchMany returns those of the conversations that exist, soft-deleted ones
// too, without messages. With an error some may be missing.
//
// floor is a revision that all of them should be above, [NoFloor] where none
// is known: what is newer than it is listed, and whatever the list lacks
// (because the service does not filter by revision, say) is then had in the
// cheaper of two ways, another page or a get for each. So n conversations that
// have just been written cost ⌈n/100⌉ requests.
func (c *Client) FetchMany(ctx context.Context, ids []ID, floor int64) (map[ID]Conversation, error) {
	missing := make(map[ID]bool, len(ids))
	for _, id := range ids {
		missing[id] = true
	}
	found := make(map[ID]Conversation, len(missing))
	if len(missing) > 1 || floor > NoFloor {
		if err := c.fetchPages(ctx, missing, found, floor); err != nil {
			return found, err
		}
	}
	return found, c.fetchEach(ctx, missing, found)
}

// fetchPages moves ids from missing to found, page by page, while that is
// cheaper than a get for each of the missing.
func (c *Client) fetchPages(ctx context.Context, missing map[ID]bool, found map[ID]Conversation, floor int64) error {
	read := 0
	query := wholeConversations()
	query.IncludeDeleted = true
	for page, err := range c.newerThan(ctx, floor, query) {
		if err != nil {
			return err
		}
		if floor > NoFloor && len(page.Records) > 0 {
			c.seen.observe(page.Records)
		}
		for _, conversation := range page.Records {
			if !missing[conversation.ID] {
				continue
			}
			if c.completeRelations(ctx, &conversation) != nil {
				continue // its own get says why, and its neighbours don't suffer
			}
			conversation.Messages = nil
			c.seen.claim(conversation.ID)
			found[conversation.ID] = conversation
			delete(missing, conversation.ID)
		}
		read += len(page.Records)
		pagesLeft := (page.Total - read + MaxPageSize - 1) / MaxPageSize
		if len(missing) <= pagesLeft {
			break
		}
	}
	return nil
}

// fetchEach gets the missing one by one, side by side.
func (c *Client) fetchEach(ctx context.Context, missing map[ID]bool, found map[ID]Conversation) error {
	type answer struct {
		conversation Conversation
		err          error
	}
	answers := make(chan answer, len(missing))
	var group errgroup.Group
	group.SetLimit(cap(c.slots))
	for id := range missing {
		group.Go(func() error {
			conversation, err := c.Get(ctx, id)
			answers <- answer{conversation, err}
			return nil
		})
	}
	_ = group.Wait()
	close(answers)
	var failed error
	for answer := range answers {
		switch {
		case answer.err == nil:
			found[answer.conversation.ID] = answer.conversation
		case ProblemOf(answer.err) != NotFound:
			failed = firstError(failed, answer.err)
		}
	}
	return failed
}

// newerThan returns pages of the conversations with a revision above floor,
// the newest first; without a floor all, oldest first, which no change of
// others reorders. Where the service does not filter by revision, older ones
// come too, until nothing newer can follow.
func (c *Client) newerThan(ctx context.Context, floor int64, query Query) func(yield func(Page[Conversation], error) bool) {
	return func(yield func(Page[Conversation], error) bool) {
		query.OrderBy = []string{"created"}
		if floor > NoFloor {
			query.OrderBy = []string{"-revision"}
			if !c.refused.has(revisionFilter) {
				query.Filters = append(query.Filters, Filter{Field: "revision", Op: "gt", Value: fmt.Sprint(floor)})
			}
		}
		first := true
		for page, err := range c.conversations.pages(ctx, query) {
			if first && isRefusal(err) && len(query.Filters) > 0 {
				c.refused.add(revisionFilter)
				query.Filters = nil
				for page, err := range c.newerThan(ctx, floor, query) {
					if !yield(page, err) {
						return
					}
				}
				return
			}
			first = false
			if !yield(page, err) || err != nil {
				return
			}
			if floor > NoFloor && noneNewerFollow(page.Records, floor) {
				return
			}
		}
	}
}

// noneNewerFollow reports whether the page came newest first, as ordered, and
// ends at or below floor.
func noneNewerFollow(records []Conversation, floor int64) bool {
	newestFirst := slices.IsSortedFunc(records, func(a, b Conversation) int { return cmp.Compare(b.Revision, a.Revision) })
	return newestFirst && len(records) > 0 && records[len(records)-1].Revision <= floor
}

// completeRelations reads the links that a reply shows as URIs only.
func (c *Client) completeRelations(ctx context.Context, conversation *Conversation) error {
	missing := func(ref Ref[Relation]) bool { return ref.Record == nil }
	bare := slices.ContainsFunc(RelationKinds, func(kind RelationKind) bool {
		return slices.ContainsFunc(*kind.Refs(conversation), missing)
	})
	relations := map[ID]*Relation{}
	if bare {
		filter := Filter{Field: "text_message_conversation_id", Value: conversation.ID.String()}
		for relation, err := range c.relations.All(ctx, Query{Filters: []Filter{filter}}) {
			if err != nil {
				return err
			}
			relations[relation.ID] = &relation
		}
	}
	for _, kind := range RelationKinds {
		refs := *kind.Refs(conversation)
		for i := range refs {
			if refs[i].Record == nil {
				refs[i].Record = relations[refs[i].ID]
			}
			if refs[i].ID.IsZero() || refs[i].Record == nil || kind.linked(refs[i].Record).IsZero() {
				return &ReplyError{HTTPStatus: http.StatusOK, Reason: fmt.Sprintf("does not show which record is linked by %s of the conversation %s", kind.Field, conversation.ID), Snippet: refs[i].ID.String()}
			}
		}
	}
	return nil
}

// isRefusal reports whether the service found fault with the request itself.
func isRefusal(err error) bool {
	var apiError *APIError
	return errors.As(err, &apiError) && apiError.problem() == Refused
}

// OfPhone returns all conversations of a phone, without messages.
func (c *Client) OfPhone(ctx context.Context, phone ID) ([]Conversation, error) {
	query := wholeConversations()
	query.OrderBy = []string{"created"}
	query.Filters = []Filter{{Field: "phone_id", Value: phone.String()}}
	var found []Conversation
	for conversation, err := range c.conversations.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		if conversation.PhoneID != phone {
			continue // the filter was not honoured
		}
		if err := c.completeRelations(ctx, &conversation); err != nil {
			return nil, err
		}
		conversation.Messages = nil
		found = append(found, conversation)
	}
	return found, nil
}
