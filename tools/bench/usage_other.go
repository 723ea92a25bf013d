//go:build !unix

package main

import (
	"os"
	"time"
)

// This system does not provide these values, so they are 0.

func childrenCPU() time.Duration { return 0 }

func peakOf(*os.ProcessState) int64 { return 0 }
