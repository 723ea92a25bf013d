package client

import (
	"fmt"
	"net/http"
)

const maxRedirects = 5

// checkRedirect returns a function that follows a few redirects of GET requests on the same host. The function refuses
// all other redirects, which would send the credentials elsewhere, or turn a change into a read. Its error is a
// *ReplyError without the secrets.
func checkRedirect(secrets secrets) func(request *http.Request, via []*http.Request) error {
	return func(request *http.Request, via []*http.Request) error {
		var why string
		first := via[0]
		switch {
		case request.URL.Scheme != first.URL.Scheme || request.URL.Host != first.URL.Host:
			why = "which could take the credentials elsewhere"
		case first.Method != http.MethodGet:
			why = "which could turn the change into a read"
		case len(via) > maxRedirects:
			why = "after several others"
		default:
			return nil
		}
		target := secrets.hide([]byte(request.URL.Scheme + "://" + request.URL.Host))
		reason := fmt.Sprintf("is a redirect to %s, %s, so it was not followed; check service_url", target, why)
		return &ReplyError{HTTPStatus: request.Response.StatusCode, Reason: reason, isRedirect: true}
	}
}
