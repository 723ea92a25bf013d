package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// warnOf returns a warning that lists the names where the text has %s, or none if there are no
// names. If the text has [asItem], each name gets a line of its own.
func warnOf(names []string, at path.Path, summary, text string) diag.Diagnostics {
	if len(names) == 0 {
		return nil
	}
	separator := ", "
	if strings.Contains(text, asItem) {
		separator = "\n  - "
	}
	return diag.Diagnostics{placed(at, diag.NewWarningDiagnostic(summary, fmt.Sprintf(text, strings.Join(firstTexts(names), separator))))}
}

// asItem is the place of names in a text that get a line each. Terraform doesn't wrap these lines.
const asItem = "\n\n  - %s\n\n"

// underKey returns the text with the key of its entry in front, empty for a single resource.
func underKey(key, text string) string {
	if key == "" {
		return text
	}
	return fmt.Sprintf("%q: %s", key, text)
}

// quoted returns a list of keys in quotes, the first few if there are many.
func quoted(keys []string) string { return firstOfMany(inQuotes(keys)) }

func inQuotes(keys []string) []string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = strconv.Quote(key)
	}
	return texts
}

// mostListed is how many items of a long list a text contains, and how many keys get an
// error of their own.
const mostListed = 10

// firstOfMany returns a list of texts, the first few if there are many.
func firstOfMany(texts []string) string { return strings.Join(firstTexts(texts), ", ") }

// firstTexts returns the first few of many texts, and then how many more there are.
func firstTexts(texts []string) []string {
	if more := len(texts) - mostListed; more > 0 {
		return append(slices.Clone(texts[:mostListed]), fmt.Sprintf("and %d more", more))
	}
	return texts
}

var numberForms = regexp.MustCompile(`\{([^{}|]*)\|([^{}|]*)\}`)

// inNumber returns a text about one thing, or about several. Where the two differ, the text has
// both forms, such as {it stays|they stay}.
func inNumber(several bool, text string) string {
	form := "${1}"
	if several {
		form = "${2}"
	}
	return numberForms.ReplaceAllString(text, form)
}

func idList(ids []client.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return strings.Join(texts, ", ")
}

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
