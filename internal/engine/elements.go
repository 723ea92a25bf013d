package engine

import "slices"

// only returns those of the elements that fit, in a new slice.
func only[E any](elements []E, fits func(E) bool) []E {
	return slices.DeleteFunc(slices.Clone(elements), func(e E) bool { return !fits(e) })
}

// mapped returns what to makes of each element.
func mapped[E, V any](elements []E, to func(E) V) []V {
	values := make([]V, len(elements))
	for i, element := range elements {
		values[i] = to(element)
	}
	return values
}
