package sdnotify

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// environment is a lookup of these variables.
func environment(all map[string]string) func(string) string {
	return func(name string) string { return all[name] }
}

func TestSocket(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such sockets")
	}
	if Open(environment(nil)) != nil {
		t.Error("a socket without a manager")
	}
	names := []string{filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names = append(names, "@libration-test-"+strings.ReplaceAll(t.TempDir(), "/", "-"))
	}
	for _, name := range names {
		manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		s := Open(environment(map[string]string{"NOTIFY_SOCKET": name}))
		if err := s.Send("READY=1", "STATUS=10001 online"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		b := make([]byte, 1000)
		if err := manager.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := manager.Read(b)
		if got := string(b[:n]); err != nil || got != "READY=1\nSTATUS=10001 online" {
			t.Errorf("%s: the manager got %q, %v", name, got, err)
		}
		manager.Close()
		if err := s.Send("READY=1"); err == nil {
			t.Errorf("%s: sent to nobody", name)
		}
	}
}

func TestWatchdog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"", "", 0},
		{"30000000", "", 30 * time.Second},
		{"30000000", "7", 30 * time.Second},
		{"30000000", "8", 0},
		{"-1", "", 0},
		{"18446744073709551615", "", 0},
		{"soon", "7", 0},
	} {
		if got := Watchdog(environment(map[string]string{"WATCHDOG_USEC": tt.usec, "WATCHDOG_PID": tt.pid}), 7); got != tt.want {
			t.Errorf("WATCHDOG_USEC=%s WATCHDOG_PID=%s: got %v, want %v", tt.usec, tt.pid, got, tt.want)
		}
	}
}

// program is what a Reporter reports about, and the manager that it reports to.
type program struct {
	mu      sync.Mutex
	report  Report
	err     error
	hangs   chan struct{} // Status waits for it; nil: it does not
	changed chan struct{}
	got     []string
	deaf    bool
}

func newProgram() *program { return &program{changed: make(chan struct{})} }

func (p *program) options(watchdog time.Duration) Options {
	return Options{
		Send: func(lines ...string) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.deaf {
				return errors.New("nobody listens")
			}
			p.got = append(p.got, strings.Join(lines, " "))
			return nil
		},
		Watchdog: watchdog,
		Status: func() (Report, error) {
			p.mu.Lock()
			hangs := p.hangs
			p.mu.Unlock()
			if hangs != nil {
				<-hangs
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.report, p.err
		},
		Changed: func() <-chan struct{} {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.changed
		},
	}
}

// change changes the program and tells the reporter.
func (p *program) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

// said lets time pass and returns what the manager has got since the last call.
func (p *program) said(after time.Duration) string {
	time.Sleep(after)
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	got := strings.Join(p.got, "\n")
	p.got = nil
	return got
}

func TestLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram()
		p.report.Text = "10001 offline"
		r := New(p.options(0))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, ended) }()
		want := func(when string, after time.Duration, want string) {
			t.Helper()
			if got := p.said(after); got != want {
				t.Errorf("%s: got %q, want %q", when, got, want)
			}
		}
		want("start", 0, "STATUS=10001 offline EXTEND_TIMEOUT_USEC=30000000")
		want("a long start", 10*time.Second, "EXTEND_TIMEOUT_USEC=30000000")
		p.change(func() { p.report.Ready, p.report.Text = true, "10001 logging_in (qr)" })
		want("offline, but standing", time.Second, "READY=1 STATUS=10001 logging_in (qr)")
		want("nothing new", time.Minute, "")
		p.change(func() { p.report.Text = "10001 online\nREADY=1" })
		p.change(func() {})
		want("a change", time.Second, "STATUS=10001 online READY=1")
		r.Reload(func() { want("reload", 0, "RELOADING=1") })
		want("after a reload", 0, "READY=1")
		cancel()
		want("stop", 0, "STOPPING=1 STATUS=stopping EXTEND_TIMEOUT_USEC=30000000")
		want("a long stop", 11*time.Second, "EXTEND_TIMEOUT_USEC=30000000")
		p.said(maxStop)
		want("a stop that does not end", time.Hour, "")
		close(ended)
		<-done
	})
}

func TestWatchdogIsNoBlindTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram()
		p.report = Report{Ready: true, Text: "online"}
		r := New(p.options(30 * time.Second))
		ended, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); r.Run(t.Context(), ended) }()
		if got := p.said(31 * time.Second); strings.Count(got, "WATCHDOG=1") < 3 {
			t.Errorf("alive for 31 s: got\n%s", got)
		}
		p.change(func() { p.err = errors.New("session stuck") })
		if got := p.said(time.Minute); got != "STATUS=does not answer: session stuck" {
			t.Errorf("stuck: got\n%s", got)
		}
		hangs := make(chan struct{})
		p.change(func() { p.err, p.hangs = nil, hangs })
		if got := p.said(time.Minute); got != "STATUS=does not answer: no answer in time" {
			t.Errorf("hanging: got\n%s", got)
		}
		p.change(func() { p.hangs = nil })
		close(hangs)
		if got := p.said(10 * time.Second); !strings.Contains(got, "WATCHDOG=1") || !strings.Contains(got, "STATUS=online") {
			t.Errorf("alive again: got\n%s", got)
		}
		close(ended)
		<-done
	})
}

// TestStartWithoutEnd: the manager may end a start that never succeeds.
func TestStartWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram()
		r := New(p.options(0))
		ended, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); r.Run(t.Context(), ended) }()
		p.said(maxStart)
		if got := p.said(time.Hour); got != "" {
			t.Errorf("got\n%s", got)
		}
		close(ended)
		<-done
	})
}

func TestDeafManager(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram()
		p.deaf, p.report = true, Report{Ready: true}
		var log strings.Builder
		o := p.options(time.Second)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		r := New(o)
		ended, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); r.Run(t.Context(), ended) }()
		p.said(time.Minute)
		close(ended)
		<-done
		if n := strings.Count(log.String(), "cannot be told"); n != 1 {
			t.Errorf("%d log lines, want 1:\n%s", n, log.String())
		}
	})
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine("a\nREADY=1\r\x00b"); got != "a READY=1 b" {
		t.Errorf("got %q", got)
	}
	if got := oneLine(strings.Repeat("号", 1000)); len([]rune(got)) != 403 {
		t.Errorf("got %d characters", len([]rune(got)))
	}
}
