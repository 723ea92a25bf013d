package provider_test

import (
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// An intent is what a plan does with one conversation.
type intent struct {
	address, slot string
	action        action
	id            string  // empty for a create
	before        meaning // in the state
	wants         meaning // the declared values
}

// abandon is the action that only forgets a conversation.
const abandon action = "abandon"

// changes returns the fields that the plan changes, sorted.
func (i intent) changes() (fields []string) {
	for field, wanted := range i.wants {
		if was, known := i.before[field]; !known || was != wanted {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

func stateID(conversation tftypes.Value) string { return stringOf(parts(conversation)["id"]) }

// entries returns the conversations of a resource by their slots.
func entries(address, typeName string, v tftypes.Value) map[string]tftypes.Value {
	switch {
	case v.IsNull():
		return nil
	case typeName == singleType:
		return map[string]tftypes.Value{address: v}
	}
	return parts(parts(v)["conversations"])
}

// removal returns the action of a removal under this policy.
func removal(v tftypes.Value) action {
	if stringOf(parts(v)["deletion_policy"]) == "abandon" {
		return abandon
	}
	return destroy
}

// intents returns the intents of a plan.
func (m *machine) intents(plan *corePlan) (all []intent) {
	for _, c := range plan.changes {
		var prior map[string]tftypes.Value
		var policy tftypes.Value // the policy in the state counts
		if c.prior != nil {
			prior, policy = entries(c.address, c.typeName, c.prior.value), c.prior.value
		}
		byID := map[string]tftypes.Value{}
		for _, conversation := range prior {
			byID[stateID(conversation)] = conversation
		}
		kept := map[string]bool{"": true}
		planned := entries(c.address, c.typeName, c.planned)
		for _, slot := range slices.Sorted(maps.Keys(planned)) {
			i := intent{address: c.address, slot: slot, action: create, id: stateID(planned[slot]), wants: m.slots[slot].meaning()}
			if i.id != "" {
				i.action, i.before = noop, meaningOfState(byID[i.id])
				if kept[i.id] {
					m.fail("a plan has one conversation twice", "%s in %s", i.id, slot)
				}
				kept[i.id] = true
				if len(i.changes()) > 0 || isTrue(parts(byID[i.id])["is_deleted"]) {
					i.action = update
				}
			}
			all = append(all, i)
		}
		for _, slot := range slices.Sorted(maps.Keys(prior)) {
			if id := stateID(prior[slot]); !kept[id] {
				all = append(all, intent{address: c.address, slot: slot, action: removal(policy), id: id, before: meaningOfState(prior[slot])})
			}
		}
	}
	return all
}

func isTrue(v tftypes.Value) bool {
	var b bool
	return v.Type() != nil && v.IsKnown() && !v.IsNull() && v.As(&b) == nil && b
}

// judgeRefresh compares what was read with the CRM.
func (m *machine) judgeRefresh(before, refreshed map[string]instance) {
	m.judgeRead(before, refreshed, false)
}

// judgeRead does the same as judgeRefresh, also for a state after an apply. There, a
// conversation may have its revision from before its messages were written.
func (m *machine) judgeRead(before, refreshed map[string]instance, applied bool) {
	now := m.snapshot()
	for address, was := range before {
		is, there := refreshed[address]
		var read map[string]tftypes.Value
		if there {
			read = entries(address, is.typeName, is.value)
		}
		for slot, conversation := range entries(address, was.typeName, was.value) {
			id := stateID(conversation)
			actual, known := read[slot]
			what, exists := now[id]
			switch {
			case id == "":
				m.judgeFound(slot, conversation, actual, now)
			case !exists:
				if known {
					m.fail("a refresh keeps what is gone", "%s is still %s", slot, m.nameOf(id))
				}
			case !known:
				m.fail("a refresh loses a conversation", "%s was %s", slot, m.nameOf(id))
			default:
				if m.bumps && applied && len(what.messages) > 0 {
					what.revision = revisionOf(actual)
				}
				m.compareState(slot, actual, id, what)
				m.judgeReadMessages(slot, conversation, actual, what)
			}
		}
	}
}

// judgeFound judges the refresh of a conversation without an id. The conversation stays without an id, or gets the id
// of a conversation that a lost create may have made and that contradicts nothing.
func (m *machine) judgeFound(slot string, sent, actual tftypes.Value, now snapshot) {
	id := stateID(actual)
	what, exists := now[id]
	switch {
	case actual.Type() == nil || actual.IsNull() || id != "" && !exists:
		m.fail("a refresh changes an entry that could not be created yet", "%s: %s", slot, text(actual))
	case id == "":
		return
	}
	for field, wanted := range meaningOfState(sent) {
		if is := what.meaning[field]; is != wanted && is != "" && wanted != "" {
			m.fail("a refresh adopts a stranger's conversation", "%s: %s of %s is %q, not %q", slot, field, id, is, wanted)
		}
	}
	m.compareState(slot, actual, id, what)
}

// compareState compares a conversation in the state with the CRM's.
func (m *machine) compareState(slot string, state tftypes.Value, id string, what held) {
	wants := maps.Clone(what.meaning)
	got := meaningOfState(state)
	if isPart(state) {
		maps.DeleteFunc(wants, func(field, _ string) bool { _, shown := got[field]; return !shown })
		what.revision = revisionOf(state)
	}
	if stateID(state) != id || !maps.Equal(got, wants) {
		m.fail("the state is not what the CRM holds", "%s: the state has %s %s,\n  the CRM %s %s", slot, stateID(state), got, id, what.meaning)
	}
	if revision := revisionOf(state); revision != what.revision || isTrue(parts(state)["is_deleted"]) != what.deleted {
		m.fail("the state is not what the CRM holds", "%s: the revision is %s, in the CRM %s; deleted %v", slot, revision, what.revision, what.deleted)
	}
}

func revisionOf(state tftypes.Value) string {
	v := parts(state)["revision"]
	if v.Type() == nil || !v.IsKnown() || v.IsNull() {
		return text(v)
	}
	var n big.Float
	_ = v.As(&n)
	return n.Text('f', 0)
}

// judgePlan compares a plan with what is declared.
func (m *machine) judgePlan(plan *corePlan) {
	m.intents(plan) // no conversation occurs twice
	for _, c := range plan.changes {
		var prior map[string]tftypes.Value
		if c.prior != nil && !c.prior.tainted {
			prior = entries(c.address, c.typeName, c.prior.value)
		}
		planned := entries(c.address, c.typeName, c.planned)
		_, configured := m.config()[c.address]
		if configured && len(planned) != len(m.slots) && m.bulk {
			m.fail("the plan is not what is declared", "%s", text(c.planned))
		}
		for slot, conversation := range planned {
			m.judgePlanned(slot, conversation, prior, planned)
		}
		m.judgeRenamed(planned, prior)
		if wanted := m.wantedAction(c); c.action != wanted {
			m.fail("the plan is not what is needed", "%s is planned as %s, needed is %s", c.address, c.action, wanted)
		}
	}
}

// judgePlanned checks that a conversation is kept if that is possible, and that its
// revision is unknown exactly if it changes.
func (m *machine) judgePlanned(slot string, planned tftypes.Value, prior, all map[string]tftypes.Value) {
	wants := m.slots[slot].meaning()
	id := stateID(planned)
	if was, ok := prior[slot]; ok && stateID(was) != "" && !isAnother(wants, meaningOfState(was)) && stateID(was) != id && !m.isTaken(was, all) && !isDeclaredByID(id, wants, prior) {
		m.fail("the plan gives up a conversation that could stay", "%s was %s", slot, stateID(was))
	}
	if id == "" {
		return
	}
	for _, was := range prior {
		if stateID(was) != id {
			continue
		}
		changes := len(intent{before: meaningOfState(was), wants: wants}.changes()) > 0 || isTrue(parts(was)["is_deleted"])
		if unknown := !parts(planned)["revision"].IsKnown(); unknown != changes && !isPart(planned) {
			m.fail("the revision is unknown where nothing changes, or known where something does", "%s: %s", slot, text(planned))
		}
	}
}

// isDeclaredByID reports whether the conversation with this id has the declared phone and number.
func isDeclaredByID(id string, wants meaning, prior map[string]tftypes.Value) bool {
	for _, was := range prior {
		if id != "" && stateID(was) == id {
			return meaningOfState(was).identity() == wants.identity()
		}
	}
	return false
}

// isTaken reports whether the plan gives the conversation to an entry that declares its phone and, if it
// declares a number, its number.
func (m *machine) isTaken(was tftypes.Value, planned map[string]tftypes.Value) bool {
	for slot, conversation := range planned {
		if stateID(conversation) == stateID(was) {
			wants, is := m.slots[slot].meaning().identity(), meaningOfState(was).identity()
			return wants == is || wants[0] == is[0] && wants[1] == ""
		}
	}
	return false
}

// judgeRenamed checks that a map does not remove a conversation and create another one with the same phone and
// number, if there is only one of each.
func (m *machine) judgeRenamed(planned, prior map[string]tftypes.Value) {
	created, removed := map[[2]string][]string{}, map[[2]string][]string{}
	kept := map[string]bool{"": true}
	for slot, conversation := range planned {
		id := stateID(conversation)
		kept[id] = true
		if of := m.slots[slot].meaning().identity(); id == "" && of[1] != "" {
			created[of] = append(created[of], slot)
		}
	}
	for slot, conversation := range prior {
		if !kept[stateID(conversation)] {
			of := meaningOfState(conversation).identity()
			removed[of] = append(removed[of], slot)
		}
	}
	for of, slots := range created {
		if _, isOpen := m.windows[of]; !isOpen && len(slots) == 1 && len(removed[of]) == 1 {
			m.fail("the plan gives up a conversation that only has another key", "%s was %s", slots[0], removed[of][0])
		}
	}
}

// isAnother reports whether only a new conversation can be the declared one.
func isAnother(wants, is meaning) bool {
	wanted, set := wants[number]
	return set && is[number] != "" && is[number] != wanted
}

// wantedAction returns the action that the plan must have for a resource.
func (m *machine) wantedAction(c *change) action {
	block, configured := m.config()[c.address]
	switch {
	case !configured:
		return destroy
	case c.prior == nil:
		return create
	case c.prior.tainted:
		return replace
	}
	before := parts(c.prior.value)
	for _, setting := range []string{"deletion_policy", "rollback_method"} {
		if was, ok := before[setting]; ok && !same(was, parts(block.value)[setting]) && !m.replaces(c) {
			return update
		}
	}
	switch {
	case m.replaces(c):
		return replace
	case same(c.prior.value, c.planned):
		prior := entries(c.address, c.typeName, c.prior.value)
		for slot, d := range m.slots {
			if !m.bulk && slot != c.address {
				continue
			}
			was, ok := prior[slot]
			if !ok || stateID(was) == "" || isTrue(parts(was)["is_deleted"]) || len(intent{before: meaningOfState(was), wants: d.meaning()}.changes()) > 0 || d.messagesDiffer(was) {
				return update
			}
		}
		return noop
	case m.bulk:
		return update
	}
	if len(intent{before: meaningOfState(c.prior.value), wants: m.slots[c.address].meaning()}.changes()) > 0 || isTrue(before["is_deleted"]) ||
		m.slots[c.address].messagesDiffer(c.prior.value) {
		return update
	}
	for _, r := range recipients { // core does not accept a null for a configured ""
		if before[r.field].IsNull() && !parts(block.value)[r.field].IsNull() {
			return update
		}
	}
	return noop
}

func (m *machine) replaces(c *change) bool {
	return !m.bulk && isAnother(m.slots[c.address].meaning(), meaningOfState(c.prior.value))
}
