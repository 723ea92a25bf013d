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
	conversation.Messages, conversation.AsOf = nil, conversation.Revision
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
	f := newFetching(c, ids, floor)
	if len(f.missing) > 1 || len(f.missing) == 1 && floor > NoFloor {
		if err := f.pages(ctx); err != nil {
			return f.found, err
		}
	}
	return f.found, f.each(ctx)
}

// A fetching is on its way to read many conversations.
type fetching struct {
	client  *Client
	floor   int64
	missing map[ID]bool
	found   map[ID]Conversation
	asOf    int64 // of whatever is read from now on
}

func newFetching(c *Client, ids []ID, floor int64) *fetching {
	f := &fetching{client: c, floor: floor, asOf: floor, missing: make(map[ID]bool, len(ids)), found: make(map[ID]Conversation, len(ids))}
	for _, id := range ids {
		f.missing[id] = true
	}
	return f
}

// pages moves ids from missing to found, page by page, while that is cheaper
// than a get for each of the missing.
func (f *fetching) pages(ctx context.Context) error {
	query := wholeConversations()
	query.IncludeDeleted = true
	read := 0
	for page, err := range f.client.newerThan(ctx, f.floor, query) {
		if err != nil {
			return err
		}
		if f.floor > NoFloor && len(page.Records) > 0 {
			f.client.seen.observe(page.Records)
		}
		if read == 0 {
			f.asOf = max(f.asOf, newest(page.Records))
		}
		for _, conversation := range page.Records {
			f.take(ctx, conversation)
		}
		read += len(page.Records)
		pagesLeft := (page.Total - read + MaxPageSize - 1) / MaxPageSize
		if len(f.missing) <= pagesLeft {
			break
		}
	}
	return nil
}

func newest(records []Conversation) int64 {
	revision := NoFloor
	for _, record := range records {
		revision = max(revision, record.Revision)
	}
	return revision
}

// take moves a listed conversation to found, if it is one of the missing.
func (f *fetching) take(ctx context.Context, conversation Conversation) {
	if !f.missing[conversation.ID] || f.client.completeRelations(ctx, &conversation) != nil {
		return // its own get says why, and its neighbours don't suffer
	}
	conversation.Messages, conversation.AsOf = nil, f.asOf
	f.client.seen.claim(conversation.ID)
	f.found[conversation.ID] = conversation
	delete(f.missing, conversation.ID)
}

// each gets the missing one by one, side by side.
func (f *fetching) each(ctx context.Context) error {
	type answer struct {
		conversation Conversation
		err          error
	}
	answers := make(chan answer, len(f.missing))
	var group errgroup.Group
	group.SetLimit(cap(f.client.slots))
	for id := range f.missing {
		group.Go(func() error {
			conversation, err := f.client.Get(ctx, id)
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
			answer.conversation.AsOf = max(answer.conversation.AsOf, f.asOf)
			f.found[answer.conversation.ID] = answer.conversation
		case ProblemOf(answer.err) != NotFound:
			failed = firstError(failed, answer.err)
		}
	}
	return failed
}

// newerThan returns pages of the conversations with a revision above floor (all
// without one), the newest first. Where the service does not filter by
// revision, older ones come too, until nothing newer can follow. What changes
// meanwhile may be missing: it has moved to a page that was there before.
func (c *Client) newerThan(ctx context.Context, floor int64, query Query) func(yield func(Page[Conversation], error) bool) {
	return func(yield func(Page[Conversation], error) bool) {
		query.OrderBy = []string{"-revision"}
		if floor > NoFloor && !c.refused.has(revisionFilter) {
			query.Filters = append(query.Filters, Filter{Field: "revision", Op: "gt", Value: fmt.Sprint(floor)})
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
