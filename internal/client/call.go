package client

import (
	"net/http"
	"net/url"
	"slices"
)

// A call is one request to the space.
type call struct {
	method string
	path   []string // below the space
	query  url.Values
	body   []byte // JSON; nil: none

	// repeatable means that carrying out the call twice does no harm, so the client may send it again if its reply is
	// lost.
	repeatable bool
}

// purpose says what the call does, such as "read TextMessages".
func (c call) purpose() string {
	entity := ""
	if len(c.path) > 1 {
		entity = c.path[1]
	}
	switch {
	case c.method == http.MethodGet:
		return "read " + entity
	case slices.Contains(c.path, batchDelete):
		return "delete " + entity
	case slices.Contains(c.path, batchRestore):
		return "restore " + entity
	}
	return "create or change " + entity
}

// The operations on many records, as the last part of their path.
const (
	batchModify  = "batch-modify"
	batchDelete  = "batch-delete"
	batchRestore = "batch-restore"
)
