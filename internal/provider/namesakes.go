package provider

import (
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// namesakes are the entries and conversations with the same phone and number.
type namesakes struct {
	needy []string // keys of entries that need a conversation
	free  []*freeConversation
}

// takeNamesakes plans the entries under the keys needy that take a conversation with their phone and number, and change
// it. An entry takes a conversation only if there is no other choice: exactly one entry and one conversation with this phone and
// number are left. tried are the creates whose outcome is unknown, because the entry may stand for a conversation
// that one of them made.
func (k *keyless) takeNamesakes(config, planned entries, needy []string, tried openCreates) {
	isLeft := func(candidate *freeConversation) bool { return !candidate.taken }
	if len(needy) == 0 || !slices.ContainsFunc(k.free, isLeft) {
		return // numbers are slow to parse
	}
	groups := k.namesakes(config, needy)
	for _, attempt := range tried {
		delete(groups, attempt.identity(k.numbers))
	}
	for _, group := range groups {
		if len(group.needy) != 1 || len(group.free) != 1 {
			continue
		}
		key, candidate := group.needy[0], group.free[0]
		if next, replace := k.numbers.planEntry(*config[key], candidate.ownedModel); !replace {
			planned[key] = candidate.takenAs(next, *config[key])
		}
	}
}

// namesakes returns the entries that need a conversation and have a phone and a number, together with the
// conversations that have the same phone and number.
func (k *keyless) namesakes(config entries, needy []string) map[engine.Identity]*namesakes {
	groups := map[engine.Identity]*namesakes{}
	for _, key := range needy {
		if !config[key].mayExist() {
			continue
		}
		of := k.numbers.identityOf(config[key].conversationModel)
		if groups[of] == nil {
			groups[of] = &namesakes{}
		}
		groups[of].needy = append(groups[of].needy, key)
	}
	for _, candidate := range k.free {
		if group := groups[k.numbers.identityOf(candidate.conversationModel)]; group != nil && !candidate.taken && candidate.mayExist() {
			group.free = append(group.free, candidate)
		}
	}
	return groups
}
