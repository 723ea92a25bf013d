package provider

import (
	"errors"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// unsettled are the entries, by key, of which it is not known whether they were
// created, each with the moment before that was tried. The resource's private
// state keeps them, so that the next apply looks before it creates.
type unsettled map[string]client.Moment

// unsettled returns what this work leaves open.
func (w *bulkWork) unsettled() unsettled {
	open := unsettled{}
	for key, err := range w.failed {
		if unknown, ok := errors.AsType[*client.OutcomeUnknownError](err); ok && unknown.Since != nil {
			open[key] = *unknown.Since
		}
	}
	return open
}
