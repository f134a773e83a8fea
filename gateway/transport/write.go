package transport

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
)

// write sends the dialect's first frame, always first, and then events, heartbeats and
// responses as they come.
func (s *session) write() error {
	defer close(s.written)
	var (
		sub   *gateway.Subscription
		ready <-chan struct{} // sub has events
		beat  <-chan time.Time
	)
	if s.line.Events {
		if s.cursor == nil {
			sub = s.dialect.Gateway().Subscribe(s.o.form)
			defer sub.Close()
			ready = sub.Ready()
		}
		if hello := s.dialect.Hello(); hello != nil {
			if err := s.send(hello); err != nil {
				return err
			}
		}
		if s.o.heartbeat > 0 {
			t := time.NewTicker(s.o.heartbeat)
			defer t.Stop()
			beat = t.C
		}
	}
	for {
		var frame []byte
		select {
		case <-ready:
		case <-s.journaled():
			if err := s.advance(); err != nil {
				return err
			}
		case frame = <-s.responses:
		case frame = <-s.large:
		case <-beat:
			if frame = s.dialect.Beat(s.o.heartbeat); !s.o.form.Passes(frame) {
				continue
			}
		case <-s.quit:
		}
		if s.quitting() {
			return s.last(frame, sub)
		}
		if _, err := s.batch(frame, sub); err != nil {
			return err
		}
	}
}

// batch writes a frame, unless it is nil, responses that wait, and some events that
// wait, with few system calls. It returns how many events there were, at most most.
func (s *session) batch(frame []byte, sub *gateway.Subscription) (n int, err error) {
	s.wire.Cork()
	if frame != nil {
		err = s.send(frame)
	}
	if err == nil {
		err = s.respond()
	}
	if sub != nil && err == nil {
		s.taken, err = sub.Take(s.taken[:0], batchFrames)
		n = len(s.taken)
		for i, event := range s.taken {
			if err == nil {
				err = s.send(event)
			}
			s.taken[i] = nil // it may be large
		}
	}
	if uncorked := s.wire.Uncork(); err == nil {
		err = uncorked
	}
	return n, err
}

// respond writes the responses that wait: they never wait for more events than one call
// writes.
func (s *session) respond() error {
	for range cap(s.responses) {
		var response []byte
		select {
		case response = <-s.responses:
		case response = <-s.large:
		default:
			return nil
		}
		if err := s.send(response); err != nil {
			return err
		}
	}
	return nil
}

// journaled is ready when the journal has events for the client; nil without one.
func (s *session) journaled() <-chan struct{} {
	if s.cursor == nil {
		return nil
	}
	return s.cursor.Ready()
}

// advance writes the next events of the journal, until the connection is to end.
func (s *session) advance() (err error) {
	events := s.cursor.Next(context.Background(), batchFrames)
	if len(events) == 0 {
		return nil
	}
	s.wire.Cork()
	sent, bytes := s.cursor.Position(), 0
	for _, e := range events {
		if bytes += len(e.Data); bytes > corkLimit { // what is corked has left
			bytes = 0
			err = s.respond()
		}
		if err == nil {
			err = s.send(e.Data)
		}
		if err != nil {
			break
		}
		if s.quitting() {
			sent = e.ID
			break
		}
	}
	if uncorked := s.wire.Uncork(); err == nil {
		err = uncorked
	}
	if err == nil {
		s.sent.Store(sent)
		select {
		case s.unacked <- struct{}{}:
		default: // the pinger knows
		}
	}
	return err
}

// quitting tells whether no more input is taken.
func (s *session) quitting() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// settle asks the peer once more whether it has received all events.
func (s *session) settle() {
	if s.cursor == nil || s.sent.Load() <= s.cursor.Acked() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.time.grace)
	defer cancel()
	if s.ws.Ping(ctx) == nil {
		s.cursor.Ack(s.sent.Load())
	}
}

// last writes a frame, unless it is nil, and what waits when the connection is about to
// be closed; not for long, as more may come than the peer takes.
func (s *session) last(frame []byte, sub *gateway.Subscription) error {
	for until := time.Now().Add(s.time.grace); ; frame = nil {
		if n, err := s.batch(frame, sub); n == 0 || err != nil || time.Now().After(until) {
			return errors.Join(errStopping, err)
		}
	}
}

// send has no context: the write deadline of the connection bounds it.
func (s *session) send(frame []byte) error {
	return s.ws.Write(context.Background(), websocket.MessageText, frame)
}

// ping finds dead peers, and which events of the journal were received: those
// written before a ping that is answered. Any byte from the peer is a sign of life, and
// so is any that it takes: a pong queues behind a large message that is still being
// sent, and so does the ping.
func (s *session) ping() error {
	t := time.NewTicker(s.time.ping)
	defer t.Stop()
	for {
		select {
		case <-s.quit:
			return errStopping
		case <-t.C:
		case <-s.unacked:
			soon := time.NewTimer(s.time.ack) // more may follow
			select {
			case <-s.quit:
				soon.Stop()
				return errStopping
			case <-soon.C:
			}
		}
		before := s.wire.life.Load()
		sent := s.sent.Load()
		late := time.NewTimer(s.time.pong)
		ctx, cancel := context.WithTimeout(context.Background(), s.time.pong)
		err := s.ws.Ping(ctx)
		cancel()
		if err != nil {
			// The ping may have failed at once, for want of the write lock.
			select {
			case <-late.C:
			case <-s.quit:
			}
			if s.wire.life.Load() == before && !s.full.Load() {
				return errNoPong
			}
		} else if s.cursor != nil {
			s.cursor.Ack(sent)
		}
		late.Stop()
	}
}
