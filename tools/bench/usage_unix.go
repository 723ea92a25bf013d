//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// childrenCPU returns the CPU time of all child processes that have ended, including their own children.
func childrenCPU() time.Duration {
	var all syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &all); err != nil {
		return 0
	}
	return time.Duration(all.Utime.Nano() + all.Stime.Nano())
}

// peakOf returns the peak memory of a process, in bytes.
func peakOf(state *os.ProcessState) int64 {
	used, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return used.Maxrss
	}
	return used.Maxrss << 10
}
