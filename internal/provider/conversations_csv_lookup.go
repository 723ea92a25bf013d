package provider

import (
	"fmt"
	"slices"
	"strings"
)

// A lookupTable says what the texts in cells stand for, by their [lookupKey].
type lookupTable map[string][]lookupEntry

type lookupEntry struct{ text, id string }

// lookupKey is the same for texts that differ in case and spaces only.
func lookupKey(text string) string { return strings.ToLower(plainSpaces(text)) }

// plainSpaces returns a text without spaces at its ends, and with one plain space in place of
// others, such as no-break spaces.
func plainSpaces(text string) string { return strings.Join(strings.Fields(text), " ") }

// find returns what a text stands for. Of keys that differ only in case, it takes the one
// that is exactly the text.
func (t lookupTable) find(text string) (id string, err error) {
	entries := t[lookupKey(text)]
	exact := func(e lookupEntry) bool { return plainSpaces(e.text) == plainSpaces(text) }
	if slices.ContainsFunc(entries, exact) {
		entries = slices.DeleteFunc(slices.Clone(entries), func(e lookupEntry) bool { return !exact(e) })
	}
	if len(entries) == 0 {
		return "", fmt.Errorf("%q is not in the lookups", text)
	}
	for _, other := range entries[1:] {
		if !strings.EqualFold(other.id, entries[0].id) {
			keys := make([]string, len(entries))
			for i, e := range entries {
				keys[i] = e.text
			}
			return "", fmt.Errorf("%q may be any of the keys %s in the lookups", text, quoted(keys))
		}
	}
	return entries[0].id, nil
}
