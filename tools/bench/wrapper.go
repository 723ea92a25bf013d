package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

// Terraform starts the provider several times in a command. To measure every process, this command replaces the
// provider's binary. It then runs the provider and records its usage.

const (
	provider  = "terraform-provider-pipeliner"
	wrapped   = "wrapped" // folder of the provider, next to the wrapper
	usageFile = "usage.jsonl"
)

// usage is the CPU time and the memory of a process.
type usage struct {
	CPU  time.Duration `json:"cpu"`
	Peak int64         `json:"peak"` // memory in bytes; 0 if the system does not tell
}

// wrap replaces the provider with the wrapper.
func wrap(s *sandbox.Sandbox) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	place := filepath.Join(s.Bin(), provider)
	if _, err := os.Stat(place); err != nil {
		place += ".exe"
	}
	if err := os.Mkdir(filepath.Join(s.Bin(), wrapped), 0o750); err != nil {
		return err
	}
	if err := os.Rename(place, filepath.Join(s.Bin(), wrapped, filepath.Base(place))); err != nil {
		return err
	}
	return os.WriteFile(place, binary, 0o700) //nolint:gosec // it is a program
}

// isWrapper reports whether Terraform started this process instead of the provider.
func isWrapper() bool { return strings.HasPrefix(filepath.Base(os.Args[0]), provider) }

// runWrapped runs the provider and returns its exit code.
func runWrapped() int {
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	dir := filepath.Dir(self)
	cmd := exec.CommandContext(context.Background(), filepath.Join(dir, wrapped, filepath.Base(self)), os.Args[1:]...) //nolint:gosec // it is ours
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 1
	} else if !errors.As(err, new(*exec.ExitError)) && err != nil {
		return 1
	}
	line, err := json.Marshal(usage{cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime(), peakOf(cmd.ProcessState)})
	if err != nil {
		return 1
	}
	file, err := os.OpenFile(filepath.Join(dir, usageFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	_, err = file.Write(append(line, '\n'))
	if errors.Join(err, file.Close()) != nil {
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// takeUsage returns the usage of the providers since its last call: the CPU time of all, and the highest peak memory of
// one.
func takeUsage(s *sandbox.Sandbox) (all usage, err error) {
	path := filepath.Join(s.Bin(), usageFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	for line := range strings.Lines(string(content)) {
		var one usage
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			return all, err
		}
		all.CPU += one.CPU
		all.Peak = max(all.Peak, one.Peak)
	}
	return all, os.Remove(path)
}
