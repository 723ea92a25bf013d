package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// parentPoll is how often a provider looks whether its Terraform is gone.
	parentPoll = time.Second
	// orphanGrace is how long it then goes on with what it has sent: longer than a
	// request with its reply takes, by default.
	orphanGrace = 90 * time.Second
)

// outliveSignals makes the process live as long as its Terraform. It survives the
// signals that a CI, systemd or a closed terminal sends to Terraform and its providers
// alike: Terraform stops its providers by itself, once what they have sent is in the
// state. If Terraform is killed, the process ends by itself.
//
// On Windows no process sees that its parent is gone; the system ends those that
// it has told to end.
func outliveSignals() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	parent := os.Getppid()
	go func() {
		awaitOrphan(parent, os.Getppid)
		os.Exit(1)
	}()
}

// awaitOrphan returns when the parent has been gone for so long that nothing that
// was sent is under way any more.
func awaitOrphan(parent int, current func() int) {
	for current() == parent {
		time.Sleep(parentPoll)
	}
	time.Sleep(orphanGrace)
}
