package provider

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// errors returns an error for each key. Keys share an error if their request failed as a whole, if one failure caused
// the others, if many keys have the same failure, or if there are too many errors.
func (w *conversationWork) errors(action string) (diags diag.Diagnostics) {
	for _, f := range w.grouped(w.failures(action)) {
		if f.creates {
			f.action = "Create" // an update of the map
		}
		if f.isUnnamed() && f.isRefused() {
			w.blame(f)
		}
		diags.Append(f.diagnostics()...)
	}
	return diags
}

// grouped returns a failure for each group of failures.
func (w *conversationWork) grouped(failures []failure) (order []*failure) {
	alike := map[string]int{}
	for _, f := range failures {
		alike[f.text()]++
		alike[f.origin()]++
	}
	// If one entry makes the CRM roll back other entries, and the CRM returns an error for each, the error of the
	// faulty entry is rare. The errors that it caused come after it.
	rank := func(f failure) int {
		if isConsequence(f.err) {
			return len(failures) + 1
		}
		return alike[f.text()]
	}
	slices.SortStableFunc(failures, func(a, b failure) int { return cmp.Compare(rank(a), rank(b)) })
	groups := map[string]*failure{}
	for _, f := range failures {
		f.unnamed = alike[f.origin()] > 1
		group := f.action + f.origin()
		switch {
		case isConsequence(f.err) || isLeftover(f.err):
			group = f.action + f.text()
		case !f.unnamed && alike[f.text()] > mostListed:
			group, f.alike = f.action+f.text(), w.allOrNothing && alike[f.text()] < len(failures)
		case len(order) >= mostListed && groups[group] == nil: // people don't read more
			group = f.action + fmt.Sprint("problem ", client.ProblemOf(f.err))
		}
		if first := groups[group]; first != nil {
			first.takeIn(f)
			continue
		}
		groups[group] = &f
		order = append(order, &f)
	}
	return order
}

// takeIn adds the other failure's key to the failure.
func (f *failure) takeIn(other failure) {
	f.at = path.Root("conversations")
	f.keys, f.kept = append(f.keys, other.keys...), append(f.kept, other.kept...)
	f.differs = f.differs || isLeftover(other.err) || f.text() != other.text()
	f.isMixed = f.isMixed || f.origin() != other.origin()
	f.creates, f.sends, f.unnamed = f.creates && other.creates, f.sends || other.sends, f.unnamed && other.unnamed
}

// blame notes in the reasons of the entries, which the state shows, that another entry may have caused the failure of
// their request.
func (w *conversationWork) blame(f *failure) {
	all := f.keys
	if !f.isMixed {
		w.name(f)
	}
	for _, key := range all {
		switch {
		case f.named == nil:
			w.failed[key] = fmt.Errorf("the CRM refused the whole request because of one of its entries: %w", w.failed[key])
		case !slices.Contains(f.keys, key):
			w.failed[key] = engine.ErrRolledBack
		}
	}
}

// name limits the failure of a request to the entries that refer to a record that the error names, if there are any.
// If the error names several records, name chooses the one with the fewest references: the others may be shared
// records, such as the phone.
func (w *conversationWork) name(f *failure) {
	var named []string
	var by referrers
	for _, text := range uuids.FindAllString(withReasons(f.err), -1) {
		id, _ := client.ParseID(text)
		keys, attribute := w.referring(f.keys, id)
		if len(keys) > 0 && (named == nil || len(keys) < len(named)) {
			named, by.attribute = keys, attribute
		}
	}
	if named == nil {
		return
	}
	by.beside = len(f.keys) - len(named)
	f.named, f.keys = &by, named
	if len(named) == 1 {
		if f.at = at(named[0]); by.attribute != "" {
			f.at = f.at.AtName(by.attribute)
		}
	}
}

// referring returns the keys whose change contains the id, and the attribute that contains it. The attribute is empty
// if it differs between the keys.
func (w *conversationWork) referring(among []string, id client.ID) (keys []string, attribute string) {
	for _, change := range w.changes {
		if !slices.Contains(among, change.key) {
			continue
		}
		sent := change.write.Input.Fields()
		i := slices.IndexFunc(configurableFields, func(field conversationField) bool {
			return slices.Contains(sent, field.name) && slices.Contains(namedBy(field.get(&change.planned.conversationModel)), id)
		})
		if i < 0 {
			continue
		}
		if keys = append(keys, change.key); len(keys) > 1 && attribute != configurableFields[i].name {
			attribute = ""
			continue
		}
		attribute = configurableFields[i].name
	}
	return keys, attribute
}

// origin returns the same text for all failures of one request, because they have the same error.
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
func (w *conversationWork) failures(action string) (failures []failure) {
	for _, change := range w.changes { // in the order of their keys
		err, key := w.failed[change.key], change.key
		if err == nil {
			continue
		}
		if w.isSingle && change.isUnsought {
			failures = append(failures, failure{action: "Read", what: theConversations, err: err, causes: &w.provider.causes})
			continue
		}
		subject := change.planned.conversationModel
		if change.isExisting {
			subject.ID = change.prior.ID
		}
		failures = append(failures, failure{
			action: action, subject: subject, at: w.at(key), keys: w.keys(key), err: err, creates: change.prior == nil, sends: sendsMessage(change.planned.Messages, nil),
			taints: w.allOrNothing || w.isSingle && change.write.Earlier == nil, causes: &w.provider.causes,
		})
	}
	for _, removal := range w.removals {
		if removal.err != nil {
			failures = append(failures, failure{
				action: "Delete", subject: removal.prior.conversationModel, at: w.at(removal.key), keys: w.keys(removal.key),
				kept: w.keys(removal.kept), err: removal.err, causes: &w.provider.causes,
			})
		}
	}
	return failures
}
