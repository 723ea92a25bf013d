package provider

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// planEntries returns the plan of the entries, the entries of the prior state whose conversations it removes or
// replaces, and whether anything changes in the CRM. An entry that gets another conversation is planned as new. If
// only the key of an entry changes, its conversation moves to the new key with its id, even if two entries swap their
// keys. The conversation also moves if other attributes change, as long as the phone and the number identify it.
// tried are the creates whose outcome is unknown.
func (n numbers) planEntries(config, prior entries, tried openCreates) (planned, removed entries, changes bool) {
	free := &keyless{numbers: n, indexes: map[setFields]map[string][]*freeConversation{}}
	config = maps.Clone(config)
	for key, entry := range config {
		if entry != nil && prior.exists(key) {
			config[key] = entry.spelledAsIn(n, prior[key])
		}
	}
	planned, restless := free.planUnderKeys(config, prior)
	undecided := free.undecided(config, restless, tried)
	decided := slices.DeleteFunc(slices.Collect(maps.Keys(restless)), func(key string) bool { return undecided[key] })
	for key, next := range planned {
		changes = changes || next == nil || next.differsFrom(*prior[key])
	}
	var needy []string
	for _, key := range config.numberedFirst(decided) {
		if next := free.take(*config[key], restless[key]); next != nil {
			changes = changes || next.Revision.IsUnknown()
			planned[key] = next
		} else {
			needy = append(needy, key)
		}
	}
	swapped := free.swapped(config, needy, restless, tried)
	needy = slices.DeleteFunc(needy, func(key string) bool {
		own := restless[key]
		if own == nil || own.taken || swapped[key] {
			return false
		}
		own.taken, planned[key] = true, own.inPlace
		changes = changes || own.inPlace.differsFrom(*own.ownedModel)
		return true
	})
	free.takeNamesakes(config, planned, needy, tried)
	for key := range restless {
		if planned[key] == nil {
			planned[key] = n.planNewEntry(*config[key], undecided[key])
			planned[key].isUnsettled = undecided[key] && restless[key] != nil
		}
	}
	removed = prior.without(planned)
	return planned, removed, changes || len(needy)+len(undecided)+len(removed) > 0
}

// planUnderKeys plans the entries that keep the conversation under their key, and the entries that are completely
// unknown. The remaining entries are restless: they need a conversation, or may stand for another one than the one
// under their key. For example, if the keys are the indexes of a list and the list gets a new first element, every
// entry moves. planUnderKeys returns the restless entries with the conversation under their key, or nil, and adds all
// conversations that they may take.
func (k *keyless) planUnderKeys(config, prior entries) (planned entries, restless map[string]*freeConversation) {
	planned, restless = make(entries, len(config)), map[string]*freeConversation{}
	for _, key := range config.keys() { // in order, so that planning twice gives the same plan
		switch entry := config[key]; {
		case entry == nil:
			planned[key] = nil
			if prior.exists(key) {
				k.add(prior[key])
			}
		case !prior.exists(key):
			restless[key] = nil
		default:
			next, replace := k.numbers.planEntry(*entry, prior[key])
			switch {
			case replace:
				restless[key] = nil
				k.add(prior[key])
			case entry.mayMove(next, *prior[key]):
				restless[key] = k.add(prior[key])
				restless[key].inPlace = &next
			default:
				planned[key] = &next
			}
		}
	}
	for _, key := range prior.keys() {
		if _, configured := config[key]; !configured && prior.exists(key) {
			k.add(prior[key])
		}
	}
	return planned, restless
}

// numberedFirst sorts keys. An entry without a number fits more conversations than one with a number, so it comes
// last.
func (e entries) numberedFirst(keys []string) []string {
	hasNumber := func(key string) int { return min(1, len(e[key].RecipientPhoneNumber.ValueString())) }
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(hasNumber(b)-hasNumber(a), cmp.Compare(a, b)) })
	return keys
}

// planEntry does the same as planOwned for an entry of the map. An attribute that the entry omits stays null, or as
// an import has read it.
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

// planNewEntry plans an entry without a conversation. If the entry is undecided, the apply may find a conversation
// for it. Its attributes are then those of that conversation.
func (n numbers) planNewEntry(config ownedModel, undecided bool) *ownedModel {
	planned, _ := n.planEntry(config, nil)
	for _, field := range configurableFields {
		if undecided && field.get(&planned.conversationModel).IsNull() && field.get(&config.conversationModel).IsNull() {
			field.set(&planned.conversationModel, field.unknown)
		}
	}
	return &planned
}

// revision returns the newest revision of the conversations, or null if none is known. If it is unknown whether the
// CRM has the conversation of an entry, revision returns the revision above which that conversation may have been
// created. This is the earliest such revision, or one above which other resources have no similar conversation. The
// state needs it because Terraform drops the private state of a resource that it replaces. The key of a single
// resource is empty.
func (e entries) revision(open openCreates) types.Int64 {
	newest, since, above, found := engine.NoFloor, int64(math.MaxInt64), engine.NoFloor, int64(math.MaxInt64)
	for key, entry := range e {
		switch tried, isOpen := open[key]; {
		case !e.exists(key) && isOpen:
			since = min(since, tried.Since.Revision)
			if len(tried.Passed) > 0 {
				above = max(above, tried.above())
			}
			if tried.Found > 0 {
				found = min(found, tried.Found)
			}
		case e.exists(key) && isKnown(entry.Revision):
			newest = max(newest, entry.Revision.ValueInt64())
		}
	}
	switch {
	case since < math.MaxInt64:
		return types.Int64Value(max(since, min(above, found-1)))
	case newest > engine.NoFloor:
		return types.Int64Value(newest)
	}
	return types.Int64Null()
}
