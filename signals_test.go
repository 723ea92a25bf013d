package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// A provider lives as long as its Terraform, and then as long as a request may take.
func TestAwaitOrphan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lives = time.Hour
		begin := time.Now()
		awaitOrphan(7, func() int {
			if time.Since(begin) < lives {
				return 7
			}
			return 1
		})
		if took := time.Since(begin); took < lives+orphanGrace || took > lives+orphanGrace+parentPoll {
			t.Errorf("it ends after %s", took)
		}
	})
}
