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
// everything, moves there with its id.
func planEntries(config, prior entries) (planned entries, changes bool) {
	planned = make(entries, len(config))
	free := prior.unclaimed(config)
	for _, key := range config.keys() {
		entry := config[key]
		switch {
		case entry == nil:
			changes = true
			planned[key] = nil
			continue
		case !prior.exists(key):
			if moved := free.take(*entry); moved != nil {
				planned[key] = moved
				continue
			}
			changes = true
			created := planNew(*entry)
			planned[key] = &created
			continue
		}
		next, replace := planConversation(*entry, prior[key])
		changes = changes || replace || next.Revision.IsUnknown()
		planned[key] = &next
	}
	for key := range prior {
		if _, configured := config[key]; !configured && !prior.exists(key) {
			changes = true // what failed under this key is failed no more
		}
	}
	return planned, changes || free.any()
}

// unclaimed are the conversations of a state whose keys are configured no more,
// by what identifies them to people.
type unclaimed map[identity][]*conversationModel

type identity struct {
	phone  client.ID
	number string
}

// compare orders by number, so that planning twice gives the same plan.
func (i identity) compare(other identity) int { return strings.Compare(i.number, other.number) }

func identify(m conversationModel) identity {
	return identity{reference(m.PhoneID), client.CanonicalPhoneNumber(m.RecipientPhoneNumber.ValueString())}
}

func (e entries) unclaimed(config entries) unclaimed {
	free := unclaimed{}
	for _, key := range e.keys() {
		if _, configured := config[key]; !configured && e.exists(key) {
			id := identify(*e[key])
			free[id] = append(free[id], e[key])
		}
	}
	return free
}

// take returns the plan of one of the conversations for an entry that is the
// same in everything; nil where there is none.
func (u unclaimed) take(config conversationModel) *conversationModel {
	if len(u) == 0 || config.hasUnknown() {
		return nil
	}
	if config.RecipientPhoneNumber.IsNull() {
		// Whatever number the CRM has will do.
		for _, id := range slices.SortedFunc(maps.Keys(u), identity.compare) {
			if id.phone == reference(config.PhoneID) {
				if moved := u.takeOf(id, config); moved != nil {
					return moved
				}
			}
		}
		return nil
	}
	return u.takeOf(identify(config), config)
}

func (u unclaimed) takeOf(id identity, config conversationModel) *conversationModel {
	for i, candidate := range u[id] {
		planned, replace := planConversation(config, candidate)
		if replace || planned.Revision.IsUnknown() {
			continue
		}
		u[id] = append(u[id][:i:i], u[id][i+1:]...)
		planned.spelledAs(config)
		return &planned
	}
	return nil
}

// any reports whether conversations are left that no entry has taken.
func (u unclaimed) any() bool {
	for _, conversations := range u {
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

// planFailed plans the attribute failed.
func planFailed(prior types.Map, changes bool) types.Map {
	if changes || prior.IsNull() {
		return types.MapUnknown(failedType)
	}
	return prior
}
