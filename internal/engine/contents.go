package engine

import (
	"math"
	"slices"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Lists of messages omit the contents, because most of them belong to other people. This file decides for which
// messages the engine gets the contents, one by one.

// stubFields are what a list of messages shows.
var stubFields = []string{
	"id", "revision", "text_message_conversation_id", "is_deleted", "is_delete_protected",
}

// soughtFields are what a list of messages shows to a search, which gets only messages of a direction that it seeks.
var soughtFields = append(slices.Clone(stubFields), "direction")

// contents contain what the caller knows about the contents of messages.
type contents struct {
	mu       sync.Mutex
	readAt   map[client.ID]int64 // the revision at which it has read a message
	referred map[client.ID]bool  // see [Engine.ReferToMessages]
}

// notOwned replaces a revision for content that belongs to someone else.
const notOwned = math.MaxInt64

// isReferred reports whether [Engine.ReferToMessages] has named the message.
func (c *contents) isReferred(id client.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.referred[id]
}

// of returns the revision at which the caller has read a message, or [notOwned] if the caller only refers to it. It
// also reports whether it knows the message at all.
func (c *contents) of(id client.ID) (readAt int64, isKnown bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if readAt, isOwned := c.readAt[id]; isOwned || !c.referred[id] {
		return readAt, isOwned
	}
	return notOwned, true
}

// IsStub reports whether the message is a stub: it has only what a list shows, because its caller knows the rest or
// does not own it.
func IsStub(m client.Message) bool { return m.Content == "" && m.Direction == 0 }

func (*contents) isStub(m client.Message) bool { return IsStub(m) }

func (*contents) cut(m *client.Message) {
	m.Direction, m.Content = 0, "" // a list may show both unasked
}

// suffices reports whether the engine needs no more of the message than this.
func (c *contents) suffices(m client.Message) bool {
	readAt, isKnown := c.of(m.ID)
	return !IsStub(m) || isKnown && (readAt == notOwned || m.Revision > 0 && readAt == m.Revision)
}

// isOthers reports whether the content of the message belongs to someone else.
func (c *contents) isOthers(id client.ID) bool {
	readAt, isKnown := c.of(id)
	return isKnown && readAt == notOwned
}

// mayBeListed reports whether a list of what is newer than floor can show all that the
// engine needs of the message.
func (c *contents) mayBeListed(id client.ID, floor int64) bool {
	readAt, isKnown := c.of(id)
	return isKnown && readAt > floor
}
