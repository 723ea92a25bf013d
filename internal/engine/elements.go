package engine

import "slices"

// only returns those of the elements that fit, in a new slice.
func only[E any](elements []E, fits func(E) bool) []E {
	return slices.DeleteFunc(slices.Clone(elements), func(e E) bool { return !fits(e) })
}

// mapped calls a function for each of the elements, and returns its results.
func mapped[E, V any](elements []E, to func(E) V) []V {
	values := make([]V, len(elements))
	for i, element := range elements {
		values[i] = to(element)
	}
	return values
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
