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

// warnOf returns a warning that lists the names in place of %s in the text. It returns none if there are no names. If
// the text contains [asItem], each name gets its own line.
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

// asItem marks the place in a text where each name gets its own line. Terraform doesn't wrap these lines.
const asItem = "\n\n  - %s\n\n"

// underKey returns the text after the key of its entry. For a single resource, it returns the text alone.
func underKey(key, text string) string {
	if key == "" {
		return text
	}
	return fmt.Sprintf("%q: %s", key, text)
}

// quoted returns a list of keys in quotes, the first few if there are many.
func quoted(keys []string) string { return firstOfMany(inQuotes(keys)) }

func inQuotes(keys []string) []string { return mapped(keys, strconv.Quote) }

// mostListed is how many items of a long list a text contains, and how many keys get their own error.
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

// inNumber returns a text in the singular or the plural. Where the two differ, the text contains both forms, such as
// {it stays|they stay}.
func inNumber(several bool, text string) string {
	form := "${1}"
	if several {
		form = "${2}"
	}
	return numberForms.ReplaceAllString(text, form)
}

func idList(ids []client.ID) string { return strings.Join(mapped(ids, client.ID.String), ", ") }

// mapped returns the results of a function for each element.
func mapped[E, V any](elements []E, to func(E) V) []V {
	values := make([]V, len(elements))
	for i, element := range elements {
		values[i] = to(element)
	}
	return values
}

// A layout says where a resource has its conversations: in a map or, if it is single, in the resource itself. The
// state of a single resource has one entry, with an empty key.
type layout struct{ isSingle bool }

// what returns what a summary calls the conversations of the resource.
func (l layout) what() string {
	if l.isSingle {
		return theConversation
	}
	return theConversations
}

// root returns the path of the map, empty for a single resource.
func (l layout) root() path.Path {
	if l.isSingle {
		return path.Empty()
	}
	return path.Root("conversations")
}

// idsAt returns the path for errors in ids. Only a single resource has its own attribute for the id.
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

// keys returns keys as diagnostics name them. A single resource has none.
func (l layout) keys(keys ...string) []string {
	if l.isSingle {
		return nil
	}
	return keys
}

// at returns the path of an entry of a map.
func at(key string) path.Path { return path.Root("conversations").AtMapKey(key) }

// placed returns a diagnostic at a path. If the path is empty, the diagnostic is about the resource as a whole and
// has no path: with an empty path, Terraform would show no line of the configuration.
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

// located returns the text of a diagnostic. If the attribute is nested, the text begins with its name: Terraform
// shows the line of an attribute at the root, but not the key of an attribute in a map.
func located(at path.Path, text string) string {
	words := inWords(at)
	if !strings.ContainsAny(words, ".[") {
		return text
	}
	return words + ": " + text
}

// named puts the name in front of every attribute, nested or not. The line that Terraform shows may not contain the
// value, if the value comes from a variable.
func named(at path.Path, text string) string {
	if words := inWords(at); words != "" {
		return words + ": " + text
	}
	return text
}

// These are what summaries call conversations.
const (
	theConversation  = "Text Message Conversation"
	theConversations = "Text Message Conversations"
)

// plainSpaces removes the spaces at the ends of a text, and replaces any other spaces, such as no-break spaces, with
// one plain space.
func plainSpaces(text string) string { return strings.Join(strings.Fields(text), " ") }
