package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// What is here looks for records that nobody has told of before. It asks the
// service each time, and claims nothing: what is found may be what came of
// someone's lost create.

// A Record is a record of any entity, as the service shows it.
type Record struct {
	ID   ID
	JSON json.RawMessage // an object
}

func (r Record) recordID() ID { return r.ID }

// The rest is of interest for records that are written only.
func (Record) deleted() bool   { return false }
func (Record) protected() bool { return false }
func (Record) changed() int64  { return 0 }

// UnmarshalJSON keeps the record, and reads its id.
func (r *Record) UnmarshalJSON(data []byte) error {
	var head struct {
		ID ID `json:"id"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	r.ID, r.JSON = head.ID, append(r.JSON[:0:0], data...)
	return nil
}

// Records are the plain operations on the records of an entity, named by its
// path segment, such as "Phones".
func (c *Client) Records(segment string) *Entity[Record, struct{}] {
	return &Entity[Record, struct{}]{client: c, segment: segment}
}

// IsUnknownEntity reports whether the service knows no entity of that name.
func IsUnknownEntity(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.Code == codeUnknownType
}

// Some returns the first matches, each once, at most limit of them; 0: all. It
// reads no page more than it needs.
func (e *Entity[T, In]) Some(ctx context.Context, query Query, limit int) ([]T, error) {
	return collect(e.some(ctx, query, limit))
}

// some is [Entity.Some], one by one. It ends with the first error.
func (e *Entity[T, In]) some(ctx context.Context, query Query, limit int) iter.Seq2[T, error] {
	if limit > 0 {
		query.First = min(limit, MaxPageSize)
	}
	return func(yield func(T, error) bool) {
		count := 0
		for record, err := range e.All(ctx, query) {
			count++
			if !yield(record, err) || err != nil || count == limit {
				return
			}
		}
	}
}

// collect returns all, or the first error.
func collect[T any](records iter.Seq2[T, error]) ([]T, error) {
	var found []T
	for record, err := range records {
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, nil
}

// Find returns the first conversations that match, at most limit of them; 0:
// all. They come without messages; what the query says of fields is not heeded.
func (c *Client) Find(ctx context.Context, query Query, limit int) ([]Conversation, error) {
	return collect(c.EachFound(ctx, query, limit))
}

// EachFound is [Client.Find], one by one: the next page is read when the one
// before has been taken. It ends with the first error.
func (c *Client) EachFound(ctx context.Context, query Query, limit int) iter.Seq2[Conversation, error] {
	whole := wholeConversations()
	query.Expand, query.LoadOnly = whole.Expand, whole.LoadOnly
	return func(yield func(Conversation, error) bool) {
		for found, err := range c.Conversations.Entity.some(ctx, query, limit) {
			if err == nil {
				err = c.complete(ctx, query, &found)
			}
			if !yield(found, err) || err != nil {
				return
			}
		}
	}
}

// complete makes what a query has found a whole conversation, without messages.
func (c *Client) complete(ctx context.Context, query Query, found *Conversation) error {
	if !honoursRevision(query.Filters, found.Revision) {
		return fmt.Errorf("it does not heed the filter on revision: the conversation %s has the revision %d", found.ID, found.Revision)
	}
	found.Messages = nil
	return c.completeRelations(ctx, found)
}

// OfNumber returns the conversations of a phone with a number, in whatever
// spelling, without messages and without those that are soft-deleted. As no
// filter knows of spellings, it reads all conversations of the phone.
func (c *Client) OfNumber(ctx context.Context, phone ID, number string) ([]Conversation, error) {
	query := wholeConversations()
	query.OrderBy = []string{"created"}
	query.Filters = []Filter{{Field: "phone_id", Value: phone.String()}}
	wanted := c.numbers.Canonical(number)
	var found []Conversation
	for conversation, err := range c.Conversations.Entity.All(ctx, query) {
		if err != nil {
			return nil, err
		}
		if conversation.PhoneID != phone || conversation.IsDeleted || c.numbers.Canonical(conversation.RecipientPhoneNumber) != wanted {
			continue
		}
		if err := c.completeRelations(ctx, &conversation); err != nil {
			return nil, err
		}
		conversation.Messages = nil
		found = append(found, conversation)
	}
	return found, nil
}

// honoursRevision reports whether a conversation with this revision can be what
// the filters ask for: no document says that the service filters by revision.
func honoursRevision(filters []Filter, revision int64) bool {
	for _, filter := range filters {
		if filter.Field != "revision" {
			continue
		}
		var bounds []int64
		for text := range strings.SplitSeq(filter.Value, ",") {
			bound, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return true // the service's to judge
			}
			bounds = append(bounds, bound)
		}
		if !compares(filter.Op, revision, bounds) {
			return false
		}
	}
	return true
}

func compares(op string, revision int64, bounds []int64) bool {
	switch first, last := bounds[0], bounds[len(bounds)-1]; op {
	case "", "eq":
		return revision == first
	case "not-eq":
		return revision != first
	case "gt":
		return revision > first
	case "gte":
		return revision >= first
	case "lt":
		return revision < first
	case "lte":
		return revision <= first
	case "between":
		return first <= revision && revision <= last
	}
	return true
}
