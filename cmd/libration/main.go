// Command libration is an NTQQ bot service for OneBot v11, and a sandbox to try it
// in. `libration --help` lists what it can do.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// exitInterrupted is the code after a second signal, and of what a first one left
// undone.
const exitInterrupted = 130

func main() {
	offerCertificates()
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does it
		signal.Notify(signals, syscall.SIGHUP) // the terminal was closed
	}
	go func() {
		<-signals // stop in order
		cancel()
		<-signals // at once
		os.Exit(exitInterrupted)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
