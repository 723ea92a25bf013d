package provider

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// planEntries returns what the entries are to become, and whether that changes
// anything in the CRM. An entry whose conversation is to be another one is
// planned as new; one that is configured under another key, and is the same in
// everything, moves there with its id, even if two swap keys.
func (n numbers) planEntries(config, prior entries) (planned entries, changes bool) {
	planned = make(entries, len(config))
	free := unclaimed{numbers: n, of: map[identity][]*ownedModel{}}
	var open []string // keys that need a conversation
	for _, key := range config.keys() {
		entry := config[key]
		switch {
		case entry == nil:
			changes = true
			planned[key] = nil
		case !prior.exists(key):
			open = append(open, key)
		default:
			next, replace := n.planOwned(*entry, prior[key])
			if replace {
				open = append(open, key)
				free.add(prior[key])
				continue
			}
			changes = changes || next.differsFrom(*prior[key])
			planned[key] = &next
		}
	}
	for _, key := range prior.keys() {
		if _, configured := config[key]; !configured && prior.exists(key) {
			free.add(prior[key])
		}
	}
	for _, key := range open {
		if planned[key] = free.take(*config[key]); planned[key] != nil {
			changes = changes || planned[key].Revision.IsUnknown()
		} else {
			changes = true
			created, _ := n.planOwned(*config[key], nil)
			planned[key] = &created
		}
	}
	return planned, changes || free.any()
}

// unclaimed are the conversations of a state that their keys stand for no more,
// by what identifies them to people.
type unclaimed struct {
	numbers numbers
	of      map[identity][]*ownedModel
}

type identity struct {
	phone  client.ID
	number string
}

// compare orders by number, so that planning twice gives the same plan.
func (i identity) compare(other identity) int { return strings.Compare(i.number, other.number) }

func (n numbers) identify(m conversationModel) identity {
	return identity{reference(m.PhoneID), n.Canonical(m.RecipientPhoneNumber.ValueString())}
}

func (u unclaimed) add(m *ownedModel) {
	id := u.numbers.identify(m.conversationModel)
	u.of[id] = append(u.of[id], m)
}

// take returns the plan of one of the conversations for an entry that is the
// same in everything, or will be when it is restored; nil where there is none.
func (u unclaimed) take(config ownedModel) *ownedModel {
	if len(u.of) == 0 || config.hasUnknown() {
		return nil
	}
	if config.RecipientPhoneNumber.IsNull() {
		// Whatever number the CRM has will do.
		for _, id := range slices.SortedFunc(maps.Keys(u.of), identity.compare) {
			if id.phone == reference(config.PhoneID) {
				if moved := u.takeOf(id, config); moved != nil {
					return moved
				}
			}
		}
		return nil
	}
	return u.takeOf(u.numbers.identify(config.conversationModel), config)
}

func (u unclaimed) takeOf(id identity, config ownedModel) *ownedModel {
	for i, candidate := range u.of[id] {
		planned, replace := u.numbers.planOwned(config, candidate)
		if replace || planned.hasUnknown() || len(planned.toAPI(u.numbers, &candidate.conversationModel).Fields()) > 0 || !planned.sameMessages(*candidate) {
			continue
		}
		u.of[id] = append(u.of[id][:i:i], u.of[id][i+1:]...)
		planned.spelledAs(config.conversationModel)
		planned.Messages = respelled(planned.Messages, config.Messages)
		return &planned
	}
	return nil
}

// any reports whether conversations are left that no entry has taken.
func (u unclaimed) any() bool {
	for _, conversations := range u.of {
		if len(conversations) > 0 {
			return true
		}
	}
	return false
}

// spelledAs writes what is configured as the configuration does: under a new
// key, Terraform knows no other spelling.
func (m *conversationModel) spelledAs(config conversationModel) {
	m.PhoneID = config.PhoneID
	m.RecipientPhoneNumber = planComputed(config.RecipientPhoneNumber, m.RecipientPhoneNumber)
	m.RecipientAccountID = planComputed(config.RecipientAccountID, m.RecipientAccountID)
	m.RecipientContactID = planComputed(config.RecipientContactID, m.RecipientContactID)
	for _, kind := range client.RelationKinds {
		*m.relations(kind) = planComputed(*config.relations(kind), *m.relations(kind))
	}
}

// planFailed plans the attribute failed: where there is nothing to do, nothing
// can fail, whatever has failed before.
func planFailed(changes bool) types.Map {
	if changes {
		return types.MapUnknown(failedType)
	}
	return types.MapValueMust(failedType, nil)
}
