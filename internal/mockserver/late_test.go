package mockserver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// post creates a phone over InProcess, and gives up after patience.
func (m mock) post(t *testing.T, patience time.Duration) (status int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, baseURL+"/entities/Phones", strings.NewReader(newPhone))
	must(t, err)
	r.SetBasicAuth("user", "password")
	answer, err := mockserver.InProcess(m).RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

func TestFault_commitLater(t *testing.T) {
	t.Parallel()
	const delay = 5 * time.Second
	for name, test := range map[string]struct {
		fault    mockserver.Fault
		status   int
		err      error
		answered time.Duration
	}{
		"a gateway answers": {mockserver.Fault{Status: 504}, 504, nil, 0},
		"it hangs up":       {mockserver.Fault{}, 0, mockserver.ErrDropped, 0},
		"nobody waits":      {mockserver.Fault{Latency: time.Hour}, 0, context.DeadlineExceeded, 2 * time.Second},
		"answered after it": {mockserver.Fault{Latency: time.Second, CommitAfter: time.Second / 2, Status: 500}, 500, nil, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMock(t, nil)
			test.fault.Kind = mockserver.CommitLater
			if test.fault.CommitAfter == 0 {
				test.fault.CommitAfter = delay
			}
			m.Inject(test.fault)
			start := time.Now()
			status, err := m.post(t, 2*time.Second)
			if !errors.Is(err, test.err) {
				t.Errorf("%s: error is %v, want %v", name, err, test.err)
			}
			wantDiff(t, name+" status", test.status, status)
			wantDiff(t, name+" answered", test.answered, time.Since(start))

			early := test.fault.CommitAfter < test.answered
			pending := map[bool]int{true: 0, false: 1}[early]
			wantDiff(t, name+" pending", pending, m.PendingCommits())
			wantDiff(t, name+" phones before", 2-pending, len(m.Records("Phones")))
			m.AwaitCommits()
			wantDiff(t, name+" carried out", max(test.fault.CommitAfter, test.answered), time.Since(start))
			wantDiff(t, name+" phones", 2, len(m.Records("Phones")))
		})
	}
}

func TestFault_commitLaterCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMock(t, nil)
		m.Inject(mockserver.Fault{Kind: mockserver.CommitLater, CommitAfter: time.Second})
		_, _ = m.post(t, time.Minute)
		_, _ = m.post(t, time.Minute)
		wantDiff(t, "pending", 2, m.PendingCommits())
		go func() {
			time.Sleep(time.Second / 2)
			m.CancelCommits()
		}()
		m.AwaitCommits()
		time.Sleep(time.Minute)
		wantDiff(t, "phones", 1, len(m.Records("Phones")))
	})
}

// A test may end before the request is carried out.
func TestFault_commitLaterLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMock(t, nil)
		m.Inject(mockserver.Fault{Kind: mockserver.CommitLater, CommitAfter: time.Hour, Status: 504})
		_, _ = m.post(t, time.Minute)
	})
}

// A fault can go on for a time that begins with its first hit.
func TestFault_for(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMock(t, nil)
		limit := mockserver.Fault{Path: "Phones", Kind: mockserver.StatusReply, Status: 429, For: time.Minute, Skip: 1}
		ask := func(want int, retryAfter string) {
			t.Helper()
			got := m.do(t, http.MethodGet, "Phones", "").wantStatus(t, want)
			wantDiff(t, "Retry-After", retryAfter, got.header.Get("Retry-After"))
		}
		for _, test := range []struct{ order, first, last string }{
			{mockserver.Remaining, "60", "1"}, {"7", "7", "7"}, {"", "", ""},
		} {
			m.ClearFaults()
			limit.RetryAfter = test.order
			m.Inject(limit)
			time.Sleep(time.Hour) // the time has not begun
			ask(200, "")
			ask(429, test.first)
			time.Sleep(time.Minute - time.Second/2)
			ask(429, test.last)
			m.do(t, http.MethodGet, "Accounts", "").wantStatus(t, 200)
			time.Sleep(time.Second / 2)
			ask(200, "")
		}
	})
}
