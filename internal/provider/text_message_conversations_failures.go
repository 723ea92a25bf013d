package provider

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// errors returns an error for each key. Keys share an error if their request failed as a
// whole, if their failure follows from another one, if many have the same, or if there are
// too many.
func (w *bulkWork) errors(action string) (diags diag.Diagnostics) {
	groups := map[string]*failure{}
	var order []*failure
	failures := w.failures(action)
	alike := map[string]int{}
	for _, f := range failures {
		alike[f.text()]++
		alike[f.origin()]++
	}
	// If the CRM rolls back entries because of one of them, and gives each its own error, the
	// error of the one at fault is rare. What follows from an error comes after it.
	rank := func(f failure) int {
		if isConsequence(f.err) {
			return len(failures) + 1
		}
		return alike[f.text()]
	}
	slices.SortStableFunc(failures, func(a, b failure) int { return cmp.Compare(rank(a), rank(b)) })
	for _, f := range failures {
		group := f.action + f.origin()
		switch {
		case isConsequence(f.err) || isLeftover(f.err):
			group = f.action + f.text()
		case alike[f.origin()] == 1 && alike[f.text()] > mostListed:
			group, f.alike = f.action+f.text(), w.allOrNothing && alike[f.text()] < len(failures)
		case len(order) >= mostListed && groups[group] == nil: // people don't read more
			group = f.action + fmt.Sprint("problem ", client.ProblemOf(f.err))
		}
		if first := groups[group]; first != nil {
			first.differs = first.differs || isLeftover(f.err) || first.text() != f.text()
			first.keys, first.kept = append(first.keys, f.keys...), append(first.kept, f.kept...)
			first.creates, first.sends = first.creates && f.creates, first.sends || f.sends
			first.unnamed = first.unnamed && alike[f.origin()] > 1
			first.isMixed = first.isMixed || first.origin() != f.origin()
			first.at = path.Root("conversations")
			continue
		}
		f.unnamed = alike[f.origin()] > 1
		groups[group] = &f
		order = append(order, &f)
	}
	for _, f := range order {
		if f.creates {
			f.action = "Create" // an update of the map
		}
		if f.isUnnamed() && f.isRefused() && !f.isMixed {
			w.name(f)
		}
		diags.Append(f.diagnostics()...)
	}
	return diags
}

// name narrows the failure of a request down to the entries that refer to a record that the
// error names, if there are any. If it names several, the one that the fewest refer to counts:
// it may name their phone, too.
func (w *bulkWork) name(f *failure) {
	inRequest := make(map[string]bool, len(f.keys))
	for _, key := range f.keys {
		inRequest[key] = true
	}
	referring := map[string][]bulkChange{} // by the id that they refer to
	ids := uuids.FindAllString(withReasons(f.err), -1)
	for _, change := range w.changes {
		input, err := json.Marshal(change.write.Input)
		if err != nil || !inRequest[change.key] {
			continue
		}
		for _, id := range ids {
			if bytes.Contains(input, []byte(strings.ToLower(id))) {
				referring[id] = append(referring[id], change)
			}
		}
	}
	var named []bulkChange
	attributes := map[string]bool{}
	for _, id := range ids {
		if found := referring[id]; len(found) > 0 && (named == nil || len(found) < len(named)) {
			named = found
			clear(attributes)
			for _, change := range named {
				attributes[failure{subject: change.planned.conversationModel}.attributeWithIDOf(id)] = true
			}
		}
	}
	if named == nil {
		return
	}
	all := len(f.keys)
	f.isNamed, f.beside, f.keys = true, all-len(named), nil
	for _, change := range named {
		f.keys = append(f.keys, change.key)
	}
	if len(attributes) == 1 {
		f.attribute = slices.Collect(maps.Keys(attributes))[0]
	}
	if len(named) == 1 {
		if f.at = at(f.keys[0]); f.attribute != "" {
			f.at = f.at.AtName(f.attribute)
		}
	}
}

// origin returns the same text for the failures of one request: they have the same error.
func (f failure) origin() string { return fmt.Sprintf("%p", f.err) }

// text returns the same text for failures that say the same.
func (f failure) text() string {
	if isLeftover(f.err) {
		return "left over" // each names its conversation
	}
	return withReasons(f.err)
}

func isLeftover(err error) bool { return errors.As(err, new(*engine.LeftoverError)) }

// failures returns a failure for each key: first those of the writes, then those of the
// removals.
func (w *bulkWork) failures(action string) (failures []failure) {
	subjects, creates, sends := make(map[string]conversationModel, len(w.changes)), make(map[string]bool, len(w.changes)), map[string]bool{}
	for _, change := range w.changes {
		subject := change.planned.conversationModel
		if change.adopted {
			subject.ID = change.prior.ID
		}
		subjects[change.key], creates[change.key], sends[change.key] = subject, change.prior == nil, sendsMessage(change.planned.Messages)
	}
	for _, key := range w.failedKeys() {
		failures = append(failures, failure{
			action: action, subject: subjects[key], at: at(key), keys: []string{key}, err: w.failed[key], creates: creates[key], sends: sends[key],
			remembered: action == "Update", taints: w.allOrNothing, causes: &w.provider.causes,
		})
	}
	for _, removal := range w.removals {
		if removal.err != nil {
			failures = append(failures, failure{
				action: "Delete", subject: removal.prior.conversationModel, at: at(removal.key), keys: []string{removal.key},
				kept: []string{removal.kept}, err: removal.err, causes: &w.provider.causes,
			})
		}
	}
	return failures
}

func (w *bulkWork) failedKeys() []string { return slices.Sorted(maps.Keys(w.failed)) }
