package provider

import (
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// causes are those that the provider has told in full. What is wrong with the
// service, the space or the access concerns every resource alike: one error
// tells it, and the others refer to that.
type causes struct{ known sync.Map }

// told reports whether an error with the same cause has been told in full, and
// otherwise takes the error for that one.
func (c *causes) told(err error) bool {
	if c == nil || !isCommon(err) {
		return false
	}
	_, told := c.known.LoadOrStore(err.Error(), nil)
	return told
}

// isCommon reports whether the cause of an error is none of one resource alone.
func isCommon(err error) bool {
	switch client.ProblemOf(err) {
	case client.WrongCredentials, client.NotPermitted, client.WrongAddress, client.Unreachable, client.UnexpectedReply:
		return true
	}
	return false
}
