package main

import (
	"strings"
	"testing"
)

func TestRun_version(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{"-version", "--version"} {
		var stdout strings.Builder
		if err := run(t.Context(), []string{spelling}, &stdout); err != nil || stdout.String() != "dev\n" {
			t.Errorf("%s prints %q, %v", spelling, stdout.String(), err)
		}
	}
}
