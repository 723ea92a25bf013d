package provider

import (
	"cmp"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

func (n numbers) identify(m conversationModel) engine.Identity {
	return engine.Identity{Place: reference(m.PhoneID), Name: n.Canonical(m.RecipientPhoneNumber.ValueString())}
}

// unclaimed are the conversations of a state that their keys stand for no more. An
// entry under a new key may take one, if it is the same in everything that the
// configuration sets. They are found by those fields, so that a thousand entries
// don't look at a thousand conversations each.
type unclaimed struct {
	numbers numbers
	free    []*freeConversation
	indexes map[setFields]map[string][]*freeConversation
}

type freeConversation struct {
	*ownedModel

	identity engine.Identity
	taken    bool
}

// setFields are the fields that an entry sets, beside phone_id, which all do: the
// number, account, contact, and the kinds of relations, a bit each.
type setFields uint16

func newUnclaimed(n numbers) *unclaimed {
	return &unclaimed{numbers: n, indexes: map[setFields]map[string][]*freeConversation{}}
}

func (u *unclaimed) add(m *ownedModel) {
	u.free = append(u.free, &freeConversation{ownedModel: m, identity: u.numbers.identify(m.conversationModel)})
}

// take returns the plan of one of the conversations for an entry that is the
// same in everything, or will be when it is restored; nil where there is none.
func (u *unclaimed) take(config ownedModel) *ownedModel {
	if len(u.free) == 0 || config.hasUnknown() {
		return nil
	}
	set := config.setFields()
	wanted := set.text(&config.conversationModel, u.numbers.identify(config.conversationModel))
	for _, candidate := range u.index(set)[wanted] {
		if candidate.taken {
			continue
		}
		planned, replace := u.numbers.planOwned(config, candidate.ownedModel)
		if replace || planned.hasUnknown() || len(planned.toAPI(u.numbers, &candidate.conversationModel).Fields()) > 0 || !planned.sameMessages(*candidate.ownedModel) {
			continue
		}
		candidate.taken = true
		planned.spelledAs(config.conversationModel)
		planned.Messages = respelled(planned.Messages, config.Messages)
		return &planned
	}
	return nil
}

// index returns the conversations by the text of the fields.
func (u *unclaimed) index(set setFields) map[string][]*freeConversation {
	if index := u.indexes[set]; index != nil {
		return index
	}
	if len(u.indexes) == 0 { // so that planning twice gives the same plan
		slices.SortStableFunc(u.free, func(a, b *freeConversation) int { return cmp.Compare(a.identity.Name, b.identity.Name) })
	}
	index := make(map[string][]*freeConversation, len(u.free))
	for _, candidate := range u.free {
		text := set.text(&candidate.conversationModel, candidate.identity)
		index[text] = append(index[text], candidate)
	}
	u.indexes[set] = index
	return index
}

// any reports whether conversations are left that no entry has taken.
func (u *unclaimed) any() bool {
	return slices.ContainsFunc(u.free, func(c *freeConversation) bool { return !c.taken })
}

const (
	setNumber setFields = 1 << iota
	setAccount
	setContact
	setRelations // and the bits above it
)

func (m *conversationModel) setFields() (set setFields) {
	if !m.RecipientPhoneNumber.IsNull() {
		set |= setNumber
	}
	if !m.RecipientAccountID.IsNull() {
		set |= setAccount
	}
	if !m.RecipientContactID.IsNull() {
		set |= setContact
	}
	for i, kind := range client.RelationKinds {
		if !m.relations(kind).IsNull() {
			set |= setRelations << i
		}
	}
	return set
}

// text returns what the fields mean, as one text.
func (set setFields) text(m *conversationModel, of engine.Identity) string {
	parts := []string{of.Place.String()}
	if set&setNumber != 0 {
		parts = append(parts, of.Name)
	}
	if set&setAccount != 0 {
		parts = append(parts, reference(m.RecipientAccountID).String())
	}
	if set&setContact != 0 {
		parts = append(parts, reference(m.RecipientContactID).String())
	}
	for i, kind := range client.RelationKinds {
		if set&(setRelations<<i) != 0 {
			ids := references(*m.relations(kind))
			texts := make([]string, len(ids))
			for n, id := range ids {
				texts[n] = id.String()
			}
			slices.Sort(texts)
			parts = append(parts, strings.Join(texts, ","))
		}
	}
	return strings.Join(parts, "|")
}
