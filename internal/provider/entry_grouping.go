package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// A mistake in the expression of a map, or in a column of a spreadsheet, is in thousands of
// entries. One error for all of them says as much as one for each.

// groupErrors returns the errors of entries, which come in the order of their keys, in one error where more than a few entries
// have the same in the same attribute.
func groupErrors(found diag.Diagnostics) (grouped diag.Diagnostics) {
	groups := map[[2]string]*errorGroup{}
	for i, d := range found {
		key, attribute := entryPlace(d)
		reason := [2]string{d.Summary(), attribute}
		group := groups[reason]
		if group == nil {
			group = &errorGroup{attribute: attribute, first: i}
			groups[reason] = group
		}
		if last := len(group.keys) - 1; last < 0 || group.keys[last] != key { // an entry may have it twice
			group.keys = append(group.keys, key)
		}
	}
	for i, d := range found {
		_, attribute := entryPlace(d)
		group := groups[[2]string{d.Summary(), attribute}]
		switch {
		case len(group.keys) <= mostListed:
			grouped = append(grouped, d)
		case i == group.first:
			grouped = append(grouped, group.one(d))
		}
	}
	return grouped
}

// An errorGroup is the errors of entries that have the same reason.
type errorGroup struct {
	attribute string
	keys      []string
	first     int // among all
}

// one returns one error for all, of which this is the first.
func (g *errorGroup) one(first diag.Diagnostic) diag.Diagnostic {
	place := ""
	if g.attribute != "" {
		place = " in " + g.attribute
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("conversations"), first.Summary(),
		fmt.Sprintf("%d entries have this error%s: %s. The first is:\n\n%s", len(g.keys), place, quoted(g.keys), first.Detail()))
}

// entryPlace returns the key of the entry that an error is about, and the attribute without
// any keys, such as messages.content.
func entryPlace(d diag.Diagnostic) (key, attribute string) {
	located, hasPath := d.(diag.DiagnosticWithPath)
	if !hasPath {
		return "", ""
	}
	var names []string
	for i, step := range located.Path().Steps() {
		switch step := step.(type) {
		case path.PathStepElementKeyString:
			if i == 1 {
				key = string(step)
			}
		case path.PathStepAttributeName:
			if i > 0 {
				names = append(names, string(step))
			}
		}
	}
	return key, strings.Join(names, ".")
}
