package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Renamed and changed entries, next to what else can happen to a conversation.
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
		runOnStage(t, name, test.behavior, nil, test.play)
	}
}

// While the outcome of a create is unknown, no entry with its phone and number takes another conversation by a guess:
// the result of the create may be its own.
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

// A renamed and changed entry whose conversation a colleague has deleted, and protected.
func TestStage_renamedAndDeleted(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.bulk(map[string]declared{"a": entryOf(entryOne, acme)}, nil), bulkAddress, create)
		id := s.entryID("a")
		must(s.t, s.SoftDelete(conversations, id))
		last := s.bulk(map[string]declared{"b": entryOf(entryOne, globex)}, nil)
		_, errors := s.apply(last)
		s.t.Logf("%q %s", errors, s.warnings)
		s.nothingLeft(last)
		s.wantLive(1)
		for _, broken := range s.core.broken {
			s.t.Error(broken)
		}
	})
}

// Entries that share a number with a renamed one, some of them deleted. The test checks which conversations are
// deleted and which stay.
func TestStage_renamedTwinsAndDeleted(t *testing.T) {
	t.Parallel()
	type all = map[string]declared
	none := declared{"phone_id": phone, number: entryOne}
	for name, test := range map[string]struct {
		before, after all
		softDeleted   string
		purged        string
	}{
		"one of two is deleted":         {before: all{"a": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)}, after: all{"c": none}, softDeleted: "a"},
		"one of two is purged":          {before: all{"a": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)}, after: all{"c": none}, purged: "a"},
		"the renamed one is purged":     {before: all{"a": entryOf(entryOne, acme)}, after: all{"c": entryOf(entryOne, globex)}, purged: "a"},
		"swapped with a purged one":     {before: all{"a": entryOf(entryOne, acme), "b": entryOf("+15550100002", acme)}, after: all{"b": entryOf(entryOne, globex), "a": entryOf("+15550100002", globex)}, purged: "a"},
		"swapped with a deleted one":    {before: all{"a": entryOf(entryOne, acme), "b": entryOf("+15550100002", acme)}, after: all{"b": entryOf(entryOne, globex), "a": entryOf("+15550100002", globex)}, softDeleted: "a"},
		"many of one number":            {before: all{"a": entryOf(entryOne, acme), "b": entryOf(entryOne, globex), "c": none}, after: all{"d": entryOf(entryOne, acme), "e": entryOf(entryOne, globex), "c": none}},
		"all change to the same number": {before: all{"a": entryOf("+15550100002", acme), "b": entryOf("+15550100003", acme)}, after: all{"a": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)}},
		"a number is added, renamed":    {before: all{"a": {"phone_id": phone, "recipient_account_id": acme}}, after: all{"b": {"phone_id": phone, "recipient_account_id": globex}}},
		"blank":                         {before: all{"a": {"phone_id": phone}}, after: all{"b": {"phone_id": phone}}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			if _, errors := s.apply(s.bulk(test.before, nil)); errors != "" {
				s.t.Fatal(errors)
			}
			if test.softDeleted != "" {
				must(s.t, s.SoftDelete(conversations, s.entryID(test.softDeleted)))
			}
			if test.purged != "" {
				must(s.t, s.Purge(conversations, s.entryID(test.purged)))
			}
			last := s.bulk(test.after, nil)
			if _, errors := s.apply(last); errors != "" {
				s.t.Error(errors)
			}
			s.t.Logf("%.500s", s.warnings)
			s.nothingLeft(last)
			s.wantLive(len(test.after))
		})
	}
}

// The keys of a map with open creates are renamed twice. Then the map is destroyed while the CRM is slow to show the
// results of the creates.
func TestStage_renamedAndDestroyed(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
		for _, rollback := range []int{0, 1} {
			runOnStage(t, fmt.Sprint(kind, rollback), mockserver.Behavior{}, impatient, func(s *stage) {
				settings := map[string]any{"rollback_method": rollback}
				x := entryOf("+15550100009", acme)
				s.applies(s.bulk(map[string]declared{"x": x}, settings), bulkAddress, create)
				s.leavesOpen(s.bulk(map[string]declared{"x": x, "a": entryOf(entryOne, acme)}, settings), kind)
				for _, key := range []string{"b", "c"} {
					s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
					s.appliesOnly(bulkAddress, s.bulk(map[string]declared{"x": x, key: entryOf(entryOne, acme)}, settings))
					s.ClearFaults()
				}
				for range 3 {
					if _, errors := s.apply(nil); errors == "" {
						break
					}
				}
				if live := s.live(); len(live) != 0 || len(s.core.state) != 0 {
					s.t.Errorf("%d are live, the state has %d", len(live), len(s.core.state))
				}
			})
		}
	}
}
