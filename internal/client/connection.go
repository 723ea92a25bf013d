package client

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const maxReplyBytes = 32 << 20

// A connection sends the requests of a client, and keeps what it has learned about the service. It is safe for
// concurrent use.
type connection struct {
	config Config
	base   *url.URL // of the space
	http   *http.Client

	secrets secrets
	slots   chan struct{} // one for each request under way

	rate *rate.Limiter
	gate gate

	refusedName atomic.Pointer[string] // of the parameter include-deleted, "" if the service accepts both; nil: unknown

	denied atomic.Pointer[error] // the service refuses the credentials: repeating them for each of a thousand resources would lock the account
}

// newConnection returns a connection to the space with that URL. The settings are complete.
func newConnection(config Config, base *url.URL) *connection {
	c := &connection{
		config:  config,
		base:    base,
		secrets: newSecrets(config.Username, config.Password),
		slots:   make(chan struct{}, config.MaxConcurrentRequests),

		rate: rate.NewLimiter(rate.Inf, 1),
	}
	if config.RequestsPerSecond > 0 {
		c.rate = rate.NewLimiter(rate.Limit(config.RequestsPerSecond), 1)
	}
	transport := config.Transport
	if transport == nil {
		transport = newTransport(cap(c.slots), config.RequestTimeout)
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: checkRedirect(c.secrets)}
	return c
}

// awaitTurn waits until the gate is open and the rate allows a request. After a pause, the waiting requests leave at
// that rate.
func (c *connection) awaitTurn(ctx context.Context) error {
	for {
		if err := c.rate.Wait(ctx); err != nil { // fails at once if the deadline is too near
			return cmp.Or(context.Cause(ctx), context.DeadlineExceeded)
		}
		if waited, err := c.gate.pass(ctx); err != nil || !waited {
			return cmp.Or(err, context.Cause(ctx))
		}
	}
}

func (c *connection) request(ctx context.Context, call call) (*http.Request, error) {
	target := c.base.JoinPath(call.path...)
	target.RawQuery = call.query.Encode()
	var body io.Reader
	if call.body != nil {
		body = bytes.NewReader(call.body)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, target.String(), body)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(c.config.Username, c.config.Password)
	request.Header.Set("Accept", "application/json")
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.config.UserAgent != "" {
		request.Header.Set("User-Agent", c.config.UserAgent)
	}
	return request, nil
}

// send sends the request and returns the reply. If send returns an error and there was no reply, the status is 0.
func (c *connection) send(request *http.Request) (reply, http.Header, error) {
	response, err := c.http.Do(request)
	if err != nil {
		// The *url.Error around the cause would repeat method and URL.
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return reply{}, nil, c.secrets.hideIn(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReplyBytes+1))
	got := reply{status: response.StatusCode, body: body, secrets: c.secrets}
	if err == nil && len(body) > maxReplyBytes {
		got.body = body[:hiddenPart]
		err = got.unexpected(fmt.Sprintf("is longer than %d MiB", maxReplyBytes>>20))
	}
	return got, response.Header, c.secrets.hideIn(err)
}

// newTransport returns a copy of Go's default transport, which honours HTTPS_PROXY and SSL_CERT_FILE. If an HTTP/2
// connection is silent for part of the timeout, the transport checks that it is alive. Otherwise, a connection that a
// firewall has dropped would take all requests for many minutes, because a request that times out does not close its
// connection.
func newTransport(idle int, timeout time.Duration) *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.MaxIdleConnsPerHost = idle
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: timeout / 4, PingTimeout: timeout / 4}
	return transport
}

// mostThrottled is the longest time that a call waits because the service asks for it. As long as every reply asks to
// wait, all calls together wait no longer than that. Such a wait is not a retry, but a user who allows more retries is
// assumed to be more patient.
func (c *connection) mostThrottled() time.Duration {
	return time.Duration(c.config.MaxRetries+1) * time.Minute
}
