package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// An import id may be JSON, so that a key can contain any character.
func TestParseImport(t *testing.T) {
	t.Parallel()
	for text, test := range map[string]struct {
		keys   []string
		faults int
	}{
		idA + ", b=" + idB: {keys: []string{idA, "b"}},
		`{"Doe, Jane": "` + idA + `", " a=b ": "` + idB + `"}`:                 {keys: []string{" a=b ", "Doe, Jane"}},
		`{"a": "` + idA + `", "b": "` + idA + `"}`:                             {keys: []string{"a", "b"}, faults: 1},
		"https://crm.example/?id=" + idA + ",b=https://crm.example/?id=" + idB: {keys: []string{idA, "b"}},
		"a=" + idA + ";b=" + idB:                                               {faults: 1},
		"a=b=" + idA + ",b=" + idB:                                             {keys: []string{"b"}, faults: 1},
		"=" + idA:                                                              {keys: []string{idA}},
		`{"a": "x=` + idA + `"}`:                                               {faults: 1},
		`{"a": 1, "b": null, "c": "` + idA + `"}`:                              {keys: []string{"c"}, faults: 2},
		`{"a": "` + idA + `", "a": "` + idB + `"}`:                             {keys: []string{"a"}, faults: 1},
		`{"a": "` + idA + `"} {}`:                                              {faults: 1},
		`{}`:                                                                   {},
		`{"a"`:                                                                 {faults: 1},
	} {
		ids, faults := parseImport(text, "my_space")
		if diff := cmp.Diff(test.keys, slices.Sorted(maps.Keys(ids))); diff != "" || len(faults) != test.faults {
			t.Errorf("%s: (-want +got)\n%s %v", text, diff, faults)
		}
	}
}

// The fault of a JSON value names the key, and shows the value as it is.
func TestParseImport_faults(t *testing.T) {
	t.Parallel()
	_, faults := parseImport(`{"a": 1, "b": null}`, "my_space")
	for i, want := range []string{`"a": "1" is neither`, `"b": "null" is neither`} {
		if len(faults) != 2 || !strings.HasPrefix(faults[i], want) {
			t.Errorf("%q; want %s", faults, want)
		}
	}
}

// One warning names all conversations that have the same phone and number, in groups.
func TestWarnOfSameNumbers(t *testing.T) {
	t.Parallel()
	number := func(last int) string { return fmt.Sprintf("+1 555 010 %04d", last) }
	for want, written := range map[string]map[string]string{
		`number: "a" and "b", "c" and "d". The provider manages`:      {"a": "+1 555 010 0000", "b": "+15550100000", "c": "+15550100001", "d": "+1 (555) 010-0001", "e": "+15550100002"},
		`number: "a", "c" and "e"; "b" and "d". The provider manages`: {"a": number(1), "b": number(2), "c": number(1), "d": number(2), "e": number(1), "f": number(3)},
		`number: "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", and 2 more; "m" and "n". The provider manages`: {
			"a": number(1), "b": number(1), "c": number(1), "d": number(1), "e": number(1), "f": number(1), "g": number(1), "h": number(1),
			"i": number(1), "j": number(1), "k": number(1), "l": number(1), "m": number(2), "n": number(2),
		},
	} {
		e := entries{}
		for key, written := range written {
			e[key] = &ownedModel{conversationModel: conversationModel{PhoneID: types.StringValue(idA), RecipientPhoneNumber: types.StringValue(written)}}
		}
		if diags := (numbers{}).warnOfTwins(e, func([]string) bool { return true }); len(diags) != 1 || !strings.Contains(diags[0].Detail(), want) {
			t.Errorf("%v; want %s", diags, want)
		}
	}
}
