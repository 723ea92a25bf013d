//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// detach keeps the terminal's interrupt from the process: it ends when it is told to, after those who use it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
