package provider_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// renames is a step of a map: it says what happens to the conversations of its keys.
type renames struct {
	before, after map[string]declared // "messages" are of [messageTexts]
	keeps         map[string]string   // the key before, by key; the others get a new conversation
	settings      map[string]any      // of the map
	messages      []string            // on the server, behind it
	warns         []string            // what the plan warns of
	silent        bool                // the plan warns of nothing
	deleted       string              // the key of the conversation that others delete before
	check         func(*stage)
}

// many is a configuration of entries with messages.
func (s *stage) many(entries map[string]declared, settings map[string]any) map[string]block {
	all := map[string]declared{}
	for key, entry := range entries {
		all[key] = maps.Clone(entry)
		if texts, ok := entry["messages"].(messageTexts); ok {
			all[key]["messages"] = messagesOf(s.entryType(), texts)
		}
	}
	return s.bulk(all, settings)
}

// An entry under a new key that changes too keeps its conversation, if phone and number
// tell which one it is.
func TestStage_renamedAndChanged(t *testing.T) {
	t.Parallel()
	of := func(to string, more ...any) declared {
		d := declared{"phone_id": phone, number: to}
		for pair := range slices.Chunk(more, 2) {
			d[pair[0].(string)] = pair[1]
		}
		return d
	}
	onOther := func(to string, more ...any) declared {
		d := of(to, more...)
		d["phone_id"] = otherPhone
		return d
	}
	bare := func(more ...any) declared {
		d := of("", more...)
		delete(d, number)
		return d
	}
	const one, two, three = "+1 555 010 0001", "+1 555 010 0002", "+1 555 010 0003"
	const account, contacts, says = "recipient_account_id", "contact_relations", "messages"
	toAcme, toGlobex := []any{account, acme}, []any{account, globex}
	type all = map[string]declared
	type keys = map[string]string
	for name, test := range map[string]renames{
		"another account": {
			before: all{"a": of(one, toAcme...), "x": of(two)}, after: all{"b": of("+15550100001", toGlobex...), "x": of(two)},
			keeps: keys{"b": "a", "x": "x"}, silent: true,
			check: func(s *stage) { s.checks(s.sentIn("batch-modify", 1, 1)) },
		},
		"an account at last":  {before: all{"a": of(one)}, after: all{"b": of(one, toAcme...)}, keeps: keys{"b": "a"}, silent: true},
		"an account no more":  {before: all{"a": of(one, toAcme...)}, after: all{"b": of(one, account, "")}, keeps: keys{"b": "a"}, silent: true},
		"other relations":     {before: all{"a": of(one, contacts, []string{ada})}, after: all{"b": of(one, contacts, []string{bob})}, keeps: keys{"b": "a"}, silent: true},
		"another phone":       {before: all{"a": of(one)}, after: all{"b": {"phone_id": otherPhone, number: one}}, warns: []string{"Text Message Conversations Will Be Deleted", `"a"`}},
		"another number":      {before: all{"a": of(one, toAcme...)}, after: all{"b": of(two, toAcme...)}, warns: []string{"Text Message Conversations Will Be Deleted", `"a"`}},
		"without a number":    {before: all{"a": {"phone_id": phone, account: acme}}, after: all{"b": {"phone_id": phone, account: globex}}},
		"a number at last":    {before: all{"a": {"phone_id": phone, account: acme}}, after: all{"b": of(one, toAcme...)}},
		"a number no more":    {before: all{"a": of(one, toAcme...)}, after: all{"b": {"phone_id": phone, account: globex}}},
		"swapped":             {before: all{"a": of(one), "b": of(two)}, after: all{"a": of(two, toAcme...), "b": of(one)}, keeps: keys{"a": "b", "b": "a"}, silent: true},
		"swapped and changed": {before: all{"a": of(one), "b": of(two)}, after: all{"a": of(two, toAcme...), "b": of(one, toAcme...)}, keeps: keys{"a": "b", "b": "a"}, silent: true},
		"a round of three": {
			before: all{"a": of(one), "b": of(two), "c": of(three)}, after: all{"b": of(one, toAcme...), "c": of(two, toAcme...), "a": of(three, toAcme...)},
			keeps: keys{"b": "a", "c": "b", "a": "c"}, silent: true,
		},
		"the key gets another number": {
			before: all{"a": of(one)}, after: all{"a": of(two), "b": of(one, toAcme...)}, keeps: keys{"b": "a"}, silent: true,
		},
		"the key gets the number of one that is removed": {
			before: all{"a": of(one), "b": of(two)}, after: all{"a": of(two, toAcme...)}, keeps: keys{"a": "b"},
			warns: []string{"Text Message Conversations Will Be Deleted", `"a"`},
		},
		"twins, renamed and changed": {before: all{"a": of(one, toAcme...), "b": of(one, toGlobex...)}, after: all{"c": of(one, contacts, []string{ada}), "d": of(one, contacts, []string{bob})}},
		"twins, one of two goes":     {before: all{"a": of(one, toAcme...), "b": of(one, toGlobex...)}, after: all{"c": of(one, account, "")}},
		"twins, two of one":          {before: all{"a": of(one, toAcme...)}, after: all{"c": of(one, toGlobex...), "d": of(one, account, "")}},
		"twins, one of them exactly": {
			before: all{"a": of(one, toAcme...), "b": of(one, toGlobex...)}, after: all{"c": of(one, toGlobex...), "d": of(one, account, "")},
			keeps: keys{"c": "b", "d": "a"}, warns: []string{"Same Number Twice"},
		},
		"twins, one stays": {
			before: all{"a": of(one, toAcme...), "b": of(one, toGlobex...)}, after: all{"a": of(one, toAcme...), "d": of(one, account, "")},
			keeps: keys{"a": "a", "d": "b"}, warns: []string{"Same Number Twice"},
		},
		"a message more": {
			before: all{"a": of(one, says, messageTexts{"hello": "Hello"})}, after: all{"b": of(one, says, messageTexts{"hello": "Hello", "news": "News"})},
			keeps: keys{"b": "a"}, messages: []string{"Hello", "News"}, warns: []string{"Outgoing Messages Will Be Created", `"b"`},
			check: func(s *stage) { s.wantSent(2) },
		},
		"its message changes": {
			before: all{"a": of(one, says, messageTexts{"hello": "Hello"})}, after: all{"b": of(one, says, messageTexts{"hello": "Hello, Bob"})},
			keeps: keys{"b": "a"}, messages: []string{"Hello, Bob"}, silent: true,
			check: func(s *stage) { s.wantSent(1) },
		},
		"the key of its message, too": {
			before: all{"a": of(one, says, messageTexts{"hello": "Hello", "bye": "Bye"})}, after: all{"b": of(one, account, acme, says, messageTexts{"hi": "Hello ", "bye": "Bye"})},
			keeps: keys{"b": "a"}, messages: []string{"Hello", "Bye"}, silent: true,
			check: func(s *stage) { s.wantSent(2) },
		},
		"its message in another spelling": {
			before: all{"a": of(one, says, messageTexts{"hello": "Hello"})}, after: all{"b": of(one, account, acme, says, messageTexts{"hello": "Hello "})},
			keeps: keys{"b": "a"}, messages: []string{"Hello"}, silent: true,
		},
		"its messages go": {
			before: all{"a": of(one, says, messageTexts{"hello": "Hello"})}, after: all{"b": of(one, toAcme...)},
			keeps: keys{"b": "a"}, messages: []string{}, silent: true,
		},
		"two phones, swapped": {
			before: all{"a": of(one, says, messageTexts{"m": "A"}), "b": onOther(one, says, messageTexts{"m": "B"})},
			after:  all{"a": onOther(one, says, messageTexts{"m": "B"}), "b": of(one, says, messageTexts{"m": "A"})},
			keeps:  keys{"a": "b", "b": "a"}, messages: []string{"A", "B"}, silent: true,
			check: func(s *stage) { s.wantSent(2) },
		},
		"two phones, swapped and changed": {
			before: all{"a": of(one), "b": onOther(one)}, after: all{"a": onOther(one, toAcme...), "b": of(one, toAcme...)},
			keeps: keys{"a": "b", "b": "a"}, silent: true,
		},
		"two phones, one of them renamed": {
			before: all{"a": of(one, says, messageTexts{"m": "A"}), "b": onOther(one, says, messageTexts{"m": "B"})},
			after:  all{"a": onOther(one, says, messageTexts{"m": "B"}), "c": of(one, says, messageTexts{"m": "A"})},
			keeps:  keys{"a": "b", "c": "a"}, messages: []string{"A", "B"}, silent: true,
		},
		"two phones, a new one at the head of a list": {
			before: all{"0": of(one), "1": onOther(one), "2": of(two)},
			after:  all{"0": of(three), "1": of(one), "2": onOther(one), "3": of(two)},
			keeps:  keys{"1": "0", "2": "1", "3": "2"}, silent: true,
		},
		"two phones, one goes": {
			before: all{"a": of(one), "b": onOther(one)}, after: all{"a": onOther(one)}, keeps: keys{"a": "b"},
			warns: []string{"Text Message Conversations Will Be Deleted", `of the state: "a" (`, ": another conversation gets its key). The apply deletes"},
		},
		"another phone under its key": {before: all{"a": of(one)}, after: all{"a": onOther(one)}, keeps: keys{"a": "a"}, silent: true},
		"another phone under its key, a new one takes its place": {
			before: all{"a": of(one)}, after: all{"a": onOther(one), "b": of(one)}, keeps: keys{"b": "a"}, silent: true,
		},
		"another phone under its key, and a new one of its number": {
			before: all{"a": of(one)}, after: all{"a": onOther(one), "b": of(one, toAcme...)}, keeps: keys{"a": "a"}, silent: true,
		},
		"another phone under its key, one that differs goes": {
			before: all{"a": of(one, says, messageTexts{"m": "A"}), "b": onOther(one)}, after: all{"a": onOther(one, says, messageTexts{"m": "A"})},
			keeps: keys{"a": "a"}, messages: []string{"A"}, warns: []string{"Text Message Conversations Will Be Deleted", `"b"`},
		},
		"another phone under its key, one is deleted": {
			before: all{"a": of(one), "b": onOther(one)}, after: all{"a": onOther(one)}, deleted: "b", keeps: keys{"a": "a"}, silent: true,
		},
		"another phone under its key, a twin goes": {
			before: all{"a": of(one, toAcme...), "b": of(one, toGlobex...)}, after: all{"a": onOther(one), "c": of(one, account, "")},
			keeps: keys{"a": "a", "c": "b"}, silent: true,
		},
		"a first number that another one has": {
			before: all{"a": of(one), "b": bare()}, after: all{"a": of(three), "b": of(one)}, keeps: keys{"b": "a"},
			warns: []string{"Text Message Conversations Will Be Deleted", `"b"`},
		},
		"a first number under its key": {before: all{"a": bare()}, after: all{"a": of(one)}, keeps: keys{"a": "a"}, silent: true},
		"without a number, a new one at the head of a list": {
			before: all{"0": bare(toAcme...), "1": of(one), "2": of(two)},
			after:  all{"0": of(three), "1": bare(toAcme...), "2": of(one), "3": of(two)},
			keeps:  keys{"1": "0", "2": "1", "3": "2"}, silent: true,
		},
		"its number is no longer declared, and another one declares it": {
			before: all{"a": of(one), "b": of(two)}, after: all{"a": bare(), "b": of(two), "c": of(one)}, keeps: keys{"a": "a", "b": "b"},
			warns: []string{"Same Number Twice", `"a" and "c"`},
		},
		"its number is no longer declared, and one of another phone declares it": {
			before: all{"a": of(one), "b": onOther(one), "c": bare(toAcme...)}, after: all{"a": bare(toAcme...), "b": of(one), "c": of(two)}, keeps: keys{"a": "c", "b": "a"},
			warns: []string{"Text Message Conversations Will Be Deleted", `"b"`},
		},
		"its number is no longer declared, and one without a number goes": {
			before: all{"a": of(one), "z": bare()}, after: all{"a": bare(), "b": of(two)}, keeps: keys{"a": "a"},
			warns: []string{"Text Message Conversations Will Be Deleted", `"z"`},
		},
		"its number is no longer declared": {before: all{"a": of(one)}, after: all{"a": bare(), "b": of(two)}, keeps: keys{"a": "a"}, silent: true},
		"without a number, and with the number": {
			before: all{"x": of(one)}, after: all{"a": bare(), "b": of(one)}, keeps: keys{"b": "x"},
			warns: []string{"Text Message Conversations Without a Number", `"a"`},
		},
		"abandoned": {
			before: all{"a": of(one), "b": of(two)}, after: all{"c": of(one, toAcme...)}, settings: map[string]any{"deletion_policy": "abandon"},
			keeps: keys{"c": "a"}, warns: []string{"Text Message Conversations Will Be Forgotten", `"b"`, "stays in the CRM"},
		},
		"adopting": {
			before: all{"a": of(one)}, after: all{"b": of(one, toAcme...)}, settings: map[string]any{"adopt_existing": true},
			keeps: keys{"b": "a"}, silent: true,
		},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) { s.playRenames(test) })
	}
}

func (s *stage) playRenames(test renames) {
	s.applies(s.many(test.before, test.settings), bulkAddress, create)
	ids := map[string]string{}
	for key := range test.before {
		ids[key] = s.entryID(key)
	}
	if test.deleted != "" {
		must(s.t, s.SoftDelete(conversations, ids[test.deleted]))
	}
	s.ResetRequests()
	config := s.many(test.after, test.settings)
	planning := s.core.walk()
	planning.plan(config)
	warnings := planning.warningsAt(bulkAddress)
	if test.silent && warnings != "" || !says(test.warns...).MatchString(warnings) {
		s.t.Errorf("the plan warns %q; want %q", warnings, test.warns)
	}
	s.applies(config, bulkAddress, update)
	kept := map[string]string{}
	for key := range test.after {
		for old, id := range ids {
			if s.entryID(key) == id {
				kept[key] = old
			}
		}
	}
	want := test.keeps
	if want == nil {
		want = map[string]string{}
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		s.t.Errorf("the conversations that are kept (-want +got):\n%s", diff)
	}
	for key, d := range test.after {
		for field, wanted := range d.meaning() {
			if is := meaningOfState(parts(s.attribute(bulkAddress, "conversations"))[key])[field]; is != wanted {
				s.t.Errorf("%s of %s is %q; want %q", field, key, is, wanted)
			}
		}
	}
	s.wantMade(len(test.before) + len(test.after) - len(want))
	if test.messages != nil {
		s.checks(s.holdsMessages(slices.Clone(test.messages)...))
	}
	if test.check != nil {
		test.check(s)
	}
}

// If an update under a new key fails, no conversation is forgotten, even if the key stood for another one. The next
// plan is the same.
func TestStage_renamedAndRefused(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		entry := func(to, account string) declared {
			return declared{"phone_id": phone, number: to, "recipient_account_id": account}
		}
		s.applies(s.bulk(map[string]declared{"a": entry("+15550100001", acme), "b": entry("+15550100002", acme)}, nil), bulkAddress, create)
		b := s.entryID("b")
		s.refused(s.bulk(map[string]declared{"a": entry("+15550100002", nobody)}, nil), "Unable to Update Text Message Conversation")
		if got := s.entryID("a"); got != b {
			s.t.Errorf("the entry stands for %s; want %s", got, b)
		}
		s.checks(s.heldNumbers(numbers{"a": "+15550100002"}))
		s.applies(s.bulk(map[string]declared{"a": entry("+15550100002", globex)}, nil), bulkAddress, update)
		s.wantMade(2)
		if got := s.entryID("a"); got != b {
			s.t.Errorf("the entry stands for %s; want %s", got, b)
		}
	})
}

// Messages move to other keys. For example, if the keys are the indexes of a list, a new first element moves them
// all. Each message keeps its text and its id, and nothing is sent again.
func TestStage_messagesUnderOtherKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after messageTexts
		keeps         map[string]string // the key before, by key
		want          []string          // on the server
	}{
		"a new one at the head":    {messageTexts{"0": "A", "1": "B"}, messageTexts{"0": "N", "1": "A", "2": "B"}, map[string]string{"1": "0", "2": "1"}, []string{"A", "B", "N"}},
		"the first one goes":       {messageTexts{"0": "A", "1": "B", "2": "C"}, messageTexts{"0": "B", "1": "C"}, map[string]string{"0": "1", "1": "2"}, []string{"B", "C"}},
		"swapped":                  {messageTexts{"x": "A", "y": "B"}, messageTexts{"x": "B", "y": "A"}, map[string]string{"x": "y", "y": "x"}, []string{"A", "B"}},
		"moved, and another text":  {messageTexts{"x": "A"}, messageTexts{"x": "B", "y": "A"}, map[string]string{"y": "x"}, []string{"A", "B"}},
		"another text":             {messageTexts{"x": "A"}, messageTexts{"x": "B", "y": "C"}, map[string]string{"x": "x"}, []string{"B", "C"}},
		"twins":                    {messageTexts{"x": "A", "y": "A"}, messageTexts{"x": "B", "y": "A", "z": "A"}, map[string]string{"y": "y", "z": "x"}, []string{"A", "A", "B"}},
		"another one in its place": {messageTexts{"x": "A", "y": "B"}, messageTexts{"x": "B"}, map[string]string{"x": "y"}, []string{"B"}},
	} {
		for _, at := range []string{address, bulkAddress} {
			runOnStage(t, name+at, mockserver.Behavior{}, nil, func(s *stage) {
				config := func(texts messageTexts) map[string]block {
					return map[string]block{at: s.declaring(at, "+1 555 010 0001", texts)}
				}
				ids := func() map[string]string {
					of := map[string]string{}
					messages := s.attribute(at, "messages")
					if at == bulkAddress {
						messages = parts(parts(s.attribute(at, "conversations"))["k"])["messages"]
					}
					for key, message := range parts(messages) {
						of[key] = stringOf(parts(message)["id"])
					}
					return of
				}
				s.applies(config(test.before), at, create)
				before := ids()
				s.applies(config(test.after), at, update)
				kept := map[string]string{}
				for key, id := range ids() {
					for old, was := range before {
						if was == id {
							kept[key] = old
						}
					}
				}
				if diff := cmp.Diff(test.keeps, kept); diff != "" {
					s.t.Errorf("the messages that are kept (-want +got):\n%s", diff)
				}
				s.checks(s.holdsMessages(test.want...))
				s.wantSent(len(test.before) + len(test.after) - len(test.keeps))
			})
		}
	}
}

// A value that the plan doesn't know may show in the apply that an entry stands for the conversation of another one.
// The plan does not say the opposite.
func TestStage_movedByWhatWasUnknown(t *testing.T) {
	t.Parallel()
	const one = "+1 555 010 0001"
	unknown := tftypes.UnknownValue
	of := func(ph, to any) declared { return declared{"phone_id": ph, number: to} }
	type all = map[string]declared
	for name, test := range map[string]struct{ before, planned, applied all }{
		"a phone":                 {all{"a": of(phone, one), "b": of(otherPhone, one)}, all{"a": of(unknown, one)}, all{"a": of(otherPhone, one)}},
		"two phones":              {all{"a": of(phone, one), "b": of(otherPhone, one)}, all{"a": of(unknown, one), "b": of(unknown, one)}, all{"a": of(otherPhone, one), "b": of(phone, one)}},
		"two phones, not swapped": {all{"a": of(phone, one), "b": of(otherPhone, one)}, all{"a": of(unknown, one), "b": of(unknown, one)}, all{"a": of(phone, one), "b": of(otherPhone, one)}},
		"the number of a new one": {all{"a": of(phone, one)}, all{"a": of(otherPhone, one), "c": of(phone, unknown)}, all{"a": of(otherPhone, one), "c": of(phone, one)}},
		"the phone of a new one":  {all{"a": of(phone, one)}, all{"a": of(otherPhone, one), "c": of(unknown, one)}, all{"a": of(otherPhone, one), "c": of(phone, one)}},
		"a phone, and a new one":  {all{"a": of(phone, one)}, all{"a": of(unknown, one), "c": of(phone, one)}, all{"a": of(otherPhone, one), "c": of(phone, one)}},
		"a phone, the same":       {all{"a": of(phone, one)}, all{"a": of(unknown, one), "c": of(phone, one)}, all{"a": of(phone, one), "c": of(phone, one)}},
		"an account, without a number": {
			all{"a": {"phone_id": phone, "recipient_account_id": acme}, "b": {"phone_id": phone, "recipient_account_id": globex}},
			all{"a": {"phone_id": phone, "recipient_account_id": unknown}},
			all{"a": {"phone_id": phone, "recipient_account_id": globex}},
		},
		"the phone of another one, without a number": {all{"a": of(phone, one)}, all{"b": {"phone_id": phone}, "c": of(unknown, one)}, all{"b": {"phone_id": phone}, "c": of(phone, one)}},
		"a first number": {all{"a": of(phone, one), "b": {"phone_id": phone}}, all{"b": of(phone, unknown)}, all{"b": of(phone, one)}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			s.applies(s.many(test.before, nil), bulkAddress, create)
			planning, applying := s.core.walk(), s.core.walk()
			change := planning.planOne(bulkAddress, s.core.state, s.many(test.planned, nil))
			if text := planning.warningsAt(bulkAddress); name == "a phone" && !says(`of the state: "a", "b". The plan doesn't know all values of the entries yet.`).MatchString(text) {
				s.t.Errorf("the plan warns %q", text)
			}
			change.config = s.many(test.applied, nil)[bulkAddress].value
			applying.applyOne(change)
			if errors := slices.Concat(planning.errors(), applying.errors()); len(errors) > 0 {
				s.t.Errorf("the errors are %q", errors)
			}
			s.breaksNothing()
			s.nothingLeft(s.many(test.applied, nil))
		})
	}
}

// A text that the plan doesn't know may turn out to be that of any message. The plan does not say the opposite.
func TestStage_messagesOfUnknownTexts(t *testing.T) {
	t.Parallel()
	unknown := tftypes.UnknownValue
	outgoing := func(text any) declared { return declared{"content": text, "direction": "outgoing"} }
	for name, test := range map[string]struct {
		before, planned, applied messageTexts
		sent                     int
	}{
		"a new one at the head": {messageTexts{"0": "A", "1": "B"}, messageTexts{"0": "N", "1": outgoing(unknown), "2": outgoing(unknown)}, messageTexts{"0": "N", "1": "A", "2": "B"}, 3},
		"the first one goes":    {messageTexts{"0": "A", "1": "B"}, messageTexts{"0": outgoing(unknown)}, messageTexts{"0": "B"}, 2},
		"twins":                 {messageTexts{"a": "A"}, messageTexts{"a": outgoing(unknown), "b": "A"}, messageTexts{"a": "A", "b": "A"}, 2},
		"another text":          {messageTexts{"a": "A"}, messageTexts{"a": outgoing(unknown)}, messageTexts{"a": "B"}, 1},
	} {
		for _, at := range []string{address, bulkAddress} {
			runOnStage(t, name+at, mockserver.Behavior{}, nil, func(s *stage) {
				config := func(texts messageTexts) map[string]block {
					return map[string]block{at: s.declaring(at, "+1 555 010 0001", texts)}
				}
				s.applies(config(test.before), at, create)
				planning, applying := s.core.walk(), s.core.walk()
				change := planning.planOne(at, s.core.state, config(test.planned))
				if warnings := planning.warningsAt(at); name == "another text" && warnings != "" {
					s.t.Errorf("the plan warns %q", warnings)
				}
				change.config = config(test.applied)[at].value
				applying.applyOne(change)
				if errors := slices.Concat(planning.errors(), applying.errors()); len(errors) > 0 {
					s.t.Errorf("the errors are %q", errors)
				}
				s.breaksNothing()
				s.wantSent(test.sent)
				s.nothingLeft(config(test.applied))
			})
		}
	}
}

// A message moves and differs in a field beside its text. It is not sent again.
func TestStage_messageMovedAndChanged(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			config := func(texts messageTexts) map[string]block {
				return map[string]block{at: s.declaring(at, "+1 555 010 0001", texts)}
			}
			s.applies(config(messageTexts{"0": "A", "1": "B"}), at, create)
			before := s.idOfMessage("A")
			of := func(text, sid string) declared {
				return declared{"content": text, "direction": "outgoing", "message_sid": sid}
			}
			s.applies(config(messageTexts{"0": of("B", "sid B"), "1": of("A", "sid A")}), at, update)
			s.checks(s.holdsMessages("A", "B"))
			s.wantSent(2)
			if after := s.idOfMessage("A"); after != before {
				s.t.Errorf("the message is %s; want %s", after, before)
			}
		})
	}
}
