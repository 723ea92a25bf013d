package client

import (
	"context"
	"maps"
	"net/http"
	"net/url"
)

// includeDeleted contains the two names of the parameter that asks for soft-deleted records too. The vendor's
// documents use both.
var includeDeleted = []string{"include-deleted", "include_deleted"}

// read sends a GET, and reads the data of the reply. If the GET asks for soft-deleted records, it sends both names of
// the parameter, because a service may ignore the one that it does not know. If the service refuses the unknown name
// instead, read tries each name alone, and then keeps using the one that the service accepts.
func (c *connection) read(ctx context.Context, path []string, parameters url.Values, data any) (reply, error) {
	send := func(without string) (reply, error) {
		fewer := maps.Clone(parameters)
		fewer.Del(without)
		got, err := c.do(ctx, call{method: http.MethodGet, path: path, query: fewer, repeatable: true})
		if err == nil {
			err = got.decode(data)
		}
		return got, err
	}
	if !parameters.Has(includeDeleted[0]) {
		return send("")
	}
	if refused := c.refusedName.Load(); refused != nil {
		return send(*refused)
	}
	var first reply
	var refusal error
	for _, without := range []string{"", includeDeleted[1], includeDeleted[0]} {
		got, err := send(without)
		if err == nil {
			c.refusedName.Store(&without)
		}
		if ProblemOf(err) != Refused {
			return got, err
		}
		if refusal == nil {
			first, refusal = got, err
		}
	}
	return first, refusal
}
