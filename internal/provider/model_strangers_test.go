package provider_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Strangers' conversations are those that somebody else makes, by an incoming message
// or otherwise, also of a phone and number that is declared. They are never
// overwritten and never deleted. One that agrees with a lost create in all that it
// holds, and that was made since, may be taken for it: with a warning, where there is
// just the one.

// bySender marks the message that started a conversation of others.
const bySender = bySID + ", the first"

// incoming returns the act of somebody who sends a message, often to a phone and from a
// number that are declared.
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

// incomingIn lets a message come in while a request that a fault hits is on its way.
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

// A window is what the CRM held before a create whose outcome is open: none of that
// can be what it has made.
type window map[string]held

// hear takes note of warnings of adoption, and returns the ids that they name.
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

// openEntries returns the entries of a state that wait for the outcome of a create.
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

// closeWindows forgets the windows of creates that are open no more, and keeps those of
// creates that are, since before the first attempt.
func (v *verdict) closeWindows(intents []intent) {
	names := map[[2]string]bool{} // true: the earlier attempt was given up
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
		}
	}
	v.windows = open
}

// hearUndecided takes note of the conversations of which the provider can't tell whose
// they are.
func (v *verdict) hearUndecided() {
	v.undecided = nil
	for _, said := range v.walk.said {
		for _, d := range said {
			for _, id := range v.byName(v.after) {
				if strings.Contains(d.Detail, "in the CRM may be it") && strings.Contains(d.Detail, id) {
					v.undecided = append(v.undecided, id)
				}
			}
		}
	}
}

// decide does what the provider asks for then: it deletes in the CRM what nobody needs.
// It reports whether there is anything to apply again.
func (m *machine) decide() bool {
	now, decided := m.snapshot(), len(m.undecided) > 0
	for _, id := range m.undecided {
		if now[id].deleted || !m.strangers[id] {
			continue
		}
		if err := m.crm.SoftDelete(conversations, id); err != nil {
			m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
		}
		m.log("decide that nobody needs %s", m.nameOf(id))
	}
	return decided
}

// judgeTaken judges that a state takes over a conversation whose creation was not seen.
// known is what the CRM held before the first attempt, and creates is how many creates
// of that phone and number are open.
func (m *machine) judgeTaken(slot, id string, heard bool, known window, creates int, now snapshot, claimed map[string]bool) {
	what := now[id]
	if m.strangers[id] && !heard {
		m.fail("a conversation of others is taken over, and nobody is told", "%s is %s", slot, id)
	}
	if old, existed := known[id]; existed && m.strangers[id] && (old.revision == what.revision || len(old.messages) > 0 || len(old.links) > 0) {
		m.fail("an old conversation of others is taken over", "%s is %s", slot, id)
	}
	if m.respells || creates > 1 {
		return // the names of numbers say too little
	}
	for _, other := range m.byName(now) {
		if other == id {
			break // what is younger may have come later
		}
		rival := now[other]
		if _, existed := known[other]; !existed && !rival.deleted && !claimed[other] && rival.identity() == what.identity() {
			m.fail("one of several conversations is taken for a lost create", "%s is %s, and may be %s", slot, id, other)
		}
	}
}

// judgeStrangers judges what an apply did to conversations of others.
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
			known := v.windows[name]
			if known == nil || v.isReplaced(slot) { // then the earlier attempt is given up
				known = window(v.before)
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
			v.judgeTaken(slot, id, heard[id], known, creates, v.after, claims)
			if v.strangers[id] && existed {
				v.judgeFilled(slot, id, was.meaning, is.meaning)
			}
		}
	}
}

// isReplaced reports whether the plan replaces what has the slot.
func (v *verdict) isReplaced(slot string) bool {
	return slices.ContainsFunc(v.plan.changes, func(c *change) bool { return c.action == replace && (v.bulk || c.address == slot) })
}

// judgeFilled checks that taking over filled at most what was empty.
func (v *verdict) judgeFilled(slot, id string, was, is meaning) {
	for field, value := range was {
		if value != "" && is[field] != value {
			v.fail("a conversation of others was overwritten", "%s is %s: %s was %q, and is %q", slot, id, field, value, is[field])
		}
	}
}

// judgeFoundOnes judges what a refresh takes over for creates whose outcome was open.
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
		m.judgeTaken("a refresh: it", id, heard[id], m.windows[name], creates[name], now, claimed)
	}
}

// isLookAlike reports whether a conversation of others has all that an open create of the
// state has sent, and was made since: nothing tells the two apart.
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

// isAmbiguity reports whether an error tells that conversations may be that of a lost
// create, and may be those of others, and names them.
func (v *verdict) isAmbiguity(d *tfprotov6.Diagnostic) bool {
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
