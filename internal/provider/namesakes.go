package provider

import (
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// namesakes are what has one phone and one number.
type namesakes struct {
	entries int      // that needed a conversation
	open    []string // keys of those that still need one
	free    []*freeConversation
}

// takeNamesakes returns the plans of open entries that take a conversation with their
// phone and number, and change it. An entry takes one only if there is no choice: it is
// the only one left with this phone and number, and so is the conversation. planned are
// those that have found theirs.
func (u *unclaimed) takeNamesakes(config, planned entries, open []string, tried unsettled) entries {
	renamed := entries{}
	if len(open) == 0 || len(u.left()) == 0 || config.areVague(open) {
		return renamed
	}
	groups := map[engine.Identity]*namesakes{}
	for _, key := range open {
		entry := config[key]
		if !entry.mayExist() {
			continue
		}
		of := u.numbers.identify(entry.conversationModel)
		if groups[of] == nil {
			groups[of] = &namesakes{}
		}
		groups[of].entries++
		if planned[key] == nil {
			groups[of].open = append(groups[of].open, key)
		}
	}
	for _, candidate := range u.free {
		group := groups[u.numbers.identify(candidate.conversationModel)]
		if group != nil && !candidate.taken && candidate.mayExist() {
			group.free = append(group.free, candidate)
		}
	}
	for _, attempt := range tried {
		delete(groups, attempt.identity(u.numbers)) // what it has made may be the entry's
	}
	for _, group := range groups {
		if len(group.open) != 1 || len(group.free) != 1 {
			continue
		}
		key, candidate := group.open[0], group.free[0]
		// What is not known yet may be that of another entry: then the plan would no longer
		// hold when it is applied.
		if group.entries > 1 && config[key].isUnsure() {
			continue
		}
		if next, replace := u.numbers.planRenamed(*config[key], candidate.ownedModel); !replace {
			candidate.taken = true
			renamed[key] = &next
		}
	}
	return renamed
}

// planRenamed is planEntry of an entry under a new key. What the configuration leaves out
// is null, as in the plan of a new entry: if this one turns out to be a renamed one only
// when it is applied, the plan still holds.
func (n numbers) planRenamed(config ownedModel, prior *ownedModel) (planned ownedModel, replace bool) {
	planned, replace = n.planEntry(config, prior)
	for _, field := range configurableFields {
		field.set(&planned.conversationModel, field.get(&config.conversationModel))
	}
	planned.Messages = respelled(planned.Messages, config.Messages)
	return planned, replace
}

// areVague reports whether any entry may yet turn out to have any phone and number, one
// of the open ones, or one of which nothing is known.
func (e entries) areVague(open []string) bool {
	for _, entry := range e {
		if entry == nil {
			return true
		}
	}
	return slices.ContainsFunc(open, func(key string) bool {
		entry := e[key]
		return entry.isBlind() || entry.RecipientPhoneNumber.IsNull() && entry.isUnsure()
	})
}

// isUnsure reports whether anything that the entry declares is yet to be known.
func (m *ownedModel) isUnsure() bool {
	return m.hasUnknown() || m.Messages.IsUnknown() || messagesFrom(m.Messages).haveUnknown()
}
