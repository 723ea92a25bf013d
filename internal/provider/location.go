package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// A layout says where a resource has its conversations: in a map or, if it is single, as the
// resource itself. The entries of a single resource are one, and its key is empty.
type layout struct{ isSingle bool }

// root returns the path of the map, empty for a single resource.
func (l layout) root() path.Path {
	if l.isSingle {
		return path.Empty()
	}
	return path.Root("conversations")
}

// idsAt returns the path for what is wrong with ids. Only a single resource has an attribute of its own
// for that.
func (l layout) idsAt() path.Path {
	if l.isSingle {
		return path.Root("id")
	}
	return l.root()
}

// at returns the path of an entry.
func (l layout) at(key string) path.Path {
	if l.isSingle {
		return path.Empty()
	}
	return at(key)
}

// keys returns keys as diagnostics name them: a single resource has none.
func (l layout) keys(keys ...string) []string {
	if l.isSingle {
		return nil
	}
	return keys
}

// at returns the path of an entry of a map.
func at(key string) path.Path { return path.Root("conversations").AtMapKey(key) }

// placed returns a diagnostic at a path. An empty path leads to the resource as a whole.
// The diagnostic then has none: Terraform would show no line of the configuration.
func placed(at path.Path, d diag.Diagnostic) diag.Diagnostic {
	if len(at.Steps()) == 0 {
		return d
	}
	return diag.WithPath(at, d)
}

// inWords returns the name of an attribute in the form of a reference, such as
// conversations["ada"].messages["hi"].content. An element of a set has no name, so it
// gets the name of its set.
func inWords(at path.Path) string {
	last, _ := at.Steps().LastStep()
	if _, isElement := last.(path.PathStepElementKeyValue); isElement {
		at = at.ParentPath()
	}
	return at.String()
}

// located returns the text of a diagnostic, after the name of its attribute if that is
// nested. Terraform shows the line of an attribute at the root, but not the key of one in
// a map.
func located(at path.Path, text string) string {
	words := inWords(at)
	if !strings.ContainsAny(words, ".[") {
		return text
	}
	return words + ": " + text
}

// named does the same as located for every attribute. The line that Terraform shows may not
// contain the value, if that comes from a variable.
func named(at path.Path, text string) string {
	if words := inWords(at); words != "" {
		return words + ": " + text
	}
	return text
}
