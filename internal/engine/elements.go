package engine

import (
	"math"
	"slices"
)

// only returns the elements that fit, in a new slice.
func only[E any](elements []E, fits func(E) bool) []E {
	return slices.DeleteFunc(slices.Clone(elements), func(e E) bool { return !fits(e) })
}

// mapped returns the results of a function for each element.
func mapped[E, V any](elements []E, to func(E) V) []V {
	values := make([]V, len(elements))
	for i, element := range elements {
		values[i] = to(element)
	}
	return values
}

// lowest returns the lowest revision of the elements, or the highest possible revision if there are none.
func lowest[E any](elements []E, revision func(E) int64) int64 {
	return slices.Min(append(mapped(elements, revision), math.MaxInt64))
}

// grouped returns the elements by their keys.
func grouped[E any, K comparable](elements []E, key func(E) K) map[K][]E {
	groups := map[K][]E{}
	for _, element := range elements {
		of := key(element)
		groups[of] = append(groups[of], element)
	}
	return groups
}
