package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	firstRetryWait = 500 * time.Millisecond
	maxRetryWait   = 30 * time.Second
)

// do sends the call and returns the reply. It repeats the call if that is safe. A reply without an error has a 2xx
// status. The errors are those of [Entity].
//
// If ctx ends, do sends nothing more. It still waits for the reply to a change that it has sent, for at most the
// request timeout, so that the result is not lost.
func (c *connection) do(ctx context.Context, call call) (reply, error) {
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

// attempt sends the call once.
func (c *connection) attempt(ctx context.Context, call call) (reply, repetition, error) {
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
