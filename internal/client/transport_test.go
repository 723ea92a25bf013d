package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

// The three kinds of calls, which the client repeats in different ways.
var (
	readCall   = call{method: http.MethodGet, path: []string{"entities", "X"}, repeatable: true}
	createCall = call{method: http.MethodPost, path: []string{"entities", "X"}, body: []byte("[]")}
	deleteCall = call{method: http.MethodPost, path: []string{"entities", "X"}, body: []byte("[]"), repeatable: true}
)

// An outcome is what happens to one request.
type outcome func(*http.Request) (*http.Response, error)

func replies(status int, body string, headers ...string) outcome {
	return func(r *http.Request) (*http.Response, error) {
		apitest.WroteHeaders(r)
		return apitest.Answer(r, status, body, headers...), nil
	}
}

// refuses fails as if no server listened.
func refuses(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}
}

// drops loses the connection after the request has been sent.
func drops(r *http.Request) (*http.Response, error) {
	apitest.WroteHeaders(r)
	return nil, io.EOF
}

// cuts loses the connection in the middle of the reply.
func cuts(r *http.Request) (*http.Response, error) {
	apitest.WroteHeaders(r)
	response := apitest.Answer(r, http.StatusOK, "")
	response.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"succ`), failingReader{}))
	return response, nil
}

// hangs answers nothing until the caller gives up.
func hangs(r *http.Request) (*http.Response, error) {
	apitest.WroteHeaders(r)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func hangsOnTheWay(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func distrusts(*http.Request) (*http.Response, error) {
	return nil, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
}

// play returns a network and the times of its requests. The n-th request has the n-th
// outcome, and all later ones have the last.
func play(outcomes ...outcome) (apitest.RoundTripper, *[]time.Time) {
	var mu sync.Mutex
	var at []time.Time
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		at = append(at, time.Now())
		outcome := outcomes[min(len(at), len(outcomes))-1]
		mu.Unlock()
		return outcome(r)
	}, &at
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	const (
		envelope     = `{"success":false,"http_status":500,"code":1,"name":"X","message":"y"}`
		timeoutReply = `{"success":false,"http_status":408,"code":1,"name":"X","message":"y"}`
	)
	ok := replies(http.StatusOK, "{}")
	none := Problem(-1)
	type result struct {
		requests int
		problem  Problem
	}
	for name, test := range map[string]struct {
		outcomes             []outcome
		read, create, delete result
	}{
		"429":                          {[]outcome{replies(429, ""), replies(429, "", "Retry-After: 3"), ok}, result{3, none}, result{3, none}, result{3, none}},
		"429 for too long":             {[]outcome{replies(429, "", "Retry-After: 3600")}, result{1, Throttled}, result{1, Throttled}, result{1, Throttled}},
		"503 with Retry-After":         {[]outcome{replies(503, "", "Retry-After: 0"), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"503 in the envelope":          {[]outcome{replies(503, envelope, "Retry-After: 1"), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"408":                          {[]outcome{replies(408, ""), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"408 for ever":                 {[]outcome{replies(408, timeoutReply)}, result{5, Other}, result{1, OutcomeUnknown}, result{5, OutcomeUnknown}},
		"408 in the envelope":          {[]outcome{replies(408, timeoutReply), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"304":                          {[]outcome{replies(304, ""), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"404 in HTML":                  {[]outcome{replies(404, "<html>"), ok}, result{1, WrongAddress}, result{1, OutcomeUnknown}, result{1, WrongAddress}},
		"413 in HTML":                  {[]outcome{replies(413, "<html>"), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"403 in HTML":                  {[]outcome{replies(403, "<html>"), ok}, result{1, NotPermitted}, result{1, OutcomeUnknown}, result{1, NotPermitted}},
		"401 in HTML":                  {[]outcome{replies(401, "<html>"), ok}, result{1, WrongCredentials}, result{1, OutcomeUnknown}, result{1, WrongCredentials}},
		"409 of a gateway":             {[]outcome{replies(409, `{"success":false,"message":"upstream conflict"}`), ok}, result{1, Refused}, result{1, OutcomeUnknown}, result{1, Refused}},
		"403 of a gateway":             {[]outcome{replies(403, `{"success":false,"errors":[{"code":1020}]}`), ok}, result{1, NotPermitted}, result{1, OutcomeUnknown}, result{1, NotPermitted}},
		"409 that is a success":        {[]outcome{replies(409, `{"success":true,"http_status":409}`), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"422 with a 500 inside":        {[]outcome{replies(422, envelope), ok}, result{1, Other}, result{1, OutcomeUnknown}, result{1, Other}},
		"503 without":                  {[]outcome{replies(503, "busy"), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"502 in HTML":                  {[]outcome{replies(502, "<html>"), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"502 in the envelope":          {[]outcome{replies(502, envelope), ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"504 for ever":                 {[]outcome{replies(504, "")}, result{5, Unavailable}, result{1, OutcomeUnknown}, result{5, OutcomeUnknown}},
		"500 in HTML":                  {[]outcome{replies(500, "<html>"), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{2, none}},
		"500 in the envelope":          {[]outcome{replies(500, envelope), ok}, result{1, Other}, result{1, OutcomeUnknown}, result{2, none}},
		"500 for ever":                 {[]outcome{replies(500, envelope)}, result{1, Other}, result{1, OutcomeUnknown}, result{5, OutcomeUnknown}},
		"refused by the service":       {[]outcome{replies(422, apitest.ValidationReply), ok}, result{1, Refused}, result{1, Refused}, result{1, Refused}},
		"no connection":                {[]outcome{refuses, refuses, ok}, result{3, none}, result{3, none}, result{3, none}},
		"never a connection":           {[]outcome{refuses}, result{5, Unreachable}, result{5, Unreachable}, result{5, Unreachable}},
		"another's certificate":        {[]outcome{distrusts, ok}, result{1, Unreachable}, result{1, Unreachable}, result{1, Unreachable}},
		"connection lost":              {[]outcome{drops, ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"connection lost for ever":     {[]outcome{drops}, result{5, Unreachable}, result{1, OutcomeUnknown}, result{5, OutcomeUnknown}},
		"lost, then no connection":     {[]outcome{drops, refuses}, result{5, Unreachable}, result{1, OutcomeUnknown}, result{5, OutcomeUnknown}},
		"reply cut":                    {[]outcome{cuts, ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"no reply in time":             {[]outcome{hangs, ok}, result{2, none}, result{1, OutcomeUnknown}, result{2, none}},
		"not sent in time":             {[]outcome{hangsOnTheWay, ok}, result{2, none}, result{2, none}, result{2, none}},
		"not sent, then lost":          {[]outcome{refuses, drops, ok}, result{3, none}, result{2, OutcomeUnknown}, result{3, none}},
		"a redirect to nowhere":        {[]outcome{replies(302, ""), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"a redirect to another host":   {[]outcome{replies(302, "", "Location: https://other.example/x"), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"a redirect without security":  {[]outcome{replies(307, "", "Location: http://crm.example/x"), ok}, result{1, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"a redirect to the same host":  {[]outcome{replies(301, "", "Location: /x"), ok}, result{2, none}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
		"a redirect round in a circle": {[]outcome{replies(307, "", "Location: /x")}, result{6, UnexpectedReply}, result{1, OutcomeUnknown}, result{1, UnexpectedReply}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, one := range []struct {
				what string
				call call
				want result
			}{{"read", readCall, test.read}, {"create", createCall, test.create}, {"delete", deleteCall, test.delete}} {
				synctest.Test(t, func(t *testing.T) {
					network, at := play(test.outcomes...)
					c := scripted(t, network)
					_, err := c.connection.do(t.Context(), one.call)
					got := result{len(*at), ProblemOf(err)}
					if err == nil {
						got.problem = none
					}
					if got != one.want {
						t.Errorf("%s: %d requests, problem %d; want %v: %v", one.what, got.requests, got.problem, one.want, err)
					}
				})
			}
		})
	}
}

func TestMaxRetries(t *testing.T) {
	t.Parallel()
	for retries, want := range map[int]int{-1: 1, 0: 1, 2: 3} {
		synctest.Test(t, func(t *testing.T) {
			network, at := play(refuses)
			c := scripted(t, network, func(config *Config) { config.MaxRetries = retries })
			_, err := c.connection.do(t.Context(), createCall)
			wantProblem(t, err, Unreachable)
			wantEqual(t, "requests", want, len(*at))
			wantEqual(t, "text", "the connection to crm.example failed: dial tcp: connect: connection refused", err.Error())
		})
	}
}

func TestWaitsAsAsked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		after       string
		least, most time.Duration
	}{
		{"0", time.Millisecond, 3 * time.Millisecond},
		{"2", 2 * time.Second, 2300 * time.Millisecond},
		{"1.5", 1500 * time.Millisecond, 1700 * time.Millisecond},
		{"60", time.Minute, time.Minute + 1200*time.Millisecond},
		{"240", 4 * time.Minute, 4*time.Minute + 1200*time.Millisecond},
		{"Sat, 01 Jan 2000 00:00:10 GMT", 10 * time.Second, 12 * time.Second}, // the bubble's time starts at 2000-01-01
		{"Fri, 31 Dec 1999 23:00:00 GMT", time.Millisecond, 3 * time.Millisecond},
		{"Sat, 01 Jan 2000 05:00:10 GMT\nDate: Sat, 01 Jan 2000 05:00:00 GMT", 10 * time.Second, 12 * time.Second}, // its clock is ahead
		{"-5", time.Millisecond, 3 * time.Millisecond},
		{"NaN", firstRetryWait / 2, firstRetryWait * 17 / 10},
		{"soon", firstRetryWait / 2, firstRetryWait * 17 / 10},
		{"", firstRetryWait / 2, firstRetryWait * 17 / 10},
	} {
		t.Run(test.after, func(t *testing.T) {
			t.Parallel()
			for status, call := range map[int]call{http.StatusTooManyRequests: createCall, http.StatusServiceUnavailable: deleteCall} {
				synctest.Test(t, func(t *testing.T) {
					network, at := play(replies(status, "", strings.Split("Retry-After: "+test.after, "\n")...), replies(http.StatusOK, "{}"))
					_, err := scripted(t, network).connection.do(t.Context(), call)
					apitest.Must(t, err)
					if got := (*at)[1].Sub((*at)[0]); got < test.least || got > test.most {
						t.Errorf("after HTTP %d, it waited %s; want %s to %s", status, got, test.least, test.most)
					}
				})
			}
		})
	}
}

// The client gives up if the service asks to wait for too long or too often. The error repeats how long the service
// asked to wait.
func TestThrottled(t *testing.T) {
	t.Parallel()
	for after, least := range map[string]time.Duration{
		"3600": 0, "99999999999999999999999": 0, "Inf": 0, "Sat, 01 Jan 2050 00:00:00 GMT": 0,
		"": 2 * time.Minute, "0": 2 * time.Minute, "1": 2 * time.Minute, "50": 2 * time.Minute,
	} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network, at := play(replies(http.StatusTooManyRequests, "", "Retry-After: "+after))
				c := scripted(t, network, func(config *Config) { config.MaxRetries = 2 })
				begin := time.Now()
				_, err := c.connection.do(t.Context(), createCall)
				wantProblem(t, err, Throttled)
				if took := time.Since(begin); took < least || took > 3*time.Minute+10*time.Second || len(*at) > 30 {
					t.Errorf("%d requests in %s: %v", len(*at), took, err)
				}
			})
		})
	}
}

// A pause applies to the service: requests that begin during the pause wait too, and such a wait is not a retry.
func TestAllWaitWhenOneIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		network, at := play(replies(http.StatusTooManyRequests, "", "Retry-After: 60"), replies(http.StatusOK, "{}"))
		c := scripted(t, network, func(config *Config) { config.MaxRetries = 0 })
		apitest.Together(10, func(i int) {
			time.Sleep(time.Duration(i) * time.Second)
			_, err := c.connection.do(t.Context(), createCall)
			apitest.Must(t, err)
		})
		wantEqual(t, "requests", 1+10, len(*at))
		for _, at := range (*at)[1:] {
			if at.Sub(begin) < time.Minute {
				t.Errorf("a request was sent after %s", at.Sub(begin))
			}
		}
	})
}

// The limit of waiting applies to all calls together, whatever status asks to wait.
func TestThrottledTogether(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network, _ := play(replies(status, "", "Retry-After: 60"))
				c := scripted(t, network)
				begin := time.Now()
				for range 20 {
					_, err := c.connection.do(t.Context(), readCall)
					wantProblem(t, err, Throttled)
					want := map[int]string{429: "the service limits requests", 503: "the service asks for a pause"}[status]
					if !strings.HasPrefix(err.Error(), want+", and the next wait would take ") || StatusOf(err) != status {
						t.Errorf("%v; want %s", err, want)
					}
				}
				apitest.WithinBubble(t, begin, 3*time.Minute, 6*time.Minute)
			})
		})
	}
}

// A create that the service asks to wait is not repeated, but the next request waits, unless the service asks for more
// than any call waits.
func TestWaitsAfterACreate(t *testing.T) {
	t.Parallel()
	for after, waits := range map[string]bool{"5": true, "300": true, "301": false, "900": false} {
		synctest.Test(t, func(t *testing.T) {
			network, at := play(replies(http.StatusServiceUnavailable, "", "Retry-After: "+after), replies(http.StatusOK, "{}"))
			c := scripted(t, network)
			_, err := c.connection.do(t.Context(), createCall)
			wantProblem(t, err, OutcomeUnknown)
			_, err = c.connection.do(t.Context(), readCall)
			apitest.Must(t, err)
			seconds, err := time.ParseDuration(after + "s")
			apitest.Must(t, err)
			if waited := (*at)[1].Sub((*at)[0]); (waited >= seconds) != waits || !waits && waited > 0 {
				t.Errorf("after %s, the next request waits for %s", after, waited)
			}
		})
	}
}

// A wait that was cut to a day has no exact length in the error.
func TestThrottledForDays(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]string{"7200": "2h", "9999999999": "a day or more", "Fri, 31 Dec 9999 23:59:59 GMT": "a day or more"} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network, _ := play(replies(http.StatusTooManyRequests, "", "Retry-After: "+after))
				_, err := scripted(t, network).connection.do(t.Context(), readCall)
				wantProblem(t, err, Throttled)
				if !strings.Contains(err.Error(), "the next wait would take "+want+":") {
					t.Errorf("%v; want %s", err, want)
				}
			})
		})
	}
}

func TestWaitsLongerAndLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, at := play(refuses)
		_, err := scripted(t, network, func(c *Config) { c.MaxRetries = 20 }).connection.do(t.Context(), readCall)
		wantProblem(t, err, Unreachable)
		for i, least := range []time.Duration{250 * time.Millisecond, 375 * time.Millisecond, 560 * time.Millisecond, 840 * time.Millisecond} {
			if got := (*at)[i+1].Sub((*at)[i]); got < least || got > 3*least+10*time.Millisecond {
				t.Errorf("wait %d is %s", i, got)
			}
		}
		for i := range 20 {
			if got := (*at)[i+1].Sub((*at)[i]); got > maxRetryWait*3/2 {
				t.Errorf("wait %d is %s, longer than the longest", i, got)
			}
		}
	})
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, _ := play(hangs)
		c := scripted(t, network, func(config *Config) { config.RequestTimeout = 7 * time.Second })
		begin := time.Now()
		_, err := c.connection.do(t.Context(), createCall)
		wantProblem(t, err, OutcomeUnknown)
		apitest.WithinBubble(t, begin, 7*time.Second, 7*time.Second)
		if !strings.Contains(err.Error(), "no complete reply within 7s (request_timeout)") {
			t.Errorf("the text is %q", err)
		}
		network, _ = play(hangs)
		c = scripted(t, network, func(config *Config) { config.RequestTimeout = 7 * time.Second })
		_, err = c.connection.do(t.Context(), readCall)
		wantEqual(t, "text of a read", "crm.example sent no complete reply within 7s (request_timeout)", err.Error())
	})
}

// The client sends nothing for a caller that has given up, whatever the call waits for.
func TestGivesUpWaiting(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for name, test := range map[string]struct {
		configure func(*Config)
		outcomes  []outcome
		busy      int // requests of others before
		want      int // requests in total
	}{
		"for a slot":       {func(c *Config) { c.MaxConcurrentRequests = 1 }, []outcome{hangs}, 1, 1},
		"for the rate":     {func(c *Config) { c.RequestsPerSecond = 0.01 }, []outcome{replies(200, "{}")}, 1, 1},
		"to repeat":        {func(*Config) {}, []outcome{replies(429, "", "Retry-After: 25")}, 0, 1},
		"to connect again": {func(*Config) {}, []outcome{refuses}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, call := range []call{readCall, createCall} {
				synctest.Test(t, func(t *testing.T) {
					network, at := play(test.outcomes...)
					c := scripted(t, network, test.configure)
					others, giveUp := context.WithCancel(t.Context())
					defer giveUp()
					for range test.busy {
						go func() { _, _ = c.connection.do(others, readCall) }()
					}
					synctest.Wait()
					ctx, cancel := context.WithCancelCause(t.Context())
					begin := time.Now()
					time.AfterFunc(100*time.Millisecond, func() { cancel(stopped) })
					_, err := c.connection.do(ctx, call)
					if !errors.Is(err, stopped) {
						t.Errorf("%s: %v; want the context's cause", call.method, err)
					}
					apitest.WithinBubble(t, begin, 100*time.Millisecond, 100*time.Millisecond)
					wantEqual(t, call.method+" requests", test.want, len(*at))
				})
			}
		})
	}
}

// If the rate can't meet the caller's deadline, the error is that of the deadline.
func TestDeadlineBeforeTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, at := play(replies(200, "{}"))
		c := scripted(t, network, func(c *Config) { c.RequestsPerSecond = 0.01 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.connection.do(ctx, readCall)
		apitest.Must(t, err)
		if _, err = c.connection.do(ctx, readCall); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v; want the deadline", err)
		}
		wantEqual(t, "requests", 1, len(*at))
	})
}

func TestAwaitsWhatHasBeenSent(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	slow := func(r *http.Request) (*http.Response, error) {
		apitest.WroteHeaders(r)
		select {
		case <-time.After(10 * time.Second):
			return apitest.Answer(r, http.StatusOK, "{}"), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	for name, test := range map[string]struct {
		call call
		want error
		took time.Duration
	}{
		"a read is given up":  {readCall, stopped, time.Second},
		"a create is awaited": {createCall, nil, 10 * time.Second},
		"a delete is awaited": {deleteCall, nil, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network, at := play(slow)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(stopped) })
				begin := time.Now()
				_, err := scripted(t, network, func(c *Config) { c.MaxRetries = 0 }).connection.do(ctx, test.call)
				if !errors.Is(err, test.want) {
					t.Errorf("%v; want %v", err, test.want)
				}
				apitest.WithinBubble(t, begin, test.took, test.took)
				wantEqual(t, "requests", 1, len(*at))
			})
		})
	}
}

// If a caller gives up before a lost delete can be repeated, the delete may have been carried out. "Interrupted"
// alone would say that it was not.
func TestInterruptedBeforeRepeating(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, at := play(drops)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		_, err := scripted(t, network).connection.do(ctx, deleteCall)
		wantProblem(t, err, OutcomeUnknown)
		wantEqual(t, "requests", 1, len(*at))
	})
}

// No redirect sends the credentials to another host, or turns a change into a read.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, target := range []string{"https://other.example/", "https://crm.example:8443/", "http://crm.example/", "/login", "https://crm.example/login"} {
			for _, call := range []call{readCall, createCall} {
				var asked []string
				c := scripted(t, func(r *http.Request) (*http.Response, error) {
					asked = append(asked, r.Method+" "+r.URL.String())
					if _, _, sent := r.BasicAuth(); !sent {
						t.Errorf("no credentials for %s", r.URL)
					}
					if len(asked) > 1 {
						return apitest.Answer(r, http.StatusOK, "{}"), nil
					}
					return apitest.Answer(r, status, "", "Location: "+target), nil
				})
				_, err := c.connection.do(t.Context(), call)
				want := []string{call.method + " https://crm.example/api/v100/rest/spaces/acme_sales/entities/X"}
				if call.method == http.MethodGet && strings.Contains(target, "/login") {
					apitest.Must(t, err)
					want = append(want, "GET https://crm.example/login")
				} else {
					wantProblem(t, err, map[bool]Problem{true: UnexpectedReply, false: OutcomeUnknown}[call.repeatable])
					why := "which could take the credentials elsewhere"
					if strings.Contains(target, "/login") {
						why = "which could turn the change into a read"
					}
					if !strings.Contains(err.Error(), "is a redirect to http") || !strings.HasSuffix(err.Error(), ", "+why+", so it was not followed; check service_url") {
						t.Errorf("%d to %s: %v", status, target, err)
					}
				}
				wantEqual(t, "requests", want, asked)
			}
		}
	}
}

// The target of a redirect may contain the password. The client's error does not reveal it.
func TestPasswordInRedirect(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"horse": "is a redirect to https://***.example, which", "credentials": "is a redirect to https://horse.example, which could take the credentials elsewhere",
	} {
		c := scripted(t, apitest.RoundTripper(replies(http.StatusFound, "", "Location: https://horse.example/")), func(c *Config) { c.Password = password })
		if _, err := c.connection.do(t.Context(), readCall); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", password, err)
		}
	}
}

// Endless redirects on the same host don't expose the credentials.
func TestEndlessRedirects(t *testing.T) {
	t.Parallel()
	c := scripted(t, apitest.RoundTripper(replies(http.StatusFound, "", "Location: /again")))
	_, err := c.connection.do(t.Context(), readCall)
	wantProblem(t, err, UnexpectedReply)
	if !strings.Contains(err.Error(), "a redirect to https://crm.example, after several others") {
		t.Error(err)
	}
}

func TestReplyIsReadUpToALimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		call    call
		status  int
		problem Problem
	}{
		{readCall, http.StatusOK, UnexpectedReply},
		{readCall, http.StatusBadGateway, Unavailable},
		{createCall, http.StatusOK, OutcomeUnknown},
		{deleteCall, http.StatusOK, OutcomeUnknown},
		{deleteCall, http.StatusBadGateway, OutcomeUnknown},
	} {
		endless := &countingReader{}
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			apitest.WroteHeaders(r)
			response := apitest.Answer(r, test.status, "")
			response.Body = io.NopCloser(endless)
			return response, nil
		})
		_, err := c.connection.do(t.Context(), test.call)
		wantProblem(t, err, test.problem)
		if !strings.Contains(err.Error(), "is longer than 32 MiB; it begins: xxx") || len(err.Error()) > 500 {
			t.Errorf("the text is %.500q", err)
		}
		if endless.read > maxReplyBytes+1<<20 {
			t.Errorf("%d bytes were read", endless.read)
		}
	}
}

type countingReader struct{ read int }

func (r *countingReader) Read(p []byte) (int, error) {
	r.read += len(p)
	copy(p, bytes.Repeat([]byte("x"), len(p)))
	return len(p), nil
}

func TestMaxConcurrentRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return apitest.Answer(r, http.StatusOK, "{}"), nil
		}, func(c *Config) { c.MaxConcurrentRequests = 3 })
		begin := time.Now()
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() { _, _ = c.connection.do(t.Context(), readCall) })
		}
		callers.Wait()
		apitest.WithinBubble(t, begin, 7*time.Second, 7*time.Second) // exactly three at a time
		wantEqual(t, "requests at once", int64(3), most.Load())
	})
}

func TestRequestsPerSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, at := play(replies(200, "{}"))
		c := scripted(t, network, func(c *Config) { c.RequestsPerSecond = 10 })
		for range 21 {
			_, err := c.connection.do(t.Context(), readCall)
			apitest.Must(t, err)
		}
		for i, when := range *at {
			if got, want := when.Sub((*at)[0]), time.Duration(i)*100*time.Millisecond; got < want-time.Millisecond || got > want+time.Millisecond {
				t.Errorf("request %d came after %s; want %s", i, got, want)
			}
		}
	})
}

// After a pause, the waiting callers don't all send at once.
func TestRequestsPerSecondAfterPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, at := play(replies(http.StatusTooManyRequests, "", "Retry-After: 30"), replies(200, "{}"))
		c := scripted(t, network, func(c *Config) { c.RequestsPerSecond = 1 })
		apitest.Together(10, func(int) {
			_, err := c.connection.do(t.Context(), readCall)
			apitest.Must(t, err)
		})
		for i := 1; i < len(*at); i++ {
			if gap := (*at)[i].Sub((*at)[i-1]); gap < 999*time.Millisecond {
				t.Errorf("request %d came %s after the one before", i, gap)
			}
		}
	})
}

func TestRequestSent(t *testing.T) {
	t.Parallel()
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		user, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		wantEqual(t, "request",
			[]string{"POST", "https://crm.example/api/v100/rest/spaces/acme_sales/entities/X/batch-modify?rollback-method=0&validation-level=8", apitest.User, apitest.Password, "application/json", "application/json", "test/1", "[1]"},
			[]string{r.Method, r.URL.String(), user, password, r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("User-Agent"), string(body)})
		return apitest.Answer(r, http.StatusOK, "{}"), nil
	}, func(c *Config) { c.UserAgent = "test/1" })
	_, err := c.connection.do(t.Context(), call{method: http.MethodPost, path: []string{"entities", "X", "batch-modify"}, query: WriteOptions{ValidationLevel: 8}.values(), body: []byte("[1]")})
	apitest.Must(t, err)
}

// A setting that is zero gets its default if zero makes no sense.
func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c, err := New(Config{ServiceURL: "crm.example", SpaceID: "acme"})
	apitest.Must(t, err)
	defaults := Defaults()
	wantEqual(t, "request timeout", defaults.RequestTimeout, c.connection.config.RequestTimeout)
	wantEqual(t, "concurrent requests", defaults.MaxConcurrentRequests, cap(c.connection.slots))
	wantEqual(t, "retries", 0, c.connection.config.MaxRetries) // zero makes sense here
}
