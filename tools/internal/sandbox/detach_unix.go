//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// detach keeps the terminal's interrupt from the process, so that the process ends after its users.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
