package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A value can have several spellings: a UUID in either case or as a URI, "no record" as null or "", a number with or
// without spaces. The functions in this file compare the meanings of values.

// isKnown reports whether the value is neither null nor unknown, and has no element that
// is.
func isKnown(value attr.Value) bool {
	if value.IsNull() || value.IsUnknown() {
		return false
	}
	set, _ := value.(types.Set)
	return !slices.ContainsFunc(set.Elements(), func(element attr.Value) bool { return !isKnown(element) })
}

// hasUnknown reports whether the value, or any element of it, is unknown.
func hasUnknown(value attr.Value) bool { return !value.IsNull() && !isKnown(value) }

// reference returns the id in the value, zero for none.
func reference(value attr.Value) client.ID {
	id, _ := client.ParseID(textOf(value)) // validated in the configuration
	return id
}

// references returns the ids in the set, each once.
func references(value attr.Value) []client.ID {
	set, _ := value.(types.Set)
	ids := make([]client.ID, 0, len(set.Elements()))
	seen := make(map[client.ID]bool, len(set.Elements()))
	for _, element := range set.Elements() {
		if id := reference(element); !id.IsZero() && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// namedBy returns the ids in the value of a field.
func namedBy(value attr.Value) []client.ID {
	if id := reference(value); !id.IsZero() {
		return []client.ID{id}
	}
	return references(value)
}

func sameReference[T attr.Value](a, b T) bool { return reference(a) == reference(b) }

func sameReferences(a, b attr.Value) bool {
	ids, others := references(a), references(b)
	return a.IsNull() == b.IsNull() && len(ids) == len(others) &&
		!slices.ContainsFunc(ids, func(id client.ID) bool { return !slices.Contains(others, id) })
}

// keepSpelling returns like if it means the same as actual, and actual otherwise.
func keepSpelling[T attr.Value](like, actual T, same func(T, T) bool) T {
	if isKnown(like) && !hasUnknown(actual) && same(like, actual) {
		return like
	}
	return actual
}
