package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// parentPoll is the interval at which a provider checks whether its Terraform is still running.
	parentPoll = time.Second
	// orphanGrace is how long the provider then continues with the requests that it has sent. By default, it is longer
	// than a request with its reply takes.
	orphanGrace = 90 * time.Second
)

// outliveSignals keeps the process alive as long as its Terraform. A CI, systemd or a closed terminal sends signals
// to Terraform and to its providers. The process survives them: Terraform stops its providers itself, once the state
// contains the results of their requests. If Terraform is killed, the process ends by itself.
//
// On Windows, a process can't see that its parent is gone. The system ends the processes that it has told to end.
func outliveSignals() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	parent := os.Getppid()
	go func() {
		awaitOrphan(parent, os.Getppid)
		os.Exit(1)
	}()
}

// awaitOrphan returns when the parent has been gone long enough that no request is under way any more.
func awaitOrphan(parent int, current func() int) {
	for current() == parent {
		time.Sleep(parentPoll)
	}
	time.Sleep(orphanGrace)
}
