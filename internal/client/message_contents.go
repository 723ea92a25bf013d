package client

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
)

// Lists show no contents: they are full of other people's. What is here decides
// of which messages the contents are got, one by one.

// stubFields are what a list of messages shows.
var stubFields = []string{
	"id", "revision", "text_message_conversation_id", "is_deleted", "is_delete_protected",
}

// IsStub reports whether the message lacks all but what a list shows: its caller
// knows the rest, or does not own it.
func (m Message) IsStub() bool { return m.Content == "" && m.Direction == 0 }

// contents are what the caller knows of the contents of messages.
type contents struct {
	mu     sync.Mutex
	readAt map[ID]int64 // the revision at which it has read a message
}

// notOwned stands in the place of a revision: the content is somebody else's.
const notOwned = math.MaxInt64

// OwnMessages tells the client of messages that its caller owns, each with the
// revision at which the caller has read it, [NoFloor] where it has not. As long as
// a message has that revision, it is returned as a stub.
func (c *Client) OwnMessages(readAt map[ID]int64) {
	c.Messages.Known(slices.Collect(maps.Keys(readAt)))
	c.contents.mu.Lock()
	defer c.contents.mu.Unlock()
	if c.contents.readAt == nil {
		c.contents.readAt = map[ID]int64{}
	}
	maps.Copy(c.contents.readAt, readAt)
}

// ReferToMessages tells the client of messages that its caller refers to and, as
// far as the client knows, does not own. They are returned as stubs.
func (c *Client) ReferToMessages(ids []ID) {
	others := map[ID]int64{}
	for _, id := range ids {
		if _, isKnown := c.contents.of(id); !isKnown {
			others[id] = notOwned
		}
	}
	c.OwnMessages(others)
}

func (c *contents) of(id ID) (readAt int64, isKnown bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	readAt, isKnown = c.readAt[id]
	return readAt, isKnown
}

// suffices reports whether nothing of the message needs to be got any more.
func (c *contents) suffices(m Message) bool {
	readAt, isKnown := c.of(m.ID)
	return !m.IsStub() || isKnown && (readAt == notOwned || m.Revision > 0 && readAt == m.Revision)
}

// mayBeListed reports whether a list of what is newer than floor can show all
// that is needed of the message.
func (c *contents) mayBeListed(id ID, floor int64) bool {
	readAt, isKnown := c.of(id)
	return isKnown && readAt > floor
}

// findMessage finds one message: a whole one, or a stub where that has to do.
func (c *Client) findMessage(ctx context.Context, id ID) (Message, error) {
	if readAt, isKnown := c.contents.of(id); !isKnown || readAt != notOwned {
		return c.Messages.findWhole(ctx, id)
	}
	query := c.Messages.query
	query.First, query.IncludeDeleted = 1, true
	query.Filters = []Filter{{Field: "id", Value: id.String()}}
	page, err := c.Messages.Entity.List(ctx, query)
	for _, message := range page.Records {
		if message.ID == id {
			return message, nil
		}
	}
	if err != nil && !isRefusal(err) {
		return Message{}, err
	}
	// The service may not filter by id. A get that heeds load-only shows no more.
	return c.Messages.Entity.find(ctx, id, c.Messages.query)
}

// completeMessage gets what a list has not shown of a message, where that is
// needed.
func (c *Client) completeMessage(ctx context.Context, m *Message) error {
	if c.contents.suffices(*m) {
		return nil
	}
	whole, err := c.Messages.findWhole(ctx, m.ID)
	if err != nil {
		return err
	}
	whole.AsOf = m.AsOf
	*m = whole
	return nil
}
