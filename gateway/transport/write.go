package transport

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"
)

// write sends the dialect's first frame, always first, and then events, heartbeats and
// responses as they come.
func (s *session) write() error {
	defer close(s.written)
	defer s.feed.close()
	if s.feed != nil {
		if hello := s.dialect.Hello(); hello != nil {
			if err := s.send(hello); err != nil {
				return err
			}
		}
	}
	for {
		var frame []byte
		select {
		case <-s.feed.ready():
		case frame = <-s.responses:
		case frame = <-s.large:
		case <-s.feed.beats():
			frame = s.feed.beat()
		case <-s.quit:
		}
		if s.quitting() {
			return s.last(frame)
		}
		if _, err := s.batch(frame); err != nil {
			return err
		}
	}
}

// batch writes a frame, unless it is nil, responses that wait, and some events that
// wait, with few system calls. It returns how many frames of events there were.
func (s *session) batch(frame []byte) (n int, err error) {
	s.wire.Cork()
	if frame != nil {
		err = s.send(frame)
	}
	if err == nil {
		err = s.respond()
	}
	sent := int64(-1)
	if err == nil && (!s.quitting() || !s.feed.journaled()) { // these come again
		n, sent, err = s.advance()
	}
	if uncorked := s.wire.Uncork(); err == nil {
		err = uncorked
	}
	if err == nil && sent >= 0 {
		s.sent.Store(sent)
		select {
		case s.unacked <- struct{}{}:
		default: // the pinger knows
		}
	}
	return n, err
}

// advance writes the next events, with responses between them, until the connection is to
// end: n frames. sent is the position in the journal behind them; -1: nothing was read.
func (s *session) advance() (n int, sent int64, err error) {
	events, err := s.feed.take(context.Background(), batchFrames)
	if len(events) == 0 || err != nil {
		return 0, -1, err
	}
	defer clear(events) // they may be large
	if sent = -1; s.feed.journaled() {
		sent = s.feed.cursor.Position()
	}
	bytes := 0
	for _, e := range events {
		if bytes += len(e.Data); bytes > corkLimit { // what is corked has left
			bytes = 0
			err = s.respond()
		}
		if err == nil {
			err = s.send(e.Data)
		}
		if err != nil {
			return n, sent, err
		}
		if n++; s.feed.journaled() && s.quitting() {
			return n, e.ID, nil
		}
	}
	return n, sent, nil
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
	if !s.feed.journaled() || s.sent.Load() <= s.feed.cursor.Acked() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.time.grace)
	defer cancel()
	if s.ws.Ping(ctx) == nil {
		s.feed.cursor.Ack(s.sent.Load())
	}
}

// last writes a frame, unless it is nil, and what waits when the connection is about to
// be closed; not for long, as more may come than the peer takes.
func (s *session) last(frame []byte) error {
	for until := time.Now().Add(s.time.grace); ; frame = nil {
		if n, err := s.batch(frame); n == 0 || err != nil || time.Now().After(until) {
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
		} else if s.feed.journaled() {
			s.feed.cursor.Ack(sent)
		}
		late.Stop()
	}
}
