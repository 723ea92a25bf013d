package provider

import (
	"cmp"
	"slices"
	"strings"
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

	texts   map[string]string // see [conversationModel.texts]
	taken   bool
	inPlace *ownedModel // the plan of the entry under the same key, if that is displaced
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

// take returns the plan that gives the entry one of the conversations: one that is the
// same in everything, or will be when it is restored. It returns nil if there is none.
func (k *keyless) take(config ownedModel) *ownedModel {
	if len(k.free) == 0 || config.hasUnknown() {
		return nil
	}
	set := config.setFields()
	wanted := set.text(config.texts(k.numbers))
	for _, candidate := range k.index(set)[wanted] {
		if candidate.taken {
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
