package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Renamed and changed entries beside what else can happen to a conversation.
func TestStage_renamedInTrouble(t *testing.T) {
	t.Parallel()
	const one, account = "+1 555 010 0001", "recipient_account_id"
	of := func(owner string) declared { return declared{"phone_id": phone, number: one, account: owner} }
	type all = map[string]declared
	renames := func(s *stage) (before, after map[string]block, id string) {
		s.applies(s.bulk(all{"a": of(acme)}, nil), bulkAddress, create)
		return s.bulk(all{"a": of(acme)}, nil), s.bulk(all{"b": of(globex)}, nil), s.entryID("a")
	}
	stays := func(s *stage, key, id string, want map[string]any) {
		s.t.Helper()
		if got := s.entryID(key); got != id {
			s.t.Errorf("%s is %s; want %s", key, got, id)
		}
		s.checks(s.holds(want))
		s.wantMade(1)
	}
	for name, test := range map[string]struct {
		behavior mockserver.Behavior
		play     func(s *stage)
	}{
		"deleted by others": {play: func(s *stage) {
			_, after, id := renames(s)
			must(s.t, s.SoftDelete(conversations, id))
			s.applies(after, bulkAddress, update)
			stays(s, "b", id, map[string]any{account: globex})
		}},
		"changed by others": {play: func(s *stage) {
			_, after, id := renames(s)
			s.meanwhile = func() { must(s.t, s.space.Edit(conversations, id, map[string]any{account: nil})) }
			s.refused(after, "Conflicting Change of Text Message Conversation", `conversations["b"]`)
			s.applies(after, bulkAddress, update)
			stays(s, "b", id, map[string]any{account: globex})
		}},
		"the reply is lost": {play: func(s *stage) {
			_, after, id := renames(s)
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 20})
			s.apply(after)
			s.ClearFaults()
			s.apply(after)
			s.nothingLeft(after)
			stays(s, "b", id, map[string]any{account: globex})
		}},
		"and back": {play: func(s *stage) {
			before, after, id := renames(s)
			s.applies(after, bulkAddress, update)
			s.applies(before, bulkAddress, update)
			stays(s, "a", id, map[string]any{account: acme})
		}},
		"a masked number": {behavior: mockserver.Behavior{PhoneFormat: mockserver.Masked}, play: func(s *stage) {
			_, after, id := renames(s)
			s.applies(after, bulkAddress, update)
			if got := s.entryID("b"); got != id {
				s.t.Errorf("b is %s; want %s", got, id)
			}
			s.wantMade(1)
		}},
		"beside a stranger that could be adopted": {play: func(s *stage) {
			adopting := map[string]any{"adopt_existing": true}
			s.applies(s.bulk(all{"a": of(acme)}, adopting), bulkAddress, create)
			id, stranger := s.entryID("a"), s.handmade(one)
			s.applies(s.bulk(all{"b": of(globex)}, adopting), bulkAddress, update)
			if got := s.entryID("b"); got != id || s.isDeleted(id) || s.isDeleted(stranger) {
				s.t.Errorf("b is %s; want %s, and %s as it is", got, id, stranger)
			}
		}},
		"under the key of one that is refused": {play: func(s *stage) {
			bad := of(nobody)
			bad[number] = "+1 555 010 0002"
			s.apply(s.bulk(all{"a": of(acme), "b": bad}, keeping))
			id := s.entryID("a")
			s.applies(s.bulk(all{"b": of(globex)}, keeping), bulkAddress, update)
			stays(s, "b", id, map[string]any{account: globex})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, test.behavior, nil, test.play)
		})
	}
}

// While it is not known whether a create was carried out, no entry with its phone and number
// takes another conversation on a guess: that of the create may be its own.
func TestStage_renamedBesideAnOpenCreate(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]mockserver.Kind{"carried out": mockserver.DropAfter, "not carried out": mockserver.DropBefore} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := maps.Clone(impatient)
			onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
				of := func(owner string) declared {
					return declared{"phone_id": phone, number: "+15550100001", "recipient_account_id": owner, "messages": messagesOf(s.entryType(), messageTexts{"m": "for " + owner})}
				}
				s.applies(s.bulk(map[string]declared{"a": of(acme)}, nil), bulkAddress, create)
				s.leavesOpen(s.bulk(map[string]declared{"a": of(acme), "b": of(globex)}, nil), kind)
				last := s.bulk(map[string]declared{"b": of(globex)}, nil)
				if _, errors := s.apply(last); errors != "" {
					s.t.Errorf("the apply fails: %s", errors)
				}
				s.nothingLeft(last)
				if live := s.live(); len(live) != 1 || live[0]["recipient_account_id"] != globex {
					s.t.Errorf("the CRM holds %v; want that of b alone", live)
				}
				var made int
				for _, record := range s.Records(textMessages) {
					if strings.Contains(record["content"].(string), globex) {
						made++
					}
				}
				if made != 1 {
					s.t.Errorf("the message was made %d times", made)
				}
			})
		})
	}
}
