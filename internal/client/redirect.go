package client

import "net/http"

// A redirectError refuses a redirect that would send credentials elsewhere or
// turn a change into a read.
type redirectError struct {
	status int
	target string
}

func (e *redirectError) Error() string {
	return "is a redirect to " + e.target + ", which could take the credentials elsewhere, so it was not followed; check service_url"
}

// checkRedirect follows redirects of GET requests on the same host only.
func checkRedirect(request *http.Request, via []*http.Request) error {
	first := via[0]
	same := request.URL.Scheme == first.URL.Scheme && request.URL.Host == first.URL.Host
	if same && first.Method == http.MethodGet && len(via) <= maxRedirects {
		return nil
	}
	return &redirectError{status: request.Response.StatusCode, target: request.URL.Scheme + "://" + request.URL.Host}
}
