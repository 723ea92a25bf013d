package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// planEntries returns the plan of the entries, the keys of those that get another
// conversation, and whether anything changes in the CRM. An entry that gets another
// conversation is planned as new. An entry that only has another key moves there with its
// id, even if two swap keys.
func (n numbers) planEntries(config, prior entries) (planned entries, replaced []string, changes bool) {
	planned = make(entries, len(config))
	free := newUnclaimed(n)
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
			next, replace := n.planEntry(*entry, prior[key])
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
			created, _ := n.planEntry(*config[key], nil)
			planned[key] = &created
			if prior.exists(key) {
				replaced = append(replaced, key)
			}
		}
	}
	return planned, replaced, changes || free.any()
}

// planEntry does the same as planOwned for an entry of the map. What the entry omits
// stays null, or as an import has read it.
func (n numbers) planEntry(config ownedModel, prior *ownedModel) (planned ownedModel, replace bool) {
	planned, replace = n.planOwned(config, prior)
	planned.isPart = true
	for _, field := range configurableFields {
		if hasUnknown(field.get(&planned.conversationModel)) && field.get(&config.conversationModel).IsNull() &&
			(prior == nil || replace || field.get(&prior.conversationModel).IsNull()) {
			field.set(&planned.conversationModel, field.null)
		}
	}
	planned.IsDeleted = types.BoolNull() // it is new, or is restored
	return planned, replace
}

// planRevision plans the newest revision.
func planRevision(changes bool, before types.Int64) types.Int64 {
	if changes {
		return types.Int64Unknown()
	}
	return before
}

// revision returns the newest revision of the conversations, null if none is known. If it
// is unknown whether the CRM has an entry, it returns the revision above which that may
// have been created, and above which other resources have nothing like it. Terraform drops
// the private state of a resource that it replaces.
func (e entries) revision(open unsettled) types.Int64 {
	newest, since := engine.NoFloor, engine.NoFloor
	for key, entry := range e {
		switch tried, isOpen := open[key]; {
		case !e.exists(key) && isOpen:
			since = max(since, tried.above())
		case e.exists(key) && isKnown(entry.Revision):
			newest = max(newest, entry.Revision.ValueInt64())
		}
	}
	switch {
	case since > engine.NoFloor:
		return types.Int64Value(since)
	case newest > engine.NoFloor:
		return types.Int64Value(newest)
	}
	return types.Int64Null()
}

// planFailed plans the attribute failed. If there is nothing to do, nothing can fail, so
// it is empty.
func planFailed(changes bool) types.Map {
	if changes {
		return types.MapUnknown(failedType)
	}
	return types.MapValueMust(failedType, nil)
}
