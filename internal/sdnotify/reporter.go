package sdnotify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Times of a Reporter.
const (
	// period is how often it looks where there is no watchdog.
	period = 10 * time.Second
	// pause is between two reports of states that change quickly.
	pause = time.Second
	// more is what it asks for at a time while the program starts or stops.
	more = 30 * time.Second
	// A start or a stop that takes longer gets no more time: the manager ends it.
	maxStart = 15 * time.Minute
	maxStop  = 2 * time.Minute
)

// Report is the state of the program.
type Report struct {
	// Ready: it serves, so that the manager may start what depends on it.
	Ready bool
	// Text says in one line what it does.
	Text string
}

// Options of New. Send, Status and Changed are required.
type Options struct {
	// Send is [Socket.Send].
	Send func(lines ...string) error
	// Watchdog is within which time the manager wants to hear that all is well; 0: never.
	Watchdog time.Duration
	// Status asks the main parts of the program for their state. Without an answer within
	// half of Watchdog, and after an error, no WATCHDOG=1 is sent. Status is called by one
	// goroutine at a time.
	Status func() (Report, error)
	// Changed returns a channel that is closed when Status may have changed.
	Changed func() <-chan struct{}
	Log     *slog.Logger // discards by default
}

// Reporter reports to the manager. Its methods are safe for concurrent use.
type Reporter struct {
	o      Options
	asked  chan answer // of the call of Status that is under way; nil: none is
	silent bool        // there was no sign of life the last time
	said   string      // the last line STATUS=

	mu    sync.Mutex // guards what follows, and the order of datagrams
	ready bool       // READY=1 was sent
	lost  bool       // the last datagram was not sent
}

type answer struct {
	Report
	err error
}

var errSilent = errors.New("no answer in time")

// New returns a Reporter. [Reporter.Run] starts it.
func New(o Options) *Reporter {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Reporter{o: o}
}

// Run reports until ended is closed. ctx ends when the program begins to stop. It may be
// called once.
func (r *Reporter) Run(ctx context.Context, ended <-chan struct{}) {
	every := period
	if r.o.Watchdog > 0 {
		every = min(every, r.o.Watchdog/2)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	began, stopping := time.Now(), ctx.Done()
	for {
		select {
		case <-ended:
			return
		case <-stopping:
			r.stop(ended, every)
			return
		case <-timer.C:
		}
		changed := r.o.Changed() // before it is looked at, so that nothing is missed
		r.look(ctx, every, time.Since(began))
		timer.Reset(every)
		select {
		case <-ended:
			return
		case <-stopping:
		case <-timer.C:
			timer.Reset(0)
		case <-changed:
			timer.Reset(min(pause, every))
		}
	}
}

// look reports how the program is now.
func (r *Reporter) look(ctx context.Context, limit, running time.Duration) {
	a := r.ask(ctx, limit)
	if ctx.Err() != nil {
		return
	}
	var lines []string
	switch {
	case a.err != nil:
		if !r.silent {
			r.o.Log.Error("a main part of the program does not answer: the service manager is not told that all is well", "err", a.err)
		}
		a.Text = fmt.Sprintf("does not answer: %v", a.err)
	default:
		if r.o.Watchdog > 0 {
			lines = append(lines, "WATCHDOG=1")
		}
	}
	r.silent = a.err != nil
	if line := "STATUS=" + oneLine(a.Text); line != r.said {
		r.said = line
		lines = append(lines, line)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ready:
	case a.err == nil && a.Ready:
		r.ready = true
		lines = append([]string{"READY=1"}, lines...)
	case running < maxStart:
		lines = append(lines, longer())
	}
	r.send(lines)
}

// ask asks for the status, with a time limit.
func (r *Reporter) ask(ctx context.Context, limit time.Duration) answer {
	if r.asked == nil {
		asked := make(chan answer, 1)
		r.asked = asked
		go func() {
			report, err := r.o.Status()
			asked <- answer{report, err}
		}()
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-r.asked:
		r.asked = nil
		return a
	case <-timer.C:
		return answer{err: errSilent}
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}

// stop reports that the program stops, and asks for more time while it does.
func (r *Reporter) stop(ended <-chan struct{}, every time.Duration) {
	r.mu.Lock()
	r.send([]string{"STOPPING=1", "STATUS=stopping", longer()})
	r.mu.Unlock()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for began := time.Now(); ; {
		select {
		case <-ended:
			return
		case <-ticker.C:
			if time.Since(began) < maxStop {
				r.mu.Lock()
				r.send([]string{longer()})
				r.mu.Unlock()
			}
		}
	}
}

// Reload tells the manager that the configuration is read again while read runs.
func (r *Reporter) Reload(read func()) {
	r.mu.Lock()
	if r.ready {
		r.send([]string{"RELOADING=1"})
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.ready {
			r.send([]string{"READY=1"})
		}
	}()
	read()
}

// send sends what is to be said; the caller holds mu. A manager that cannot be reached is
// logged once.
func (r *Reporter) send(lines []string) {
	if len(lines) == 0 {
		return
	}
	err := r.o.Send(lines...)
	if err != nil && !r.lost {
		r.o.Log.Warn("the service manager cannot be told how the program is (NOTIFY_SOCKET)", "err", err)
	}
	r.lost = err != nil
}

func longer() string { return fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", more.Microseconds()) }

// oneLine bounds a text and keeps it from being several lines.
func oneLine(text string) string {
	const most = 400
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
