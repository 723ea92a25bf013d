package engine

import (
	"cmp"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A Moment is a point in the history of a space. Later changes have a higher revision.
// Revisions order changes; clocks don't.
type Moment struct {
	Revision int64 `json:"revision"`
	// IsUnproven means that the space may have shown a newer revision: the service may not order by
	// revision.
	IsUnproven bool `json:"unproven,omitempty"`
}

// NoFloor stands for an unknown revision, below all others.
const NoFloor int64 = -1

// newest returns the highest revision of the records, or [NoFloor] if there are none.
func newest[T client.Record](records []T) int64 {
	revision := NoFloor
	for _, record := range records {
		revision = max(revision, record.Meta().Revision)
	}
	return revision
}

// isNewestFirst reports whether the first page of a list shows the newest records. A
// service may ignore the order that it is asked for. A single record shows no order, so
// it counts only if it is the whole list.
func isNewestFirst[T client.Record](page client.Page[T]) bool {
	if (page.HasNextPage || page.IsOpen) && len(page.Records) < 2 {
		return false
	}
	return isDescending(page.Records)
}

// isWhole reports whether the first page of a list shows all of it.
func isWhole[T client.Record](page client.Page[T]) bool {
	return !page.HasNextPage && !page.IsOpen && page.Total <= len(page.Records)
}

func isDescending[T client.Record](records []T) bool {
	return slices.IsSortedFunc(records, func(a, b T) int { return cmp.Compare(b.Meta().Revision, a.Meta().Revision) })
}
