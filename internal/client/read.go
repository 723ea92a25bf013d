package client

import (
	"context"
	"sync"
)

// Read returns one conversation, as [Client.Get] does, for callers of whom
// nobody knows how many will follow: Terraform refreshes resources one by one.
//
// It balances two ways, as one rents skis until the rents have cost as much as
// skis would: records are got one by one until that has cost as much as listing
// them all; then they are listed, and the rest is answered from the list. So n
// reads of existing conversations in a space of t cost at most
// 2·min(n, ⌈t/100⌉)+2 requests.
func (c *Client) Read(ctx context.Context, id ID) (Conversation, error) {
	if conversation, listed, err := c.reads.lookUp(ctx, c, id); listed || err != nil {
		return conversation, err
	}
	find := c.conversations.find
	whole, asOf := c.reads.extent()
	if whole {
		find = c.conversations.Get // no other way would find it
	}
	conversation, err := c.get(ctx, id, find)
	conversation.AsOf = max(conversation.AsOf, asOf)
	return conversation, err
}

// A listing answers reads of one refresh: each conversation once, and none that
// this client has changed.
type listing struct {
	mu     sync.Mutex
	done   map[ID]bool // read or changed
	listed map[ID]Conversation
	asOf   int64 // revision of the space when its first page came

	turn   chan struct{} // held by who decides how to go on; holds one
	gets   int           // that have been made, or begun
	query  Query         // of the next page
	begun  bool          // the first page has come
	pages  int           // that are left
	closed bool          // no page is left, or listing failed
	whole  bool          // all pages have been read
}

func newListing() *listing {
	query := wholeConversations()
	query.OrderBy = []string{"-revision"}
	query.IncludeDeleted = true
	return &listing{done: map[ID]bool{}, listed: map[ID]Conversation{}, asOf: NoFloor, turn: make(chan struct{}, 1), query: query}
}

// finish takes the conversation off the list, for good.
func (l *listing) finish(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[id] = true
	delete(l.listed, id)
}

// state returns the conversation if it is listed, and whether it is done with.
func (l *listing) state(id ID) (conversation Conversation, listed, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	conversation, listed = l.listed[id]
	return conversation, listed, l.done[id]
}

func (l *listing) add(records []Conversation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asOf == NoFloor {
		l.asOf = newest(records)
	}
	for _, record := range records {
		record.AsOf = l.asOf
		if !l.done[record.ID] {
			l.listed[record.ID] = record
		}
	}
}

// lookUp returns the conversation from the list, which grows when that is due;
// listed is false where it is to be got by itself.
func (l *listing) lookUp(ctx context.Context, c *Client, id ID) (conversation Conversation, listed bool, err error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return conversation, false, context.Cause(ctx)
	}
	defer l.finish(id)
	for {
		conversation, listed, done := l.state(id)
		switch {
		case listed:
			conversation.Messages = nil
			c.seen.claim(id)
			return conversation, true, c.completeRelations(ctx, &conversation)
		case done || l.closed || l.gets == 0 || l.begun && l.gets < l.pages:
			l.gets++
			return conversation, false, nil
		}
		l.nextPage(ctx, c)
	}
}

// nextPage adds a page to the list. Where that fails, getting goes on.
func (l *listing) nextPage(ctx context.Context, c *Client) {
	page, err := c.conversations.List(ctx, l.query)
	if err != nil {
		l.closed = true
		return
	}
	l.add(page.Records)
	if !l.begun {
		l.begun = true
		l.pages = (page.Total + MaxPageSize - 1) / MaxPageSize
	}
	l.pages--
	l.query.After = page.EndCursor
	l.closed = !page.HasNextPage || l.pages <= 0
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = !page.HasNextPage
}

// extent reports whether all conversations of the space have been listed, the
// deleted ones too, and as of which revision.
func (l *listing) extent() (whole bool, asOf int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.whole, l.asOf
}
