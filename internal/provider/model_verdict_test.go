package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// A verdict is the judgement of one apply.
type verdict struct {
	*machine

	walk          *walk
	plan          *corePlan
	before, after snapshot // of the CRM
	harmless      bool     // no trouble that may have a visible effect
	undisturbed   bool     // no one did anything between plan and apply

	failed  map[string]bool   // by slot; nil for all
	claimed map[string]string // slot by id, in the state now
	isNew   map[string]bool   // slots for which a conversation is created
}

func (m *machine) judgeApply(v *verdict) {
	v.failed, v.claimed, v.isNew = v.failures(), map[string]string{}, map[string]bool{}
	for address, is := range m.core.state {
		for slot, conversation := range entries(address, is.typeName, is.value) {
			id := stateID(conversation)
			if other, twice := v.claimed[id]; twice && id != "" {
				m.fail("one conversation is twice in the state", "%s is %s and %s", id, other, slot)
			}
			v.claimed[id] = slot
			if _, exists := v.after[id]; !exists && id != "" && v.undisturbed {
				m.fail("the state has a conversation that never was", "%s is %s", slot, id)
			}
		}
	}
	touched := map[string]bool{}
	intents := m.intents(v.plan)
	for _, i := range intents {
		v.isNew[i.slot] = v.isNew[i.slot] || i.action == create
	}
	for _, i := range intents {
		touched[i.id] = true
		v.judgeIntent(i)
	}
	for _, id := range m.byName(v.before) {
		if _, claimed := v.claimed[id]; claimed && v.isLost(id) {
			delete(v.lost, id) // adopted
		} else if !touched[id] && !v.isAdopted(id) && !v.isRemoved(id) && !v.ofSecondEver[id] {
			v.isUntouched("a conversation that is not in the state was changed", id)
		}
	}
	v.keepPromises(intents)
	v.judgeNew(intents)
	v.judgeMessages()
	v.judgeStrangers(intents)
	v.closeWindows(intents)
	v.hearUndecided()
	v.judgeSecond()
	isLeft := slices.ContainsFunc(v.walk.said["bulk"], func(d *tfprotov6.Diagnostic) bool {
		return d.Summary == "Unable to Delete Text Message Conversations" // before it was to be created again
	})
	if v.harmless && v.isAllOrNothing() && v.walk.failed("bulk") && !isLeft && slices.ContainsFunc(slices.Collect(maps.Keys(v.claimed)), func(id string) bool { return id != "" }) {
		m.fail("all or nothing was neither", "%v", v.claimed)
	}
	if v.harmless && v.undisturbed && !v.anyBad() {
		for address, said := range v.walk.said {
			for _, d := range said {
				isOthersFault := strings.Contains(d.Detail, "because another conversation failed") && slices.ContainsFunc(said, v.isAmbiguity)
				if isError(d) && !v.walk.isOpen(address) && !v.isAmbiguity(d) && !isOthersFault && !strings.Contains(d.Detail, "the id of the message is not known") {
					m.fail("an apply fails without a reason", "%s: %s: %s", address, d.Summary, d.Detail)
				}
			}
		}
		m.judgeRead(m.core.state, m.core.state, true)
	}
}

// anyBad reports whether the CRM must refuse any declared conversation.
func (v *verdict) anyBad() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(v.slots)), declared.isBad)
}

// failures returns the slots that have an error, nil for all.
func (v *verdict) failures() map[string]bool {
	failed := map[string]bool{}
	if v.walk.stopped.Load() {
		return nil
	}
	if !v.bulk {
		for address := range v.walk.said {
			failed[address] = v.walk.failed(address)
		}
		return failed
	}
	is, exists := v.core.state["bulk"]
	if exists {
		for key := range parts(parts(is.value)["failed"]) {
			failed[key] = true
		}
	}
	isNotDeleted := slices.ContainsFunc(v.walk.said["bulk"], func(d *tfprotov6.Diagnostic) bool {
		return isError(d) && strings.Contains(d.Detail, "The CRM may still have conversations of this resource")
	})
	if v.walk.failed("bulk") && (len(failed) == 0 || isNotDeleted) { // then nothing is created either
		return nil
	}
	if len(failed) > 0 && len(v.walk.said["bulk"]) == 0 && v.acts() {
		v.fail("something failed, and nobody is told", "%v", slices.Sorted(maps.Keys(failed)))
	}
	return failed
}

// isOpen reports whether a conversation could not be deleted because people have to decide whose it is: a lost create
// or another user may have made it.
func (w *walk) isOpen(address string) bool {
	return slices.ContainsFunc(w.said[address], func(d *tfprotov6.Diagnostic) bool {
		return isError(d) && strings.Contains(d.Summary, "Unable to Delete") && strings.Contains(d.Detail, "in the CRM may be it") && stateID(w.state[address].value) == ""
	})
}

// isAllOrNothing reports whether the plan creates the bulk resource with rollback_method
// = 0.
func (v *verdict) isAllOrNothing() bool {
	if !v.bulk || len(v.plan.changes) == 0 || v.settings["rollback_method"] == 1 {
		return false
	}
	does := v.plan.changes[0].action
	return does == create || does == replace
}

// acts reports whether the plan changes the bulk resource.
func (v *verdict) acts() bool {
	return slices.ContainsFunc(v.plan.changes, func(c *change) bool { return c.action != noop })
}

func (v *verdict) hasFailed(i intent) bool {
	return v.failed == nil || v.failed[i.slot] || v.failed[i.slot+" (replaced)"]
}

func (v *verdict) isUntouched(rule, id string) {
	was, is := v.before[id], v.after[id]
	if m := v.machine; m.bumps && !maps.Equal(was.messages, is.messages) {
		was.revision = is.revision
	}
	if was.revision != is.revision || was.deleted != is.deleted || !maps.Equal(was.meaning, is.meaning) {
		v.fail(rule, "%s was %v %s deleted=%v,\n  and is %v %s deleted=%v", id, was.meaning, was.revision, was.deleted, is.meaning, is.revision, is.deleted)
	}
}

func (v *verdict) judgeIntent(i intent) {
	was, existed := v.before[i.id]
	is, exists := v.after[i.id]
	failed := v.hasFailed(i)
	if _, claimed := v.claimed[i.id]; !claimed && exists && !is.deleted && i.id != "" && i.action != abandon {
		v.fail("a conversation is forgotten", "%s was %s", i.slot, i.id)
	}
	switch i.action {
	case noop, abandon:
		v.isUntouched("a conversation was changed though nothing of it was planned to change", i.id)
	case destroy:
		if v.bulk && v.failed[i.slot] && v.isNew[i.slot] && existed && !was.deleted && (!exists || is.deleted) {
			v.fail("a conversation was deleted before there was another in its place", "%s of %s", i.id, i.slot)
		}
		if v.harmless && v.failed[i.slot] && !v.isNew[i.slot] && (!existed || was.deleted) {
			v.fail("deleting what is gone is an error", "%s of %s", i.id, i.slot)
		}
		if !failed && exists && !is.deleted {
			v.fail("a conversation was not deleted", "%s of %s", i.id, i.slot)
		}
		if exists && !is.deleted && !maps.Equal(was.meaning, is.meaning) {
			v.fail("a conversation that is to be deleted was changed", "%s of %s is %s", i.id, i.slot, is.meaning)
		}
	case create:
		v.judgeCreated(i, failed)
	case update:
		switch {
		case failed:
		case !existed:
			v.fail("an update of what is gone passes for done", "%s of %s", i.id, i.slot)
		case is.deleted:
			v.fail("an update of what is deleted passes for done", "%s of %s", i.id, i.slot)
		}
		for _, field := range allFields {
			v.judgeField(i, field, was.meaning, is.meaning, failed)
		}
		for record, link := range was.links {
			if now, linked := is.links[record]; linked && now != link {
				v.fail("a link that stays was made anew", "%s of %s", record, i.slot)
			}
		}
	}
}

func (v *verdict) judgeCreated(i intent, failed bool) {
	if failed {
		return
	}
	id := ""
	for claimed, slot := range v.claimed {
		if slot == i.slot && claimed != "" {
			id = claimed
		}
	}
	is, exists := v.after[id]
	if _, old := v.before[id]; id == "" || old && !v.isLost(id) && !v.isAdopted(id) || !exists || is.deleted {
		v.fail("a conversation was not created", "%s is %s", i.slot, v.nameOf(id))
	}
	for _, field := range allFields {
		wanted := i.wants[field]
		_, declared := i.wants[field]
		if v.isAdopted(id) && v.isUnread(intent{address: i.address, slot: i.slot, id: id}) {
			continue // it could not be filled, and a diagnostic said so
		}
		if is.meaning[field] != wanted && (declared || !v.isMatched(i, field, is.meaning[field]) && !v.isAdopted(id)) {
			v.fail("a new conversation is not what is declared", "%s: %s is %q, not %q", i.slot, field, is.meaning[field], wanted)
		}
	}
}

// isMatched reports whether the CRM may have found a recipient by the number.
func (v *verdict) isMatched(i intent, field, value string) bool {
	return field == "recipient_contact_id" && value == shortName[ada] && i.wants[number] == digitsOf(adasNumber)
}

// judgeField judges a field of an existing conversation after the apply.
func (v *verdict) judgeField(i intent, field string, held, got map[string]string, failed bool) {
	wanted, declared := i.wants[field]
	planned := declared && slices.Contains(i.changes(), field)
	was, is := held[field], got[field]
	describe := func() string {
		return fmt.Sprintf("%s (%s): %s was %q in the plan's state, %q in the CRM before the apply, is %q; declared is %q (%v)",
			i.slot, i.id, field, i.before[field], was, is, wanted, declared)
	}
	_, tracked := i.before[field] // an entry of a map does not track what it omits
	conflict := !v.overwrites && planned && tracked && was != i.before[field] && was != wanted
	switch {
	case conflict && (!failed || is != was):
		v.fail("a conflicting change of others was overwritten, or not told", "%s", describe())
	case is == was && (failed || !planned):
	case is == wanted && planned:
	case !planned && was == "" && v.isMatched(i, field, is) && slices.Contains(i.changes(), number):
	case !planned:
		v.fail("a field was changed that the plan leaves alone", "%s", describe())
	case !failed && !v.isUnread(i):
		v.fail("a field is not what is declared", "%s", describe())
	case !isBetween(is, was, wanted):
		v.fail("a failed update left something that nobody wanted", "%s", describe())
	}
}

// isUnread reports whether a warning said that the conversation could not be read back.
// Links that a merging CRM has kept are not removed then: the next plan shows them.
func (v *verdict) isUnread(i intent) bool {
	return slices.ContainsFunc(v.walk.said[i.address], func(d *tfprotov6.Diagnostic) bool {
		return d.Summary == "Text Message Conversation Not Fully Known" && (strings.Contains(d.Detail, i.id) || v.bulk && names(d, i.slot))
	})
}

// isBetween reports whether links are between one set and another: a merging CRM has
// added the new ones and not yet removed the old ones.
func isBetween(is, was, wanted string) bool {
	set := func(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == '+' }) }
	for _, link := range set(is) {
		if !slices.Contains(set(was), link) && !slices.Contains(set(wanted), link) {
			return false
		}
	}
	for _, link := range set(was) {
		if slices.Contains(set(wanted), link) && !slices.Contains(set(is), link) {
			return false
		}
	}
	return true
}

// judgeNew looks for conversations that are in no state. That is allowed if a diagnostic said that the conversation
// may exist, because the reply to its create was lost and every search failed. With rollback_method = 0, deleted
// conversations may be left too.
func (v *verdict) judgeNew(intents []intent) {
	excused := map[string]bool{}
	for _, id := range v.byName(v.after) {
		_, old := v.before[id]
		_, claimed := v.claimed[id]
		what := v.after[id]
		if old || claimed || v.strangers[id] || what.deleted && v.isAllOrNothing() && v.walk.failed("bulk") {
			continue
		}
		told := slices.IndexFunc(intents, func(i intent) bool {
			return i.action == create && !excused[i.slot] && v.isTold(i) &&
				i.wants[phones.field] == what.meaning[phones.field] && i.wants[number] == what.meaning[number]
		})
		if told < 0 {
			v.fail("a conversation was created that is not in the state", "%s: %s deleted=%v", id, what.meaning, what.deleted)
		}
		slot := intents[told].slot
		excused[slot], v.lost[id] = true, ""
		if v.isSaid(intents[told], "adopts it if it is there") {
			v.lost[id] = slot
		}
		v.log("  %s exists, as was told", id)
	}
}

// isTold reports whether a diagnostic said that the conversation may exist.
func (v *verdict) isTold(i intent) bool {
	return v.isSaid(i, "may or may not have been created") || v.isSaid(i, "in the CRM may be it")
}

// isSaid reports whether a diagnostic about the conversation contains this text.
func (v *verdict) isSaid(i intent, what string) bool {
	return slices.ContainsFunc(v.walk.said[i.address], func(d *tfprotov6.Diagnostic) bool {
		return strings.Contains(d.Detail, what) &&
			(!v.bulk || strings.Contains(d.Detail+d.Attribute.String(), fmt.Sprintf("%q", i.slot)))
	})
}

// isAdopted reports whether a warning said that the conversation was adopted for an earlier attempt. It may still
// belong to someone else, if only the phone and the number identify it.
func (v *verdict) isAdopted(id string) bool {
	said := slices.Concat(slices.Collect(maps.Values(v.walk.said))...)
	return slices.ContainsFunc(said, func(d *tfprotov6.Diagnostic) bool {
		return d.Summary == "Text Message Conversation Adopted" && strings.Contains(d.Detail, id)
	})
}

// isRemoved reports whether a lost conversation was found and only deleted.
func (v *verdict) isRemoved(id string) bool {
	was, is := v.before[id], v.after[id]
	return (v.isLost(id) || v.isLookAlike(id)) && is.deleted && maps.Equal(was.meaning, is.meaning)
}

// isLost reports whether the conversation was created by a lost create.
func (m *machine) isLost(id string) bool {
	_, lost := m.lost[id]
	return lost
}

// keepPromises checks that a conversation that had to be adopted was adopted, if that was possible. A promise is
// valid as long as the plan creates the same conversation there.
func (v *verdict) keepPromises(intents []intent) {
	for id, slot := range v.lost {
		what := v.before[id]
		waits := func(i intent) bool {
			return i.slot == slot && i.action == create && v.plan.changes[0].action == update &&
				i.wants[phones.field] == what.meaning[phones.field] && i.wants[number] == what.meaning[number]
		}
		n := slices.IndexFunc(intents, waits)
		switch {
		case n < 0 || what.deleted:
			v.lost[id] = ""
		case !v.hasFailed(intents[n]):
			v.fail("a lost conversation was to be adopted, and another was created", "%s of %s", id, slot)
		}
	}
}
