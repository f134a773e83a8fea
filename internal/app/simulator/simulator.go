// Package simulator runs a sandbox as a program does: the simulated service on a
// TCP port, its control API with the chat page on another.
package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"libration/internal/text"
	"libration/sandbox"
	"libration/sandbox/world"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 3 * time.Second
)

// Options say where a sandbox listens. Addresses are host:port; port 0 takes a
// free one.
type Options struct {
	// SSO is where clients connect, Control where the control API and the page are.
	SSO, Control string
	// AllowRemote permits addresses that other machines can reach. There is no login
	// on either of them.
	AllowRemote bool
	Log         *slog.Logger
}

// Simulator is a sandbox that listens on two ports.
type Simulator struct {
	Sandbox      *sandbox.Sandbox
	sso, control net.Listener
	log          *slog.Logger
}

// Listen opens the ports of s; Run serves them. Errors name the address and what
// to do.
func Listen(ctx context.Context, s *sandbox.Sandbox, o Options) (*Simulator, error) {
	sso, err := listen(ctx, "--sso", o.SSO, o.AllowRemote)
	if err != nil {
		return nil, err
	}
	control, err := listen(ctx, "--control", o.Control, o.AllowRemote)
	if err != nil {
		sso.Close()
		return nil, err
	}
	world.CleanMedia()
	sim := &Simulator{Sandbox: s, sso: sso, control: control, log: o.Log}
	s.SetControlURL(sim.ControlURL())
	return sim, nil
}

func listen(ctx context.Context, flag, address string, remote bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, text.Errorf("%s %q is not host:port: use for example 127.0.0.1:7800", "%s %q 不是 host:port：例如 127.0.0.1:7800", flag, address)
	}
	if !remote && !isLoopback(host) {
		return nil, text.Errorf("%s %s can be reached from other machines, and a sandbox asks nobody for a password: use 127.0.0.1, or add --allow-remote",
			"%s %s 可被其他机器访问，而沙盒没有密码：请使用 127.0.0.1，或加上 --allow-remote", flag, address)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, text.Errorf("%s: address %s is in use by another program, or by another copy of this one: stop it or choose another port",
			"%s：地址 %s 已被其他程序（或本程序的另一个实例）占用：请停止它，或换一个端口", flag, address)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return l, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// SSO is the address for clients.
func (s *Simulator) SSO() string { return s.sso.Addr().String() }

// ControlURL is the address of the control API and, in a browser, the chat page.
func (s *Simulator) ControlURL() string { return "http://" + s.control.Addr().String() }

// Run serves both ports until ctx ends (nil) or one of them fails. Every goroutine
// has ended, both ports and the sandbox are closed when it returns. It may be called
// once.
func (s *Simulator) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	web := &http.Server{
		Handler:           s.Sandbox.Handler(),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		// Streams of events end with ctx.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	var running sync.WaitGroup
	var ssoErr, webErr error
	running.Go(func() {
		defer cancel()
		ssoErr = s.Sandbox.Serve(ctx, s.sso)
	})
	running.Go(func() {
		defer cancel()
		if err := web.Serve(s.control); !errors.Is(err, http.ErrServerClosed) {
			webErr = err
		}
	})
	<-ctx.Done()
	drain, stop := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer stop()
	if web.Shutdown(drain) != nil {
		_ = web.Close() // those that did not end in time
	}
	running.Wait()
	return errors.Join(ssoErr, webErr, s.Sandbox.Close())
}

// Close closes the ports of a simulator that is not run.
func (s *Simulator) Close() {
	s.sso.Close()
	s.control.Close()
}
