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

// A reply is the reply to a call.
type reply struct {
	status  int
	body    []byte  // unchanged: hide the secrets before any part of it gets into an error or a log
	secrets secrets // that no text of the reply may show
}
