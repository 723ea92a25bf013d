package client

import "net/http"

// A redirectError refuses a redirect that would send credentials elsewhere or
// turn a change into a read, or one of too many.
type redirectError struct {
	status int
	target string
	why    string
}

func (e *redirectError) Error() string {
	return "is a redirect to " + e.target + ", " + e.why + ", so it was not followed; check service_url"
}

// checkRedirect follows redirects of GET requests on the same host only.
func checkRedirect(request *http.Request, via []*http.Request) error {
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
	return &redirectError{status: request.Response.StatusCode, target: request.URL.Scheme + "://" + request.URL.Host, why: why}
}
