//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// readInBackground makes reading from the terminal fail, instead of stopping the
// process, while it runs in the background of a shell.
func readInBackground() { signal.Ignore(syscall.SIGTTIN) }
