package app_test

import (
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/sdnotify"
	"libration/sandbox"
)

// TestServiceManager: the manager of the system hears that the service stands while
// nobody has scanned the code yet, then what it does, and that it stops.
func TestServiceManager(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such sockets")
	}
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	socket := sdnotify.Open(func(string) string { return name })

	sim := startSandbox(t, sandbox.Options{})
	c := configuration(t.TempDir(), sim.ControlURL())
	a, err := app.New(c, app.Options{
		Log: slog.New(slog.DiscardHandler), QRStyle: account.QRASCII, Version: "test", Notify: socket.Send, Watchdog: 200 * time.Millisecond,
		Load: func() (*config.Config, error) { return c, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string]bool)
	hear := func(want string) {
		t.Helper()
		if err := manager.SetReadDeadline(time.Now().Add(limit)); err != nil {
			t.Fatal(err)
		}
		for b := make([]byte, 4096); !said[want]; {
			n, err := manager.Read(b)
			if err != nil {
				t.Fatalf("waiting for %s: %v; heard %v", want, err, said)
			}
			for line := range strings.Lines(string(b[:n])) {
				said[strings.TrimSpace(line)] = true
			}
		}
		delete(said, want)
	}
	stop := background(t, a.Run)
	hear("READY=1")
	hear("STATUS=default logging_in (qr), 0 of 2 connections running")
	hear("WATCHDOG=1")
	id := sim.Sandbox.PendingQR()[0].ID
	if err := sim.Sandbox.ScanQR(id, 10001); err != nil {
		t.Fatal(err)
	}
	if err := sim.Sandbox.ApproveQR(id, 10001); err != nil {
		t.Fatal(err)
	}
	hear("STATUS=10001 online, 2 of 2 connections running")
	if _, err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	hear("RELOADING=1")
	hear("READY=1")
	stop()
	hear("STOPPING=1")
}
