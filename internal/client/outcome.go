package client

import (
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A repetition says whether a failed call may be sent again.
type repetition struct {
	isSafe  bool
	isAsked bool          // the service asks to wait before that
	after   time.Duration // how long to wait; 0 if the service does not say
}

// judge returns the error of a call with a complete reply.
//
// Some calls can't be repeated. Only the API itself can prove that such a call was not carried out: by its error
// envelope with a 4xx status other than 408, or by a 429. After any other reply the outcome is unknown.
func (c *connection) judge(call call, got reply, header http.Header) (repetition, error) {
	wait := retryAfter(header)
	asked := got.status == http.StatusServiceUnavailable && wait > 0
	if !asked && got.status != http.StatusTooManyRequests {
		c.gate.served()
	}
	if got.status >= 200 && got.status < 300 {
		return repetition{}, nil
	}
	err := got.apiError()
	if api, ok := errors.AsType[*APIError](err); ok {
		api.Request = call.purpose()
	}
	switch got.status {
	case http.StatusUnauthorized:
		c.denied.Store(&err)
	case http.StatusTooManyRequests:
		return repetition{isSafe: true, isAsked: true, after: wait}, err
	}
	switch {
	case call.repeatable:
		isOpen := call.method != http.MethodGet && (got.status >= 500 || got.status == http.StatusRequestTimeout)
		return repetition{isSafe: isOpen || isPassing(got.status), isAsked: asked, after: wait}, unknownUnless(!isOpen, err)
	case asked && wait <= c.mostThrottled(): // no call would wait longer
		c.gate.shut(wait)
	}
	return repetition{}, unknownUnless(isRefusalStatus(got.status) && isAPIRefusal(err), err)
}

// IsNotCarriedOut reports whether the error of one item of a batch comes from the API itself and proves that the item
// was not carried out.
func IsNotCarriedOut(err error) bool { return isRefusalStatus(StatusOf(err)) }

// isAPIRefusal reports whether the error comes from the API itself and proves that the call was not carried out.
func isAPIRefusal(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.fromEnvelope && isRefusalStatus(api.HTTPStatus)
}

func isRefusalStatus(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout
}

// isPassing reports whether a status stands for a temporary failure, after which the
// same request may succeed.
func isPassing(status int) bool {
	return status == http.StatusRequestTimeout || isUnavailable(status)
}

// judgeFailure returns the error of a call without a complete reply.
func (c *connection) judgeFailure(call call, sent bool, err error) (repetition, error) {
	reply, isReply := errors.AsType[*ReplyError](err)
	switch {
	case isReply: // a redirect, or a reply that is too long
		return repetition{}, unknownUnless(call.method == http.MethodGet || call.repeatable && reply.isRedirect, err)
	case sent && call.method != http.MethodGet:
		return repetition{isSafe: call.repeatable}, &OutcomeUnknownError{Err: err}
	}
	return repetition{isSafe: !isLasting(err)}, &ConnectError{Host: c.base.Host, Err: err}
}

// unknownUnless turns err into an error of unknown outcome, unless the outcome is known or doesn't matter.
func unknownUnless(isSettled bool, err error) error {
	if isSettled {
		return err
	}
	return &OutcomeUnknownError{Err: err}
}

// isLasting reports whether another connection would fail in the same way.
func isLasting(err error) bool {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	return isDNS && dns.IsNotFound ||
		IsUntrusted(err) || errors.As(err, new(tls.RecordHeaderError))
}

// longestRetryAfter is the longest wait that retryAfter returns, so that sums of waits don't overflow. A call gives
// up before that, see [connection.mostThrottled].
const longestRetryAfter = 24 * time.Hour

// retryAfter returns how long the service asks to wait, at least a millisecond, or 0 if it does not say. If the
// service names a time, that time is measured by the service's own clock.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(text, 64); !math.IsNaN(seconds) && (err == nil || errors.Is(err, strconv.ErrRange)) {
		return time.Duration(min(max(seconds, time.Millisecond.Seconds()), longestRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		now, err := http.ParseTime(header.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		return min(max(at.Sub(now), time.Millisecond), longestRetryAfter)
	}
	return 0
}

// StatusOf returns the HTTP status of the reply that an error is about, or 0 if there is
// none.
func StatusOf(err error) int {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.HTTPStatus
	}
	if reply, ok := errors.AsType[*ReplyError](err); ok {
		return reply.HTTPStatus
	}
	return 0
}
