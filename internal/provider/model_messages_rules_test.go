package provider_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// judgeReadMessages compares the messages of a conversation that was read with what the
// CRM holds.
func (m *machine) judgeReadMessages(slot string, before, refreshed tftypes.Value, what held) {
	was, is := textsOf(before), textsOf(refreshed)
	claimed := map[string]bool{}
	for key, read := range is {
		if _, known := was[key]; !known {
			m.fail("a refresh invents a message", "%s: %s", slot, key)
		}
		if claimed[read.id] && read.id != "" {
			m.fail("one message is twice in the state", "%s: %s", slot, read.id)
		}
		claimed[read.id] = true
	}
	for key, knew := range was {
		read, known := is[key]
		id := knew.id
		if read.id != "" {
			id = read.id
		}
		held, exists := what.messages[id]
		if what.deleted {
			continue // the CRM may hide its messages
		}
		switch {
		case known && exists && (read.meaning() != held.meaning() || read.deleted != held.deleted):
			m.fail("the state has another message than the CRM", "%s: %s is %s deleted=%v,\n  in the CRM %s deleted=%v", slot, key, read, read.deleted, held, held.deleted)
		case known && read.id != "" && !exists:
			m.fail("a refresh keeps a message that is gone", "%s: %s", slot, key)
		case !known && exists:
			m.fail("a refresh loses a message", "%s: %s is %s", slot, key, id)
		case !known && id == "":
			for other, held := range what.messages {
				if !held.others && !held.deleted && !claimed[other] && held.meaning() == knew.meaning() {
					m.fail("a refresh forgets a message that was sent", "%s: %s is %s", slot, key, other)
				}
			}
		}
	}
}

// judgeMessages judges what an apply has done to messages.
func (v *verdict) judgeMessages() {
	for id, was := range v.before {
		is := v.after[id]
		for messageID, message := range was.messages {
			now, exists := is.messages[messageID]
			// If only white space differs, nothing distinguishes a message from one that was sent and lost.
			isSpelling := now.message != message.message && now.meaning() == message.meaning() && now.deleted == message.deleted
			isTaken := v.taken[id] && message.first // it is the same as a declared one: the adoption was told
			if message.others && now != message && !isSpelling && !isTaken && v.isKept(id) && !v.ofSecondEver[id] {
				v.fail("a message of others was changed", "%s in %s was %s deleted=%v, and is %s deleted=%v (%v)", messageID, id, message, message.deleted, now, now.deleted, exists)
			}
		}
	}
	claimed := map[string]string{}
	for _, address := range slices.Sorted(maps.Keys(v.core.state)) {
		is := v.core.state[address]
		conversations := entries(address, is.typeName, is.value)
		for _, slot := range slices.Sorted(maps.Keys(conversations)) {
			for key, message := range textsOf(conversations[slot]) {
				if other, twice := claimed[message.id]; twice && message.id != "" {
					v.fail("one message is twice in the state", "%s is %s and %s", message.id, other, slot+"."+key)
				}
				claimed[message.id] = slot + "." + key
			}
			id := stateID(conversations[slot])
			if what, exists := v.after[id]; exists && !what.deleted {
				v.judgeMessagesOf(address, slot, id, conversations[slot])
			}
		}
	}
}

// isKept reports whether the conversation still exists.
func (v *verdict) isKept(id string) bool {
	_, exists := v.after[id]
	return exists
}

// judgeMessagesOf judges the messages of one conversation in the state.
func (v *verdict) judgeMessagesOf(address, slot, id string, conversation tftypes.Value) {
	wanted, configured := v.slots[slot].messages(), v.slots[slot] != nil
	is, before, after := textsOf(conversation), v.before[id], v.after[id]
	prior := v.priorMessages(address, id)
	complaints := v.complaints(address, slot)
	if v.isUnread(intent{address: address, slot: slot, id: id}) {
		complaints = append(complaints, "not fully known")
	}
	well := configured && !v.hasFailed(intent{slot: slot}) && len(complaints) == 0
	// An adopted conversation without any of the sent messages was someone else's with the same number. The messages
	// stay unidentified until people say which ones they are.
	unidentified := slices.ContainsFunc(complaints, func(text string) bool {
		return strings.Contains(text, "the id of the message is not known") || strings.Contains(text, "can't find the message")
	})
	isAdopted := !slices.ContainsFunc(complaints, func(text string) bool {
		return !strings.HasPrefix(text, "Text Message Adopted") && !strings.HasPrefix(text, "Text Message No Longer Declared")
	})
	if v.harmless && v.undisturbed && !v.anyBad() && len(complaints) > 0 && !unidentified && !isAdopted {
		v.fail("writing messages goes wrong without a reason", "%s: %v", slot, complaints)
	}
	if well && len(is) != len(wanted) {
		v.fail("the messages are not what is declared", "%s has %v, declared is %v", slot, is, wanted)
	}
	claimed := map[string]bool{}
	for key, message := range is {
		claimed[message.id] = true
		want, declared := wanted[key]
		now, exists := after.messages[message.id]
		was, existed := before.messages[message.id]
		knew, owned := prior[message.id]
		switch {
		case message.id == "":
			// The error about a conversation that an undo could not delete also covers its messages.
			if _, wasOpen := v.openBefore(address, id)[message.meaning()]; !wasOpen && len(complaints) == 0 && !v.hasFailed(intent{slot: slot}) && (!v.isAdopted(id) || v.harmless && v.undisturbed) {
				v.fail("a message is not known, and nobody is told", "%s: %s", slot, key)
			}
		case !exists:
			if v.undisturbed || !existed && !owned {
				v.fail("the state has a message that is not in its conversation", "%s: %s is %s", slot, key, message.id)
			}
		case now.others && !owned && !v.isAdopted(id) && (existed || !declared || now.meaning() != want.meaning()):
			v.fail("a message of others is taken over", "%s: %s is %s", slot, key, message.id)
		case !declared || !owned && !well:
		case !owned:
			if now.deleted || now.meaning() != want.meaning() {
				v.fail("a new message is not what is declared", "%s: %s is %s deleted=%v, not %s", slot, key, now, now.deleted, want)
			}
		default:
			v.judgeChangedMessage(slot+"."+key, knew, was, now, want, well)
		}
	}
	v.judgeUnclaimedMessages(address, slot, id, claimed, is, prior, len(complaints) > 0 || !well)
}

// judgeChangedMessage judges what an apply has done to a message that the state had.
func (v *verdict) judgeChangedMessage(at string, knew stateMessage, was, now heldMessage, want message, well bool) {
	changes := !want.isSame(knew.message) || knew.deleted
	wanted := want // with what others have changed after the plan, and the plan has not: the next plan shows that
	if isSameText(want.content, knew.content) {
		wanted.content = was.content
	}
	if want.direction == knew.direction {
		wanted.direction = was.direction
	}
	isWanted := now.meaning() == wanted.meaning()
	conflict := !v.overwrites && changes && knew.content != "" && !want.isSame(knew.message) &&
		(differs(was.content, knew.content, want.content) || differs(was.direction, knew.direction, want.direction))
	switch {
	case conflict && (well || now != was):
		v.fail("a conflicting change of a message was overwritten, or not told", "%s was %s in the plan's state, %s in the CRM, is %s; declared is %s", at, knew, was, now, want)
	case !changes && now != was:
		v.fail("a message was changed that the plan leaves alone", "%s was %s, is %s", at, was, now)
	case changes && well && !isWanted:
		v.fail("a message is not what is declared", "%s is %s, declared is %s", at, now, want)
	case changes && !isWanted && now.message != was.message:
		v.fail("a failed update left a message that nobody wanted", "%s was %s, is %s; declared is %s", at, was, now, want)
	}
}

// differs reports whether others have changed a text that the plan changes, to a
// different one.
func differs(was, knew, want string) bool {
	return !isSameText(want, knew) && !isSameText(was, knew) && !isSameText(was, want)
}

// isSameText reports whether two texts differ at most in what the CRM may rewrite.
func isSameText(a, b string) bool {
	return message{content: a}.meaning().content == message{content: b}.meaning().content
}

// judgeUnclaimedMessages looks for messages that no key stands for: those that should
// have been deleted, and those that were created twice.
func (v *verdict) judgeUnclaimedMessages(address, slot, id string, claimed map[string]bool, is, prior map[string]stateMessage, told bool) {
	open := map[message]int{}
	for _, message := range is {
		if message.id == "" {
			open[message.meaning()]++
		}
	}
	for _, messageID := range slices.Sorted(maps.Keys(v.after[id].messages)) {
		now := v.after[id].messages[messageID]
		_, existed := v.before[id].messages[messageID]
		_, owned := prior[messageID]
		switch {
		case claimed[messageID] || now.deleted || now.others || v.strays[messageID]:
		case open[now.meaning()] > 0:
			open[now.meaning()]--
		case owned && !now.deleted:
			v.fail("a message was not deleted, and is in the state no more", "%s: %s", slot, messageID)
		case existed && v.wasOpened(address, id, now.meaning()):
			for newer := range claimed {
				_, old := v.before[id].messages[newer]
				if made := v.after[id].messages[newer]; newer != "" && !old && !made.others && made.meaning() == now.meaning() {
					v.fail("a message was made twice", "%s: %s is %s and %s", slot, now, messageID, newer)
				}
			}
			v.strays[messageID] = true // another message has its key now, or the key is gone
		case !existed && told:
			v.strays[messageID] = true
			v.log("  %s exists, as was told", messageID)
		case existed && v.before[id].messages[messageID] == now: // and was judged when it was made
		default:
			v.fail("a message exists that is not in the state", "%s: %s is %s", slot, messageID, now)
		}
	}
}

// priorMessages returns the messages of a conversation in the plan's prior state, by id.
func (v *verdict) priorMessages(address, id string) map[string]stateMessage {
	all := map[string]stateMessage{}
	for _, conversation := range entries(address, v.plan.refreshed[address].typeName, v.plan.refreshed[address].value) {
		if stateID(conversation) != id {
			continue
		}
		for _, message := range textsOf(conversation) {
			if message.id != "" {
				all[message.id] = message
			}
		}
	}
	return all
}

// openBefore returns how many messages of each meaning had no id in the plan's prior
// state.
func (v *verdict) openBefore(address, id string) map[message]int {
	all := map[message]int{}
	for _, conversation := range entries(address, v.plan.refreshed[address].typeName, v.plan.refreshed[address].value) {
		for _, message := range textsOf(conversation) {
			if stateID(conversation) == id && message.id == "" {
				all[message.meaning()]++
			}
		}
	}
	return all
}

func (v *verdict) wasOpened(address, id string, meaning message) bool {
	return v.openBefore(address, id)[meaning] > 0
}

// complaints returns the diagnostics about messages of a slot.
func (v *verdict) complaints(address, slot string) (all []string) {
	for _, d := range v.walk.said[address] {
		if strings.Contains(d.Summary, "Text Message") && !strings.Contains(d.Summary, "Conversation") && (!v.bulk || names(d, slot)) {
			all = append(all, d.Summary+": "+d.Detail)
		}
	}
	return all
}

// names reports whether a diagnostic names a key.
func names(d *tfprotov6.Diagnostic, key string) bool {
	return strings.Contains(d.Detail+d.Attribute.String(), `"`+key+`"`)
}

// awaitsMessages reports whether the state has messages that may not exist. The next plan
// looks for them.
func (m *machine) awaitsMessages() bool {
	for address, is := range m.core.state {
		for _, conversation := range entries(address, is.typeName, is.value) {
			for _, message := range textsOf(conversation) {
				if message.id == "" {
					return true
				}
			}
		}
	}
	return false
}
