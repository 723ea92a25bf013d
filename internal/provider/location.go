package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// located returns the text of a diagnostic, after the name of its attribute if that is
// nested. Terraform shows the line of an attribute at the root, but not the key of one in
// a map. An element of a set has no name, so it gets the name of its set.
func located(at path.Path, text string) string {
	last, _ := at.Steps().LastStep()
	if _, isElement := last.(path.PathStepElementKeyValue); isElement {
		at = at.ParentPath()
	}
	words := at.String()
	if !strings.ContainsAny(words, ".[") {
		return text
	}
	return words + ": " + text
}
