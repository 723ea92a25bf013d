package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Callers share an error that counts, for a moment. They don't share the error of a caller who has given up.
func TestRecentError(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	for name, test := range map[string]struct {
		ctx     context.Context //nolint:containedctx // of the first caller
		counts  bool
		later   time.Duration
		isAsked bool
	}{
		"at once":             {t.Context(), true, 0, false},
		"after a moment":      {t.Context(), true, fresh, true},
		"does not count":      {t.Context(), false, 0, true},
		"the caller gives up": {ended, true, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var recent RecentError
				failure := errors.New("failure")
				err := recent.Try(test.ctx, func() error { return failure }, func(error) bool { return test.counts })
				wantEqual(t, "first", true, errors.Is(err, failure))
				time.Sleep(test.later)
				isAsked := false
				err = recent.Try(t.Context(), func() error { isAsked = true; return nil }, isOfService)
				wantEqual(t, "asked, failed", []bool{test.isAsked, !test.isAsked}, []bool{isAsked, errors.Is(err, failure)})
			})
		})
	}
}
