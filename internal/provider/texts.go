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
