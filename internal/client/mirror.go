package client

import "context"

// A mirror knows which conversations of the space have changed since some
// revision, and how: one request for what is newer than it knows brings it up to
// date, however many conversations there are. So many updates are held against
// what the CRM has in one request, without a get for each.
type mirror struct {
	turn    chan struct{} // held by who uses the mirror; holds one
	base    int64         // it knows what has changed since; [NoFloor] for nothing yet
	upTo    int64         // it knows what has changed until
	changed map[ID]Conversation
}

func newMirror() *mirror {
	return &mirror{turn: make(chan struct{}, 1), base: NoFloor, changed: map[ID]Conversation{}}
}

// mostRounds is how often a mirror is brought up to date at once, in a space in
// which much changes meanwhile.
const mostRounds = 3

// catchUp brings the mirror up to date in at most so many pages at a time. It
// reports false where that takes more.
func (m *mirror) catchUp(ctx context.Context, c *Client, pages int) (bool, error) {
	for range mostRounds {
		more, err := m.round(ctx, c, pages)
		if more == 0 || err != nil {
			return err == nil, err
		}
		if more > pages {
			return false, nil
		}
		// What changed while there was more than one page has moved in front of
		// the first one: it is newer than that.
	}
	return false, nil
}

// round lists what is newer than the mirror knows, and returns how many pages
// there were behind the first: too many, and nothing is known, or read.
func (m *mirror) round(ctx context.Context, c *Client, most int) (more int, err error) {
	query := wholeConversations()
	query.IncludeDeleted = true
	top, read := NoFloor, 0
	for page, err := range c.newerThan(ctx, m.upTo, query) {
		if err != nil {
			return 0, err
		}
		if read == 0 {
			top = max(m.upTo, newest(page.Records))
		} else {
			more++
		}
		if len(page.Records) > 0 {
			c.seen.observe(page.Records)
		}
		for _, record := range page.Records {
			if known, found := m.changed[record.ID]; record.Revision > m.upTo && (!found || record.Revision > known.Revision) {
				record.Messages, record.AsOf = nil, top
				m.changed[record.ID] = record
			}
		}
		read += len(page.Records)
		left := (page.Total - read + MaxPageSize - 1) / MaxPageSize
		if more+left > most && !noneNewerFollow(page.Records, m.upTo) {
			return more + left, nil
		}
	}
	m.upTo = top
	return more, nil
}
