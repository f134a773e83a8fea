package transport

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/redact"
)

// link is one connection of a Reverse, opened again whenever it is lost.
type link struct {
	*Reverse
	url       string
	line      gateway.Line
	condition Condition // guarded by Reverse.mu
}

// run connects, serves and waits, until ctx ends. The log gets one line per change:
// connected, or not connected for a new reason. A bot that is down, or that accepts
// connections only to close them at once, does not fill it.
func (l *link) run(ctx, calls context.Context, requests *sync.WaitGroup) {
	log := l.log.With("service", l.dialect.Dialect()+" reverse websocket", "url", redact.URL(l.url), "role", l.line.String())
	pause := &backoff.ExponentialBackOff{
		InitialInterval:     l.o.ReconnectInterval,
		RandomizationFactor: 0.1,
		Multiplier:          1.5,
		MaxInterval:         5 * l.o.ReconnectInterval,
	}
	defer l.set(Condition{State: StateStopped})
	var (
		told  string // the reason in the last line, "" when that says connected
		brief bool   // that reason ended a connection that had just been opened
		last  error  // of the last condition, kept while connecting
	)
	l.set(Condition{State: StateConnecting})
	select {
	case <-l.dialect.Gateway().Known():
	case <-ctx.Done():
		return
	}
	for {
		l.set(Condition{State: StateConnecting, Err: last})
		reason, lasted, opened := l.once(ctx, calls, requests, log, brief)
		if ctx.Err() != nil {
			return
		}
		if opened && lasted >= l.time.stable {
			told = ""
			pause.Reset()
		}
		wait := pause.NextBackOff()
		if reason != told {
			log.Warn("not connected to the bot", "reason", reason, "next", "connect again, until it works",
				"in", wait.Round(time.Millisecond))
			told, brief = reason, opened && lasted < l.time.stable
		}
		last = errors.New(reason)
		l.set(Condition{State: StateWaiting, Err: last, Retry: time.Now().Add(wait)})
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// once opens the connection and serves it. It returns why there is none any more,
// and how long there was one. late holds the log line back until the connection has
// proved good.
func (l *link) once(ctx, calls context.Context, requests *sync.WaitGroup, log *slog.Logger, late bool) (reason string, lasted time.Duration, opened bool) {
	var ws *websocket.Conn
	var wire *corkConn
	var last string
	err := guarded(log, func() (err error) {
		ws, wire, last, err = l.dial(ctx)
		return err
	})
	if err != nil {
		return err.Error(), 0, false
	}
	began := time.Now()
	l.set(Condition{State: StateConnected})
	var told sync.WaitGroup
	ended := make(chan struct{})
	if late {
		told.Go(func() {
			timer := time.NewTimer(l.time.stable)
			defer timer.Stop()
			select {
			case <-timer.C:
				log.Info("connected to the bot")
			case <-ended:
			}
		})
	} else {
		log.Info("connected to the bot")
	}
	session := newSession(l.dialect, log, ws, wire, l.line, l.o.MaxMessage, l.time)
	if l.line.Events {
		after, bad := lastEvent(last)
		if bad != nil && l.o.Journal.Window > 0 {
			log.Warn("Last-Event-ID of the bot ignored", "err", bad)
		}
		session.feed = feedOrLive(l.dialect, log, feedOptions{l.o.Events, l.o.Heartbeat, l.o.Journal}, after)
	}
	err = session.run(ctx, calls, requests)
	close(ended)
	told.Wait()
	_, reason = endReason(err, l.time)
	return reason, time.Since(began), true
}
