package provider

import "github.com/hashicorp/terraform-plugin-framework/types"

// planEntries returns what the entries are to become, and whether that changes
// anything in the CRM. An entry whose conversation is to be another one is
// planned as new; one that is configured under another key, and is the same in
// everything, moves there with its id, even if two swap keys.
func (n numbers) planEntries(config, prior entries) (planned entries, changes bool) {
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

// planFailed plans the attribute failed: where there is nothing to do, nothing
// can fail, whatever has failed before.
func planFailed(changes bool) types.Map {
	if changes {
		return types.MapUnknown(failedType)
	}
	return types.MapValueMust(failedType, nil)
}
