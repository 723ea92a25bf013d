package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// judge tells what a complete reply means for the call.
func (c *Client) judge(call call, got reply, header http.Header) error {
	switch {
	case got.status >= 200 && got.status < 300:
		return nil
	case got.status == http.StatusTooManyRequests,
		got.status == http.StatusServiceUnavailable && header.Get("Retry-After") != "":
		// The service says that it has not even begun.
		return &retryableError{err: decodeError(got.status, got.body), after: retryAfter(header, time.Now())}
	}
	err := decodeError(got.status, got.body)
	switch {
	case got.status == http.StatusUnauthorized:
		c.denied.set(err)
		return err
	case got.status < 500:
		return err
	case got.status == http.StatusBadGateway, got.status == http.StatusServiceUnavailable, got.status == http.StatusGatewayTimeout:
		return lostReply(call, err)
	case errors.As(err, new(*APIError)):
		return err
	}
	return unlessRead(call, err)
}

// judgeFailure tells what it means that no complete reply came.
func (c *Client) judgeFailure(call call, got reply, sent bool, err error) error {
	var refusal *redirectError
	switch {
	case errors.As(err, &refusal):
		return &ReplyError{HTTPStatus: refusal.status, Reason: refusal.Error(), Snippet: refusal.target}
	case errors.Is(err, errReplyTooLong):
		return unlessRead(call, &ReplyError{HTTPStatus: got.status, Reason: err.Error(), Snippet: snippet(got.body)})
	case sent && call.method != http.MethodGet:
		return lostReply(call, err)
	}
	failure := &ConnectError{Host: c.base.Host, Err: err}
	if isLasting(err) {
		return failure
	}
	return &retryableError{err: failure}
}

// A denial is the service's answer that the credentials are wrong. They don't
// get better by being sent again, for each of a thousand resources: that locks
// accounts.
type denial struct {
	mu  sync.Mutex
	err error
}

func (d *denial) set(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *denial) get() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// lostReply is the error of a call that may have been carried out.
func lostReply(call call, err error) error {
	err = unlessRead(call, err)
	if call.repeatable {
		return &retryableError{err: err}
	}
	return err
}

// unlessRead says that the outcome is unknown, except of a call that only reads.
func unlessRead(call call, err error) error {
	if call.method == http.MethodGet {
		return err
	}
	return &OutcomeUnknownError{Err: err}
}

// isLasting reports whether connecting again would fail in the same way.
func isLasting(err error) bool {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		host        x509.HostnameError
		authority   x509.UnknownAuthorityError
	)
	return errors.As(err, &dns) && dns.IsNotFound ||
		errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &host) || errors.As(err, &authority)
}

// retryAfter returns how long the service asks to wait, at most maxRetryWait,
// and a little more, so that those who were sent away together don't come back
// together; 0 where it does not say.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if text == "" {
		return 0
	}
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(text, 64); !math.IsNaN(seconds) && (err == nil || errors.Is(err, strconv.ErrRange)) {
		wait = time.Duration(min(max(seconds, 0), maxRetryWait.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(text); err == nil {
		wait = min(max(at.Sub(now), 0), maxRetryWait)
	} else {
		return 0
	}
	return wait + time.Millisecond + rand.N(wait/10+time.Millisecond) //nolint:gosec // jitter needs no secrecy
}

// A redirectError refuses a redirect that would take credentials elsewhere or
// turn a change into a question.
type redirectError struct {
	status int
	target string
}

func (e *redirectError) Error() string {
	return "is a redirect, which is not followed, so that no credentials go elsewhere; is service_url right?"
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
