package provider

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// keyless contains the conversations of a state that no key stands for any more. An entry under a new key may take
// one if the conversation equals everything that the configuration sets. An index by the fields that are set avoids
// comparing a thousand entries with a thousand conversations each. [keyless.takeNamesakes] handles entries that also
// change.
type keyless struct {
	numbers numbers
	free    []*freeConversation
	indexes map[setFields]map[string][]*freeConversation
}

type freeConversation struct {
	*ownedModel

	texts   map[string]string // see [conversationModel.texts]
	taken   bool
	inPlace *ownedModel // the plan of the entry under the same key, if that may stand for another one
}

// setFields are the [configurableFields] that an entry sets, one bit for each.
type setFields uint64

func (k *keyless) add(m *ownedModel) *freeConversation {
	added := &freeConversation{ownedModel: m, texts: m.texts(k.numbers)}
	k.free = append(k.free, added)
	return added
}

// mayMove reports whether an entry may take another conversation than the one under its key. That is so if its phone
// or number is unknown, if its phone changes, if its number is set for the first time, or if it changes and declares
// no number. planned is the plan that keeps the conversation under its key.
func (m *ownedModel) mayMove(planned, prior ownedModel) bool {
	return m.isBlind() || !sameReference(planned.PhoneID, prior.PhoneID) ||
		prior.RecipientPhoneNumber.IsNull() && !planned.RecipientPhoneNumber.IsNull() ||
		m.RecipientPhoneNumber.IsNull() && (m.isUnsure() || planned.differsFrom(prior))
}

// undecided returns the keys of the restless entries whose conversation can't be chosen yet, because some of their
// values are unknown or because an entry with unknown values may take the same conversation. The plan chooses none
// for them: the apply could find that it belongs to another entry.
func (k *keyless) undecided(config entries, restless map[string]*freeConversation, tried openCreates) map[string]bool {
	waiting := maps.Clone(config)
	maps.DeleteFunc(waiting, func(key string, entry *ownedModel) bool {
		_, isRestless := restless[key]
		return entry != nil && !isRestless
	})
	var isOpen, isBare, isVague bool // any conversation may be taken
	for _, entry := range waiting {
		isUnsure := entry == nil || entry.isUnsure()
		isVague = isVague || isUnsure
		isBare = isBare || entry != nil && entry.RecipientPhoneNumber.IsNull()
		isOpen = isOpen || entry == nil || entry.RecipientPhoneNumber.IsUnknown()
	}
	if !isVague || len(k.free) == 0 {
		return nil
	}
	// An entry without a number fits conversations with any number. If every entry has a number, each number is
	// decided separately.
	isOpen = isOpen || isBare
	groupOf := func(m *ownedModel) string {
		if isOpen || m == nil {
			return ""
		}
		return k.numbers.Canonical(m.RecipientPhoneNumber.ValueString())
	}
	wanted, held, vague := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, entry := range waiting {
		group := groupOf(entry)
		wanted[group]++
		vague[group] = vague[group] || entry == nil || entry.isUnsure()
	}
	for _, candidate := range k.free {
		held[groupOf(candidate.ownedModel)]++
	}
	undecided := map[string]bool{}
	for key, own := range restless {
		group := groupOf(config[key])
		others := held[group]
		if own != nil && groupOf(own.ownedModel) == group {
			others--
		}
		isAlone := wanted[group] == 1 && (own != nil && others == 0 || own == nil && others == 1 && len(tried) == 0 && config[key].mayExist())
		if vague[group] && held[group] > 0 && !isAlone {
			undecided[key] = true
		}
	}
	return undecided
}

// swapped returns the keys of entries that have exchanged their phones and numbers: each has taken those of the next,
// and the last one has taken those of the first. These entries also change otherwise, so only the exchange shows
// which conversations they stand for. keys are the entries that need a conversation, and tried are the creates whose
// outcome is unknown.
func (k *keyless) swapped(config entries, keys []string, moved map[string]*freeConversation, tried openCreates) map[string]bool {
	found := map[string]bool{}
	if len(moved) < 2 {
		return found // numbers are slow to parse
	}
	held, wanted := map[engine.Identity]int{}, map[engine.Identity]int{}
	for _, candidate := range k.free {
		if !candidate.taken && candidate.mayExist() {
			held[k.numbers.identityOf(candidate.conversationModel)]++
		}
	}
	for _, attempt := range tried {
		wanted[attempt.identity(k.numbers)]++
	}
	for _, key := range keys {
		if config[key].mayExist() {
			wanted[k.numbers.identityOf(config[key].conversationModel)]++
		}
	}
	from, to := map[engine.Identity]string{}, map[string]engine.Identity{} // keys by what they had, and what they get
	for _, key := range keys {
		own := moved[key]
		if own == nil || own.taken || !own.mayExist() || !config[key].mayExist() {
			continue
		}
		was, is := k.numbers.identityOf(own.conversationModel), k.numbers.identityOf(config[key].conversationModel)
		if held[was] == 1 && wanted[was] == 1 && held[is] == 1 && wanted[is] == 1 {
			from[was], to[key] = key, is
		}
	}
	for start := range to { // a cycle of keys returns to its first key
		next, isMoved := from[to[start]]
		for isMoved && next != start {
			next, isMoved = from[to[next]]
		}
		found[start] = isMoved
	}
	return found
}

// take returns the plan that gives the entry a conversation that equals what the entry declares, or will once it is
// restored. It returns nil if there is none. own is the conversation of an entry that may move.
func (k *keyless) take(config ownedModel, own *freeConversation) *ownedModel {
	if len(k.free) == 0 || config.hasUnknown() {
		return nil
	}
	set := config.setFields()
	wanted := set.text(config.texts(k.numbers))
	for _, candidate := range k.index(set)[wanted] {
		if candidate.taken || candidate == own || own != nil && !candidate.isBetterThan(own, config) {
			continue
		}
		planned, replace := k.numbers.planEntry(config, candidate.ownedModel)
		if replace || planned.hasUnknown() || len(planned.changedFields(k.numbers, &candidate.conversationModel)) > 0 || !planned.sameMessages(*candidate.ownedModel) {
			continue
		}
		return candidate.takenAs(planned, config)
	}
	return nil
}

// isBetterThan reports whether an entry may give up its own conversation for this one. This one must not need a restore.
// If it has a number, so must the own one, unless the entry declares the number.
func (c *freeConversation) isBetterThan(own *freeConversation, config ownedModel) bool {
	isNumbered := func(m conversationModel) bool { return !m.RecipientPhoneNumber.IsNull() }
	return !c.IsDeleted.ValueBool() && (!isNumbered(c.conversationModel) || isNumbered(own.conversationModel) || isNumbered(config.conversationModel))
}

// takenAs returns the plan for an entry that takes the conversation. The plan uses the spelling of the configuration:
// Terraform accepts no other spelling under a new key.
func (c *freeConversation) takenAs(planned, config ownedModel) *ownedModel {
	c.taken = true
	planned.spelledAs(config.conversationModel)
	planned.Messages = respelled(planned.Messages, config.Messages)
	return &planned
}

// index returns the conversations by the text of these fields.
func (k *keyless) index(set setFields) map[string][]*freeConversation {
	if index := k.indexes[set]; index != nil {
		return index
	}
	if len(k.indexes) == 0 { // so that planning twice gives the same plan
		slices.SortStableFunc(k.free, func(a, b *freeConversation) int {
			return cmp.Compare(a.texts[numberAttribute], b.texts[numberAttribute])
		})
	}
	index := make(map[string][]*freeConversation, len(k.free))
	for _, candidate := range k.free {
		text := set.text(candidate.texts)
		index[text] = append(index[text], candidate)
	}
	k.indexes[set] = index
	return index
}

func (m *conversationModel) setFields() (set setFields) {
	for i, field := range configurableFields {
		if !field.get(m).IsNull() {
			set |= 1 << i
		}
	}
	return set
}

// text returns the normalized values of the fields as one text.
func (set setFields) text(texts map[string]string) string {
	var parts []string
	for i, field := range configurableFields {
		if set&(1<<i) != 0 {
			parts = append(parts, texts[field.name])
		}
	}
	return strings.Join(parts, "|")
}

// isUnsure reports whether any value that the entry declares is unknown.
func (m *ownedModel) isUnsure() bool {
	return m.hasUnknown() || m.Messages.IsUnknown() || messagesFrom(m.Messages).haveUnknown()
}
