//go:build unix

package ffmpeg

import (
	"os/exec"
	"syscall"
)

// own gives the program a process group, so that what it starts is killed with it.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
