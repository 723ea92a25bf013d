//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// detach shields the process from the terminal's interrupt, so that it ends after the processes that use it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
