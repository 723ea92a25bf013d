package provider

import (
	"cmp"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// keyless are the conversations of a state that no key stands for any more. An entry
// under a new key may take one, if it is the same in everything that the configuration
// sets. An index finds them by those fields, so that a thousand entries don't look at a
// thousand conversations each. For those that change too, see [keyless.takeNamesakes].
type keyless struct {
	numbers numbers
	free    []*freeConversation
	indexes map[setFields]map[string][]*freeConversation
}

type freeConversation struct {
	*ownedModel

	texts    map[string]string // see [conversationModel.texts]
	taken    bool
	isUnsure bool        // the entry under the same key may turn out to keep it
	inPlace  *ownedModel // the plan of the entry under the same key, see [keyless.addMoved]
}

// setFields are those of the [configurableFields] that an entry sets, one bit each.
type setFields uint64

func newKeyless(n numbers) *keyless {
	return &keyless{numbers: n, indexes: map[setFields]map[string][]*freeConversation{}}
}

func (k *keyless) add(m *ownedModel) *freeConversation {
	added := &freeConversation{ownedModel: m, texts: m.texts(k.numbers)}
	k.free = append(k.free, added)
	return added
}

// addMoved adds the conversations of entries that keep their key, and that may stand for another conversation
// all the same, as those of a list do if its head is new: they get another phone or a first number, or they
// change and declare no number. It takes them out of the plan. An entry goes on with its own conversation unless
// it is the same as another one, or another entry is the same as that.
func (k *keyless) addMoved(config, prior, planned entries) map[string]*freeConversation {
	moved := map[string]*freeConversation{}
	for _, key := range planned.keys() {
		next, was := planned[key], prior[key]
		if next == nil || config[key].hasUnknown() {
			continue
		}
		if next.isElsewhere(was) || config[key].RecipientPhoneNumber.IsNull() && next.differsFrom(*was) {
			moved[key] = k.add(was)
			moved[key].inPlace = next
			delete(planned, key)
		}
	}
	return moved
}

// isElsewhere reports whether a plan gives a conversation another phone, or a first number.
func (m *ownedModel) isElsewhere(prior *ownedModel) bool {
	return !sameReference(m.PhoneID, prior.PhoneID) || prior.RecipientPhoneNumber.IsNull() && !m.RecipientPhoneNumber.IsNull()
}

// unsettled returns the keys of entries that are planned with the conversation under their key, but may turn out
// to stand for another one, or to give it to another entry, when all of the configuration is known. needy are the
// keys that need a conversation.
func (k *keyless) unsettled(config, prior, planned entries, needy []string) (keys []string) {
	isVague, isOpen := false, false
	for key, entry := range config {
		isUnsure := entry == nil || entry.isUnsure()
		isBare := entry != nil && entry.RecipientPhoneNumber.IsNull()
		isVague = isVague || isUnsure
		isOpen = isOpen || entry == nil || entry.RecipientPhoneNumber.IsUnknown() || isBare && isUnsure
		if next := planned[key]; next != nil && (entry.isBlind() || next.isElsewhere(prior[key]) || isBare && (isUnsure || next.differsFrom(*prior[key]))) {
			keys = append(keys, key)
		}
	}
	if isAlone := len(keys) == 1 && len(k.free)+len(needy) == 0; !isVague || isAlone || len(keys) == 0 {
		return nil
	}
	users := map[string]map[string]bool{} // keys, by number
	note := func(key string, entry *ownedModel) {
		if entry == nil || !isKnown(entry.RecipientPhoneNumber) {
			return
		}
		number := k.numbers.Canonical(entry.RecipientPhoneNumber.ValueString())
		if users[number] == nil {
			users[number] = map[string]bool{}
		}
		users[number][key] = true
	}
	for _, all := range []entries{config, prior} {
		for key, entry := range all {
			note(key, entry)
		}
	}
	shared := map[string]bool{}
	for _, keys := range users {
		for key := range keys {
			shared[key] = shared[key] || len(keys) > 1
		}
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return !isOpen && !shared[key] })
	slices.Sort(keys)
	return keys
}

// swapped returns the keys of entries that have moved to the phone and the number of another one that has moved,
// while another one has moved to theirs. They change too, so only that tells which conversations they stand for.
// keys are all that need a conversation, and tried the creates whose outcome is not known.
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
	for start := range to { // a round of keys comes back to the first one
		next, isMoved := from[to[start]]
		for isMoved && next != start {
			next, isMoved = from[to[next]]
		}
		found[start] = isMoved
	}
	return found
}

// take returns the plan that gives the entry one of the conversations: one that is the
// same in everything, or will be when it is restored. It returns nil if there is none. own is the
// conversation of an entry that has moved: only one that need not be restored is better.
func (k *keyless) take(config ownedModel, own *freeConversation) *ownedModel {
	if len(k.free) == 0 || config.hasUnknown() {
		return nil
	}
	set := config.setFields()
	wanted := set.text(config.texts(k.numbers))
	for _, candidate := range k.index(set)[wanted] {
		if candidate.taken || candidate.isUnsure || candidate == own || own != nil && candidate.IsDeleted.ValueBool() {
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

// takenAs returns the plan of the conversation for an entry that takes it, written as the
// configuration does: under a new key, Terraform knows no other spelling.
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

// text returns the meanings of the fields as one text.
func (set setFields) text(texts map[string]string) string {
	var parts []string
	for i, field := range configurableFields {
		if set&(1<<i) != 0 {
			parts = append(parts, texts[field.name])
		}
	}
	return strings.Join(parts, "|")
}
