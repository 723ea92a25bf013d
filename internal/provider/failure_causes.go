package provider

import (
	"errors"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// causes are the causes that the provider has explained in full. A problem of the
// service, the space or the access affects every resource: one error explains it, and the
// others refer to that error.
type causes struct{ explained sync.Map }

// told reports whether an error with the same cause has been explained in full. If not,
// it notes that this one will be.
func (c *causes) told(err error) bool {
	if c == nil || !isCommon(err) {
		return false
	}
	cause := err.Error()
	if refusal, ok := errors.AsType[*client.APIError](err); ok && client.ProblemOf(err) == client.NotPermitted {
		cause += refusal.Request // each permission is a cause of its own
	}
	_, told := c.explained.LoadOrStore(cause, nil)
	return told
}

// isCommon reports whether the cause of an error affects more than one resource.
func isCommon(err error) bool {
	switch client.ProblemOf(err) {
	case client.WrongCredentials, client.NotPermitted, client.WrongAddress, client.Unreachable, client.UnexpectedReply:
		return true
	case client.Unavailable:
		refusal, isRefusal := errors.AsType[*client.APIError](err)
		return !isRefusal || refusal.Request != "" // otherwise one item of a batch has that status
	}
	return false
}
