package ffmpeg

import (
	"os/exec"
	"syscall"
)

const createNoWindow = 0x08000000

// own keeps the program from opening a console window.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: createNoWindow}
}
