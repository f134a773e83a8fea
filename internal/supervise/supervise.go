package supervise

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"libration/internal/text"
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

// After returns a Start that waits until ch is closed or a value is received from it.
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

// ErrStillRunning is returned by [Supervisor.Run] when services did not end in time
// after its context had ended.
var ErrStillRunning = text.Errorf("services still running", "仍有服务在运行")

// Supervisor runs services. All methods are safe for concurrent use.
type Supervisor struct {
	o   Options
	log *slog.Logger

	mu       sync.Mutex // guards what follows
	services []*service
	running  context.Context // of Run; nil before it
	active   int             // services, and Run, that have not ended
	idle     chan struct{}   // closed when active becomes 0
	ended    bool
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
		return text.Errorf("there is already a service %q", "已有服务 %q", name)
	}
	if s.ended {
		return text.Errorf("service %q added after the end", "服务 %q 添加于结束之后", name)
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
	ctx, stop := context.WithCancel(s.running)
	v.stop, v.ended = stop, make(chan struct{})
	go func() {
		defer func() {
			stop()
			close(v.ended)
			s.done()
		}()
		v.loop(ctx)
	}()
}

// done counts the end of a service, or of Run's context.
func (s *Supervisor) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active--; s.active == 0 {
		s.ended = true
		close(s.idle)
	}
}

// Remove ends the service of this name, if there is one, and waits until it has ended.
func (s *Supervisor) Remove(name string) {
	s.mu.Lock()
	i := slices.IndexFunc(s.services, func(v *service) bool { return v.status.Name == name })
	if i < 0 {
		s.mu.Unlock()
		return
	}
	v := s.services[i]
	s.services = slices.Delete(s.services, i, i+1)
	s.o.OnChange()
	s.mu.Unlock()
	if v.stop != nil {
		v.stop()
		<-v.ended
	}
}

// Run starts the services. It returns nil when the context and all services have ended.
// If some do not end in time it returns ErrStillRunning with their names. It may be
// called once.
func (s *Supervisor) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.running != nil {
		s.mu.Unlock()
		return text.Errorf("supervisor is already running", "服务管理已在运行")
	}
	s.running = ctx
	s.active++ // for Run itself
	for _, v := range s.services {
		s.launch(v)
	}
	s.mu.Unlock()

	<-ctx.Done()
	s.done()
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
	return text.Errorf("%v after %v: %q", "%v，等待了 %v：%q", ErrStillRunning, s.o.StopTimeout, names)
}

// Trouble reports that the service of this name does not serve at the moment but goes
// on by itself, such as a connection that dials again. The service counts as Failed
// until it calls ready again. retry is when it tries next; with a zero time it tries
// now and counts as Starting. Trouble does nothing while the service is not active.
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
