package provider_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Other users create conversations, by an incoming message or otherwise, some of them with a declared phone and
// number. The provider must never overwrite or delete these. It may adopt one, with a warning, if it is the only one
// that contradicts nothing in a lost create and has appeared since.

// bySender marks the message with which others have started a conversation.
const bySender = bySID + ", the first"

// incoming returns the act of someone who sends a message, often to a declared phone and
// from a declared number.
func (m *machine) incoming(t *rapid.T) mockserver.Act {
	fields := map[string]any{phones.field: oneOf(t, phones.field, phones.records...), number: oneOf(t, number, spelledNumbers...)[1]}
	if slots := slices.Sorted(maps.Keys(m.slots)); len(slots) > 0 && !chance(t, "of nobody", 4) {
		twin := m.slots[oneOf(t, "like", slots...)]
		fields[phones.field] = twin.recordID(phones.field)
		if text, ok := twin[number]; ok {
			fields[number] = text
		}
	}
	first := message{oneOf(t, "content", m.contents...), "incoming"}.ofOthers()
	first["message_sid"] = bySender
	fields[messagesField] = []any{first}
	return mockserver.Act{Create: &mockserver.Target{Entity: conversations, Values: fields}}
}

// incomingIn makes a message come in during a request that a fault hits.
func (m *machine) incomingIn(t *rapid.T, fault *mockserver.Fault) {
	act := m.incoming(t)
	when := "before"
	if chance(t, "after", 2) {
		when, fault.After = "after", append(fault.After, act)
	} else {
		fault.Before = append(fault.Before, act)
	}
	m.log("  and %s it a message comes in: %s", when, declared(act.Create.Values).meaning())
}

func (m *machine) othersSend(t *rapid.T) {
	act := m.incoming(t)
	ids, err := m.crm.Act(act)
	if err != nil {
		m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
	}
	m.log("a message comes in: %s with %s", m.nameOf(ids[0]), declared(act.Create.Values).meaning())
}

// A window is what the CRM held before a create whose outcome is unknown. The create can't have made any of that.
type window map[string]held

// hearAdopted notes the warnings of adoptions, and returns the ids that they name.
func (m *machine) hearAdopted(walk *walk) map[string]bool {
	heard := map[string]bool{}
	for _, said := range walk.said {
		for _, d := range said {
			for id := range m.names {
				if d.Summary == "Text Message Conversation Adopted" && strings.Contains(d.Detail, id) {
					heard[id], m.taken[id] = true, true
				}
			}
		}
	}
	return heard
}

// openEntries returns the entries of a state whose create is open.
func openEntries(state map[string]instance) (all []tftypes.Value) {
	for address, is := range state {
		for _, conversation := range entries(address, is.typeName, is.value) {
			if stateID(conversation) == "" {
				all = append(all, conversation)
			}
		}
	}
	return all
}

// claimedIn returns the ids that a state has.
func claimedIn(state map[string]instance) map[string]bool {
	ids := map[string]bool{}
	for address, is := range state {
		for _, conversation := range entries(address, is.typeName, is.value) {
			ids[stateID(conversation)] = true
		}
	}
	return ids
}

// closeWindows forgets the windows of creates that are no longer open. The window of an
// open create stays that of its first attempt.
func (v *verdict) closeWindows(intents []intent) {
	names := map[[2]string]bool{} // true if the earlier attempt was given up
	for _, i := range intents {
		if i.action == create && v.hasFailed(i) && v.isTold(i) {
			names[i.wants.identity()] = v.isReplaced(i.slot)
		}
	}
	for _, conversation := range openEntries(v.core.state) {
		if name := meaningOfState(conversation).identity(); !names[name] {
			names[name] = false
		}
	}
	open := map[[2]string]window{}
	for name, isNew := range names {
		if open[name] = v.windows[name]; open[name] == nil || isNew {
			open[name] = window(v.before)
			v.sentAt[name] = v.firstSent.Load()
		}
	}
	v.windows = open
}

// hearUndecided notes the conversations whose owner the provider can't tell.
func (v *verdict) hearUndecided() {
	v.undecided = nil
	for _, said := range v.walk.said {
		for _, d := range said {
			for _, id := range v.byName(v.after) {
				if strings.Contains(d.Detail, "in the CRM may be it") && strings.Contains(d.Detail, id) && !slices.Contains(v.undecided, id) {
					v.undecided = append(v.undecided, id)
				}
			}
		}
	}
}

// decide does what the provider then asks for: it deletes the conversations in the CRM that are not needed. These are
// the ones of others, or, if there are none, all but one of those that the provider has made, or the only one: others
// may have changed it, or restored what the provider had deleted. It reports whether an apply must follow.
func (m *machine) decide() bool {
	now, decided := m.snapshot(), len(m.undecided) > 0
	isGone := func(id string) bool { is, exists := now[id]; return !exists || is.deleted }
	left := slices.DeleteFunc(slices.Clone(m.undecided), isGone)
	needless := slices.DeleteFunc(slices.Clone(left), func(id string) bool { return !m.strangers[id] })
	if len(needless) == 0 && len(left) > 0 {
		needless = left[min(1, len(left)-1):]
	}
	for _, id := range needless {
		if err := m.crm.SoftDelete(conversations, id); err != nil {
			m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
		}
		m.log("decide that nobody needs %s", m.nameOf(id))
	}
	return decided
}

// judgeTaken judges the adoption of a conversation by a state. known is what the CRM held before the first attempt,
// and creates is the number of open creates with that phone and number.
func (m *machine) judgeTaken(slot, id string, heard bool, known window, sent int64, creates int, now snapshot, claimed map[string]bool) {
	what := now[id]
	if m.strangers[id] && !heard {
		m.fail("a conversation of others is taken over, and nobody is told", "%s is %s", slot, id)
	}
	if old, existed := known[id]; existed && m.strangers[id] && (old.revision == what.revision || len(old.messages) > 0 || len(old.links) > 0) {
		m.fail("an old conversation of others is taken over", "%s is %s", slot, id)
	}
	if m.respells || creates > 1 {
		return // the names of numbers are not enough
	}
	for _, other := range m.byName(now) {
		if other == id {
			break // younger ones may have come later
		}
		rival := now[other]
		if revision := rival.at(); revision <= sent || revision > what.at() {
			continue // it was there before the create, or came later
		}
		if _, existed := known[other]; !existed && !rival.deleted && !claimed[other] && rival.identity() == what.identity() && !rival.contradicts(what) {
			m.fail("one of several conversations is taken for a lost create", "%s is %s, and may be %s", slot, id, other)
		}
	}
}

// contradicts reports whether a field has another value than that of the other conversation,
// and neither is empty.
func (h held) contradicts(other held) bool {
	for field, value := range h.meaning {
		if value != "" && other.meaning[field] != "" && value != other.meaning[field] {
			return true
		}
	}
	return false
}

// judgeStrangers judges what an apply has done to conversations of others.
func (v *verdict) judgeStrangers(intents []intent) {
	heard, had := v.hearAdopted(v.walk), claimedIn(v.plan.refreshed)
	for _, id := range v.byName(v.after) {
		was, existed := v.before[id]
		is := v.after[id]
		slot, claimed := v.claimed[id]
		switch {
		case had[id], v.ofSecondEver[id] && !claimed:
		case v.strangers[id] && !existed && !claimed && is.deleted:
			v.fail("a conversation of others was deleted", "%s: %s", id, is.meaning)
		case claimed && (v.strangers[id] || heard[id]):
			name := is.identity()
			known, sent := v.windows[name], v.sentAt[name]
			if known == nil || v.isReplaced(slot) { // then the earlier attempt is given up
				known, sent = window(v.before), v.firstSent.Load()
			}
			creates := 0
			for _, i := range intents {
				if i.action == create && i.wants.identity() == name {
					creates++
				}
			}
			claims := maps.Clone(had)
			for other := range v.claimed {
				claims[other] = true
			}
			v.judgeTaken(slot, id, heard[id], known, sent, creates, v.after, claims)
			if v.strangers[id] && existed {
				v.judgeFilled(slot, id, was.meaning, is.meaning)
			}
		}
	}
}

// at returns the revision as a number.
func (h held) at() int64 {
	revision, _ := strconv.ParseInt(h.revision, 10, 64)
	return revision
}

// isReplaced reports whether the plan replaces the conversation of the slot. An abandoned one is
// not given up: its attempt is repeated.
func (v *verdict) isReplaced(slot string) bool {
	return slices.ContainsFunc(v.plan.changes, func(c *change) bool {
		return c.action == replace && (v.bulk || c.address == slot) && stringOf(parts(c.prior.value)["deletion_policy"]) != "abandon"
	})
}

// judgeFilled checks that an adoption only filled empty fields.
func (v *verdict) judgeFilled(slot, id string, was, is meaning) {
	for field, value := range was {
		if value != "" && is[field] != value {
			v.fail("a conversation of others was overwritten", "%s is %s: %s was %q, and is %q", slot, id, field, value, is[field])
		}
	}
}

// judgeFoundOnes judges what a refresh adopts for open creates.
func (m *machine) judgeFoundOnes(before, refreshed map[string]instance, walk *walk) {
	now, heard, had, has := m.snapshot(), m.hearAdopted(walk), claimedIn(before), claimedIn(refreshed)
	creates := map[[2]string]int{}
	for _, conversation := range openEntries(before) {
		creates[meaningOfState(conversation).identity()]++
	}
	claimed := maps.Clone(had)
	maps.Copy(claimed, has)
	for id := range has {
		if id == "" || had[id] {
			continue
		}
		name := now[id].identity()
		m.judgeTaken("a refresh: it", id, heard[id], m.windows[name], m.sentAt[name], creates[name], now, claimed)
	}
}

// isLookAlike reports whether another user's conversation can't be told apart from the result of an open create: it
// has everything that the create has sent, and has appeared since.
func (v *verdict) isLookAlike(id string) bool {
	what := v.before[id]
	if _, existed := v.windows[what.identity()][id]; existed && v.strangers[id] {
		return false
	}
	return slices.ContainsFunc(openEntries(v.plan.refreshed), func(conversation tftypes.Value) bool {
		sent := meaningOfState(conversation)
		if sent.identity() != what.identity() || len(what.messages) > len(textsOf(conversation)) {
			return false
		}
		for field, wanted := range sent {
			if wanted != "" && what.meaning[field] != wanted {
				return false
			}
		}
		return true
	})
}

// isAmbiguity reports whether an error names conversations and says that a lost create may have made them or that
// they may belong to other users.
func (v *verdict) isAmbiguity(d *tfprotov6.Diagnostic) bool {
	if strings.Contains(d.Detail, "The warnings above name them") {
		return slices.ContainsFunc(v.walk.said["bulk"], func(other *tfprotov6.Diagnostic) bool { return other != d && v.isAmbiguity(other) })
	}
	for id := range v.after {
		if !v.strangers[id] && !v.isLost(id) {
			continue
		}
		if strings.Contains(d.Detail, id) && strings.Contains(d.Detail, "in the CRM may be it") {
			return true
		}
	}
	return false
}
