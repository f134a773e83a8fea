package supervise

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustAdd(t *testing.T, s *Supervisor, name string, start Start, run RunFunc) {
	t.Helper()
	if err := s.Add(name, start, run); err != nil {
		t.Fatalf("Add(%q): %v", name, err)
	}
}

// serve is a service that works.
func serve(ctx context.Context, ready func()) error {
	ready()
	ready()
	<-ctx.Done()
	return ctx.Err()
}

// wantState waits until all goroutines wait, and checks.
func wantState(t *testing.T, s *Supervisor, name string, want State) Status {
	t.Helper()
	synctest.Wait()
	for _, st := range s.Status() {
		if st.Name == name {
			if st.State != want {
				t.Errorf("%s is %v, want %v", name, st, want)
			}
			return st
		}
	}
	t.Fatalf("no service %q", name)
	return Status{}
}

// run runs s in the background; stop ends it and gives Run's error.
func run(t *testing.T, s *Supervisor) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func TestLifeCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		s := New(Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
		online, bind := make(chan struct{}), make(chan struct{})
		mustAdd(t, s, "http", After(online), func(ctx context.Context, ready func()) error {
			<-bind
			return serve(ctx, ready)
		})
		mustAdd(t, s, "console", nil, serve)
		if err := s.Add("http", nil, serve); err == nil {
			t.Error("a second service of the same name was taken")
		}
		wantState(t, s, "console", Waiting)
		stop := run(t, s)

		wantState(t, s, "console", Running)
		wantState(t, s, "http", Waiting)
		time.Sleep(time.Minute)
		close(online)
		if st := wantState(t, s, "http", Starting); time.Since(st.Since) != 0 {
			t.Errorf("starting since %v, want now", st.Since)
		}
		close(bind)
		wantState(t, s, "http", Running)

		mustAdd(t, s, "late", nil, serve)
		wantState(t, s, "late", Running)
		if err := s.Run(t.Context()); err == nil {
			t.Error("Run could be called twice")
		}
		if err := stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
		for _, st := range s.Status() {
			if st.State != Stopped || st.String() != "stopped" {
				t.Errorf("%s is %v in the end", st.Name, st)
			}
		}
		if err := s.Add("too late", nil, serve); err == nil {
			t.Error("a service was taken after the end")
		}
		text := logged.String()
		for line, want := range map[string]int{"waits for its start condition": 1, "is running": 3, "service stopped": 3} {
			if got := strings.Count(text, line); got != want {
				t.Errorf("%q was logged %d times, want %d:\n%s", line, got, want, text)
			}
		}
	})
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{MinRetry: time.Second, MaxRetry: 10 * time.Second, Stable: time.Minute})
		cause := errors.New("address in use")
		begin := time.Now()
		var starts []time.Duration
		var healthy atomic.Bool
		mustAdd(t, s, "http", nil, func(ctx context.Context, ready func()) error {
			starts = append(starts, time.Since(begin))
			if healthy.Load() {
				ready()
				time.Sleep(2 * time.Minute) // longer than Stable
			}
			return cause
		})
		mustAdd(t, s, "other", nil, serve)
		stop := run(t, s)
		st := wantState(t, s, "http", Failed)
		if !errors.Is(st.Err, cause) || st.Failures != 1 || time.Until(st.Retry) < 750*time.Millisecond || time.Until(st.Retry) > 1250*time.Millisecond {
			t.Errorf("got %+v, want the cause and a retry in about a second", st)
		}
		if !strings.HasPrefix(st.String(), "failed: address in use, retry in ") {
			t.Errorf("the status reads %q", st)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for i := 1; i < len(starts); i++ {
			pause, want := starts[i]-starts[i-1], min(time.Second<<(i-1), 10*time.Second)
			if pause < want*3/4 || pause > min(want*5/4, 10*time.Second) {
				t.Errorf("pause %d is %v, want about %v and at most 10s", i, pause, want)
			}
		}
		if len(starts) < 12 {
			t.Errorf("got %d starts in two minutes", len(starts))
		}
		wantState(t, s, "other", Running)

		// After a good while the failures are forgotten.
		healthy.Store(true)
		time.Sleep(11 * time.Second)
		if st := wantState(t, s, "http", Running); st.Err != nil {
			t.Errorf("a running service has the error %v", st.Err)
		}
		for s.Status()[0].State == Running {
			time.Sleep(time.Second)
		}
		if st := wantState(t, s, "http", Failed); st.Failures != 1 || time.Until(st.Retry) > 1250*time.Millisecond {
			t.Errorf("after a stable time: got %+v, want the first failure again", st)
		}
		if err := stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
		wantState(t, s, "http", Stopped)
	})
}

func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		s := New(Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
		n := 0
		var late func()
		mustAdd(t, s, "panics", nil, func(ctx context.Context, ready func()) error {
			if n++; n == 1 {
				late = ready
				ready()
				panic("oops")
			}
			return serve(ctx, ready)
		})
		refuse := true
		mustAdd(t, s, "bad start", func(context.Context) error {
			if refuse {
				refuse = false
				return errors.New("no state")
			}
			return nil
		}, serve)
		mustAdd(t, s, "once", nil, func(context.Context, func()) error { return nil })
		stop := run(t, s)
		if st := wantState(t, s, "panics", Failed); st.Err == nil || st.Err.Error() != "panic: oops" {
			t.Errorf("after a panic: %+v", st)
		}
		late()
		wantState(t, s, "panics", Failed)
		wantState(t, s, "bad start", Failed)
		wantState(t, s, "once", Stopped)
		time.Sleep(2 * time.Second)
		wantState(t, s, "panics", Running)
		wantState(t, s, "bad start", Running)
		if err := stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
		for _, want := range []string{"panic=oops", "supervise_test.go", "retry_in="} {
			if !strings.Contains(logged.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, logged.String())
			}
		}
	})
}

// TestTrouble is about a service that serves, does not, and serves again, all in one
// run.
func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes := 0
		s := New(Options{OnChange: func() { changes++ }})
		again := make(chan struct{})
		mustAdd(t, s, "reverse", nil, func(ctx context.Context, ready func()) error {
			ready()
			<-again
			return serve(ctx, ready)
		})
		gone := errors.New("the bot is away")
		s.Trouble("reverse", gone, time.Now())
		wantState(t, s, "reverse", Waiting) // it has not begun
		stop := run(t, s)
		wantState(t, s, "reverse", Running)
		before := changes
		s.Trouble("nobody", gone, time.Time{})
		s.Trouble("reverse", gone, time.Now().Add(3*time.Second))
		if st := wantState(t, s, "reverse", Failed); st.String() != "failed: the bot is away, retry in 3s" || changes != before+1 {
			t.Errorf("in trouble: %q after %d changes, want one change", st, changes-before)
		}
		s.Trouble("reverse", gone, time.Time{})
		if st := wantState(t, s, "reverse", Starting); !errors.Is(st.Err, gone) {
			t.Errorf("while it tries: error %v, want the old one", st.Err)
		}
		close(again)
		if st := wantState(t, s, "reverse", Running); st.Err != nil || !st.Retry.IsZero() || st.Failures != 0 {
			t.Errorf("after the trouble: %+v", st)
		}
		if err := stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
		s.Trouble("reverse", gone, time.Time{})
		wantState(t, s, "reverse", Stopped)
	})
}

func TestRunLastsAsLongAsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		mustAdd(t, s, "a", nil, func(context.Context, func()) error { return nil })
		stop := run(t, s)
		wantState(t, s, "a", Stopped)
		mustAdd(t, s, "b", nil, serve)
		wantState(t, s, "b", Running)
		if err := stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
	})
}

func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		ended := false
		mustAdd(t, s, "a", nil, func(ctx context.Context, ready func()) error {
			ready()
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return nil
		})
		mustAdd(t, s, "b", nil, serve)
		mustAdd(t, s, "before Run", nil, serve)
		s.Remove("before Run")
		stop := run(t, s)
		wantState(t, s, "a", Running)
		s.Remove("a")
		s.Remove("nobody")
		if all := s.Status(); !ended || len(all) != 1 || all[0].Name != "b" || all[0].State != Running {
			t.Errorf("ended %v, left %v", ended, all)
		}
		mustAdd(t, s, "a", nil, serve)
		wantState(t, s, "a", Running)
		s.Remove("a")
		s.Remove("b") // the last one
		mustAdd(t, s, "c", nil, serve)
		wantState(t, s, "c", Running)
		if err := stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
	})
}

func TestStopTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{StopTimeout: 5 * time.Second})
		release := make(chan struct{})
		mustAdd(t, s, "stubborn", nil, func(_ context.Context, ready func()) error {
			ready()
			<-release
			return errors.New("cut off")
		})
		mustAdd(t, s, "waiting", After(make(chan struct{})), serve)
		stop := run(t, s)
		wantState(t, s, "stubborn", Running)
		begin := time.Now()
		err := stop()
		if !errors.Is(err, ErrStillRunning) || !strings.Contains(err.Error(), `["stubborn"]`) {
			t.Errorf("Run gives %v, want ErrStillRunning naming the service", err)
		}
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("Run waited %v, want 5s", took)
		}
		close(release)
		wantState(t, s, "stubborn", Stopped)
	})
}
