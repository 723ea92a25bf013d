package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// inWords names an attribute as a reference to it does, such as
// conversations["ada"].messages["hi"].content. An element of a set has no name:
// it is the set.
func inWords(at path.Path) string {
	last, _ := at.Steps().LastStep()
	if _, isElement := last.(path.PathStepElementKeyValue); isElement {
		at = at.ParentPath()
	}
	return at.String()
}

// located returns the text of a diagnostic behind the name of its attribute, where
// that is nested: Terraform shows the line of an attribute at the root, and of
// what is in a map not even the key.
func located(at path.Path, text string) string {
	words := inWords(at)
	if !strings.ContainsAny(words, ".[") {
		return text
	}
	return words + ": " + text
}
