package client

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	maxReplyBytes = 32 << 20
	maxRedirects  = 5

	firstRetryWait = 500 * time.Millisecond
	maxRetryWait   = 30 * time.Second
)

// LevelTrace is for logs of request and reply bodies, which contain personal data.
const LevelTrace = slog.LevelDebug - 4

// do sends the call and returns the reply. It repeats the call if that is safe. A reply without an error has a 2xx
// status. The errors are those of [Entity].
//
// If ctx ends, do sends nothing more. It still waits for the reply to a change that it has sent, for at most the
// request timeout, so that the result is not lost.
func (c *Client) do(ctx context.Context, call call) (reply, error) {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = firstRetryWait, maxRetryWait
	var lost *OutcomeUnknownError // of any try
	var throttled time.Duration   // how long the service has asked to wait
	for tries := 0; ; {
		got, again, err := c.attempt(ctx, call)
		errors.As(err, &lost)
		switch {
		case err == nil:
			return got, nil
		case again.isAsked:
			wait := again.after
			if throttled > 0 || wait == 0 {
				wait = max(wait, waits.NextBackOff()) // if the service keeps asking, wait longer than it asks
			}
			throttled += wait
			if most := c.mostThrottled(); throttled > most || c.gate.throttle()+wait > most {
				return got, firstLost(ctx, lost, throttledFor(wait, err))
			}
			c.gate.shut(wait) // the next attempt waits at the gate
			c.logRepeat(ctx, call, err, wait)
		case again.isSafe:
			if tries++; tries > c.config.MaxRetries {
				return got, firstLost(ctx, lost, err)
			}
			wait := waits.NextBackOff()
			c.logRepeat(ctx, call, err, wait)
			if stopped := sleep(ctx, wait); stopped != nil {
				return got, firstLost(ctx, lost, stopped)
			}
		default:
			return got, firstLost(ctx, lost, err)
		}
	}
}

// firstLost returns the error of a call. If an earlier try was lost and the call could not be sent again, it returns
// the error of the lost try, because the call may have been carried out.
func firstLost(ctx context.Context, lost *OutcomeUnknownError, err error) error {
	if lost != nil && (HasProblem(err, Unreachable, Throttled) || errors.Is(err, context.Cause(ctx))) {
		return lost
	}
	return err
}

// throttledFor returns the error of a call that gives up because the service keeps asking to wait. Nothing has
// changed.
func throttledFor(wait time.Duration, err error) error {
	why := "limits requests"
	if StatusOf(err) == http.StatusServiceUnavailable {
		why = "asks for a pause"
	}
	long := DurationText(wait.Round(time.Second))
	if wait >= longestRetryAfter {
		long = "a day or more"
	}
	return &problemError{fmt.Errorf("the service %s, and the next wait would take %s: %w", why, long, err), Throttled}
}

// mostThrottled is the longest time that a call waits because the service asks for it. As long as every reply asks to
// wait, all calls together wait no longer than that. Such a wait is not a retry, but a user who allows more retries is
// assumed to be more patient.
func (c *Client) mostThrottled() time.Duration {
	return time.Duration(c.config.MaxRetries+1) * time.Minute
}

// attempt sends the call once.
func (c *Client) attempt(ctx context.Context, call call) (reply, repetition, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return reply{}, repetition{}, context.Cause(ctx)
	}
	if err := c.awaitTurn(ctx); err != nil {
		return reply{}, repetition{}, err
	}
	if denied := c.denied.Load(); denied != nil {
		return reply{}, repetition{}, *denied
	}
	sending := ctx
	if call.method != http.MethodGet {
		sending = LastingOf(ctx)
	}
	sending, cancel := context.WithTimeout(sending, c.config.RequestTimeout)
	defer cancel()

	var sent atomic.Bool
	request, err := c.request(httptrace.WithClientTrace(sending, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	}), call)
	if err != nil {
		return reply{}, repetition{}, err
	}
	begin := time.Now()
	got, header, err := c.send(request)
	c.logAttempt(ctx, call, got, time.Since(begin), err)
	if err == nil {
		again, err := c.judge(call, got, header)
		return got, again, err
	}
	if ctx.Err() != nil && call.method == http.MethodGet {
		return reply{}, repetition{}, context.Cause(ctx)
	}
	switch {
	case errors.Is(context.Cause(sending), errGrace):
		err = errGrace
	case errors.Is(err, context.DeadlineExceeded):
		err = &TimeoutError{c.config.RequestTimeout}
	}
	again, err := c.judgeFailure(call, sent.Load(), err)
	return reply{}, again, err
}

// awaitTurn waits until the gate is open and the rate allows a request. After a pause, the waiting requests leave at
// that rate.
func (c *Client) awaitTurn(ctx context.Context) error {
	for {
		if err := c.rate.Wait(ctx); err != nil { // fails at once if the deadline is too near
			return cmp.Or(context.Cause(ctx), context.DeadlineExceeded)
		}
		if waited, err := c.gate.pass(ctx); err != nil || !waited {
			return cmp.Or(err, context.Cause(ctx))
		}
	}
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
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
func (c *Client) send(request *http.Request) (reply, http.Header, error) {
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
