package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"libration/internal/text"
)

// service is one service. Its status and active are guarded by Supervisor.mu.
type service struct {
	s      *Supervisor
	log    *slog.Logger
	start  Start
	run    RunFunc
	status Status
	active bool // its RunFunc runs
	// stop ends it, and ended is closed when it has; nil before it is launched.
	stop  context.CancelFunc
	ended chan struct{}
}

// loop is the life of one service: the only place that decides what comes after
// a failure.
func (v *service) loop(ctx context.Context) {
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval = v.s.o.MinRetry, v.s.o.MaxRetry
	retry.Multiplier, retry.RandomizationFactor = 2, 0.25
	for first := true; ; first = false {
		lasted, err := v.once(ctx, first)
		if lasted >= v.s.o.Stable {
			retry.Reset()
			v.update(func(s *Status) { s.Failures = 0 })
		}
		switch {
		case ctx.Err() != nil:
			if err != nil && !errors.Is(err, ctx.Err()) {
				v.log.Warn("service did not stop cleanly", "err", err)
			}
			v.stopped(v.whyStopped())
			return
		case err == nil:
			v.stopped("by itself; it is not started again")
			return
		}
		wait := min(retry.NextBackOff(), v.s.o.MaxRetry)
		var failures int
		v.update(func(s *Status) {
			s.State, s.Err, s.Retry, s.Failures = Failed, err, time.Now().Add(wait), s.Failures+1
			failures = s.Failures
		})
		v.log.Warn("service failed; it starts again", "err", err, "retry_in", wait.Round(time.Millisecond), "failures", failures)
		if !sleep(ctx, wait) {
			v.stopped(v.whyStopped())
			return
		}
	}
}

// once waits for the start condition and runs the service; lasted is how long it
// was ready.
func (v *service) once(ctx context.Context, first bool) (lasted time.Duration, err error) {
	defer func() {
		if r := recover(); r != nil {
			v.log.Error("service panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = text.Errorf("panic: %v", "程序内部错误：%v", r)
		}
	}()
	if err := v.await(ctx, first); err != nil {
		return 0, err
	}
	v.update(func(s *Status) { s.State, s.Retry = Starting, time.Time{} })
	v.log.Debug("service starts")

	r := &serving{v: v}
	v.update(func(*Status) { v.active = true })
	defer func() { lasted = r.end() }()
	return 0, v.run(ctx, r.ready)
}

// await waits for the start condition.
func (v *service) await(ctx context.Context, first bool) error {
	if v.start != nil {
		v.update(func(s *Status) { s.State, s.Retry = Waiting, time.Time{} })
		if first { // later the condition mostly holds already
			v.log.Info("service waits for its start condition")
		}
		if err := v.start(ctx); err != nil {
			return text.Errorf("wait for the start: %v", "等待启动：%v", err)
		}
	}
	return ctx.Err()
}

// serving is one call of a RunFunc.
type serving struct {
	v *service

	mu    sync.Mutex // guards what follows; taken before Supervisor.mu
	since time.Time  // of the first ready; zero before
	over  bool       // a late call of ready changes nothing
}

// ready is the argument of the RunFunc.
func (r *serving) ready() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	if r.since.IsZero() {
		r.since = time.Now()
	}
	was := Running
	r.v.update(func(s *Status) {
		was = s.State
		s.State, s.Err, s.Retry = Running, nil, time.Time{}
	})
	if was != Running {
		r.v.log.Info("service is running")
	}
}

// end says that the RunFunc has returned. It returns how long the service was ready.
func (r *serving) end() (lasted time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.v.update(func(*Status) { r.v.active = false })
	if r.since.IsZero() {
		return 0
	}
	return time.Since(r.since)
}

// whyStopped says why a service whose context ended stopped.
func (v *service) whyStopped() string {
	if v.s.running.Err() == nil {
		return "because it was removed"
	}
	return "because all services stop"
}

func (v *service) stopped(why string) {
	v.update(func(s *Status) { s.State, s.Retry = Stopped, time.Time{} })
	v.log.Info("service stopped", "why", why)
}

// update changes the status.
func (v *service) update(change func(*Status)) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.change(change)
}

// change is update for a caller that holds mu; Since follows the state.
func (v *service) change(change func(*Status)) {
	old := v.status.State
	change(&v.status)
	if v.status.State != old {
		v.status.Since = time.Now()
	}
	v.s.o.OnChange()
}

// sleep waits; false when the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
