package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Options of New. The zero value is useful.
type Options struct {
	Log *slog.Logger // discards by default
	// MinRetry and MaxRetry bound the pause before a failed service starts again:
	// 1 s and 1 min by default. The pause doubles with each failure and varies by a
	// quarter either way.
	MinRetry, MaxRetry time.Duration
	// Stable is how long a service must have been ready for its failures to be
	// forgotten; MaxRetry by default.
	Stable time.Duration
	// StopTimeout bounds how long Run waits for services after its context ended;
	// 10 s by default.
	StopTimeout time.Duration
	// OnChange is called at each change of a status, with locks held: it must return
	// at once and not call the supervisor. Nil: nobody.
	OnChange func()
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MinRetry <= 0 {
		o.MinRetry = time.Second
	}
	if o.MaxRetry <= 0 {
		o.MaxRetry = time.Minute
	}
	o.MaxRetry = max(o.MinRetry, o.MaxRetry)
	if o.Stable <= 0 {
		o.Stable = o.MaxRetry
	}
	if o.StopTimeout <= 0 {
		o.StopTimeout = 10 * time.Second
	}
	if o.OnChange == nil {
		o.OnChange = func() {}
	}
}

// Start blocks until a service may start, or the context ends. An error that is
// not the context's counts as a failure of the service and is tried again. A nil
// Start means at once.
type Start func(ctx context.Context) error

// After returns a Start that waits until ch is closed or gives a value.
func After(ch <-chan struct{}) Start {
	return func(ctx context.Context) error {
		select {
		case <-ch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// RunFunc is the work of a service. It calls ready when it serves (more than
// once is harmless, and after Trouble it is needed), and returns when the context
// ends: nil, or any error, which is then only logged. Returning nil before that ends
// the service; returning an error, or a panic, makes it start again later.
type RunFunc func(ctx context.Context, ready func()) error

// ErrStillRunning: services did not end in time after the context had ended.
var ErrStillRunning = errors.New("services still running")

// Supervisor runs services. All methods are safe for concurrent use.
type Supervisor struct {
	o   Options
	log *slog.Logger

	mu       sync.Mutex // guards what follows
	services []*service
	running  context.Context // of Run; nil before it
	active   int             // services that have not ended
	idle     chan struct{}   // closed when active becomes 0
	ended    bool
}

// service is one service. Its status and active are guarded by Supervisor.mu.
type service struct {
	s      *Supervisor
	log    *slog.Logger
	start  Start
	run    RunFunc
	status Status
	active bool // its RunFunc runs
}

// New returns a supervisor without services.
func New(o Options) *Supervisor {
	o.setDefaults()
	return &Supervisor{o: o, log: o.Log, idle: make(chan struct{})}
}

// Add adds a service; while Run is active it starts at once. The error says that
// the name is taken, or that Run has ended.
func (s *Supervisor) Add(name string, start Start, run RunFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.services, func(v *service) bool { return v.status.Name == name }) {
		return fmt.Errorf("there is already a service %q", name)
	}
	if s.ended {
		return fmt.Errorf("service %q added after the end", name)
	}
	v := &service{
		s: s, log: s.log.With("service", name), start: start, run: run,
		status: Status{Name: name, State: Waiting, Since: time.Now()},
	}
	s.services = append(s.services, v)
	if s.running != nil {
		s.launch(v)
	}
	return nil
}

// launch starts the service's goroutine. The caller holds mu.
func (s *Supervisor) launch(v *service) {
	s.active++
	ctx := s.running
	go func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.active--; s.active == 0 {
				s.ended = true
				close(s.idle)
			}
		}()
		v.loop(ctx)
	}()
}

// Run starts the services and returns nil when all have ended, by themselves or
// because the context ended; at once when there are none. If some do not end in
// time it returns ErrStillRunning with their names. It may be called once.
func (s *Supervisor) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.running != nil {
		s.mu.Unlock()
		return errors.New("supervisor is already running")
	}
	s.running = ctx
	for _, v := range s.services {
		s.launch(v)
	}
	if s.active == 0 {
		s.ended = true
		close(s.idle)
	}
	s.mu.Unlock()

	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
	}
	timeout := time.NewTimer(s.o.StopTimeout)
	defer timeout.Stop()
	select {
	case <-s.idle:
		return nil
	case <-timeout.C:
	}
	var names []string
	for _, v := range s.Status() {
		if v.State != Stopped {
			names = append(names, v.Name)
		}
	}
	return fmt.Errorf("%w after %v: %q", ErrStillRunning, s.o.StopTimeout, names)
}

// Trouble is for services that mend themselves, such as a connection that dials
// again: the service of this name, which goes on, does not serve at the moment. It
// counts as Failed until it calls ready again; retry is when it tries next, zero for
// now (it then counts as Starting). Nothing happens when it is not active.
func (s *Supervisor) Trouble(name string, err error, retry time.Time) {
	state := Failed
	if retry.IsZero() {
		state = Starting
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.services {
		if v.status.Name == name && v.active {
			v.change(func(s *Status) { s.State, s.Err, s.Retry = state, err, retry })
		}
	}
}

// Status returns the state of each service, in the order of Add.
func (s *Supervisor) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Status, len(s.services))
	for i, v := range s.services {
		all[i] = v.status
	}
	return all
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
			v.stopped("because the program stops")
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
			v.stopped("because the program stops")
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
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if v.start != nil {
		v.update(func(s *Status) { s.State, s.Retry = Waiting, time.Time{} })
		if first { // later the condition mostly holds already
			v.log.Info("service waits for its start condition")
		}
		if err := v.start(ctx); err != nil {
			return 0, fmt.Errorf("wait for the start: %w", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	v.update(func(s *Status) { s.State, s.Retry = Starting, time.Time{} })
	v.log.Debug("service starts")

	// A late call of ready, after the run, must not change anything.
	var mu sync.Mutex
	var since time.Time
	over := false
	ready := func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		if since.IsZero() {
			since = time.Now()
		}
		was := Running
		v.update(func(s *Status) {
			was = s.State
			s.State, s.Err, s.Retry = Running, nil, time.Time{}
		})
		if was != Running {
			v.log.Info("service is running")
		}
	}
	v.update(func(*Status) { v.active = true })
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		v.update(func(*Status) { v.active = false })
		if !since.IsZero() {
			lasted = time.Since(since)
		}
	}()
	return 0, v.run(ctx, ready)
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
