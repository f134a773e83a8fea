package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/text"
)

// Why a connection ended, besides errors of the network.
var (
	errStopping = text.Errorf("the service is stopping", "服务正在停止")
	errNoPong   = text.Errorf("the peer does not answer pings", "对方不应答 ping")
)

// batchFrames bounds how many events are written before the other inputs of a
// connection are looked at again; of large ones there are fewer.
const batchFrames = 256

// maxOpen is how many requests of one WebSocket connection may wait or run. After
// that many the session stops reading.
const maxOpen = 256

// fewOpen is how many requests of a connection may be under way before it has to leave
// room for others.
const fewOpen = 8

// session is one open WebSocket connection, dialled or accepted. One goroutine
// reads, one writes, one pings, and each request has its own.
type session struct {
	dialect gateway.Talker
	log     *slog.Logger
	ws      *websocket.Conn
	wire    *corkConn
	line    gateway.Line
	most    int64 // bytes of a message
	time    timing
	feed    *feed // nil: the peer gets no events

	lanes     *lanes
	turns     *turns
	open      chan struct{} // one token per request that waits or runs
	full      atomic.Bool   // the reader waits, so it sees no pong
	scratch   []byte        // of the reader
	responses chan []byte
	large     chan []byte   // frames that wait outside of the queue, with their places
	quit      chan struct{} // closed: no more input is taken
	written   chan struct{} // closed: the writer has ended

	sent    atomic.Int64  // events of the journal up to this one were written
	unacked chan struct{} // some of them wait for a ping; capacity 1
}

func newSession(d gateway.Talker, log *slog.Logger, ws *websocket.Conn, wire *corkConn, l gateway.Line, maxMessage int64, t timing) *session {
	ws.SetReadLimit(maxMessage)
	return &session{
		dialect: d, log: log, ws: ws, wire: wire, line: l, most: maxMessage, time: t,
		lanes:     newLanes(),
		turns:     newTurns(),
		open:      make(chan struct{}, maxOpen),
		scratch:   make([]byte, firstRead),
		responses: make(chan []byte, MaxConcurrent),
		large:     make(chan []byte),
		quit:      make(chan struct{}),
		written:   make(chan struct{}),
		unacked:   make(chan struct{}, 1),
	}
}

// run serves the connection until it breaks, the peer closes it, or ctx ends; it
// returns why, never nil. Requests run with the context calls and may outlive run;
// running counts them.
func (s *session) run(ctx, calls context.Context, running *sync.WaitGroup) error {
	ended := make(chan error, 3)
	var own sync.WaitGroup
	own.Go(func() { ended <- guarded(s.log, s.write) })
	reading, stopReading := context.WithCancel(context.Background())
	defer stopReading()
	own.Go(func() { ended <- guarded(s.log, func() error { return s.read(reading, calls, running) }) })
	own.Go(func() { ended <- guarded(s.log, s.ping) })

	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = errStopping
		s.drain(calls)
	}
	close(s.quit)
	stopReading()
	// The library waits up to ten seconds for a peer that does not answer.
	hard := time.AfterFunc(s.time.close, func() { _ = s.wire.Close() })
	switch {
	case errors.Is(err, errStopping):
		<-s.written // the last responses come before the close frame
		s.settle()
		_ = s.ws.Close(websocket.StatusGoingAway, "service is stopping")
	case errors.Is(err, gateway.ErrSlow):
		_ = s.ws.Close(websocket.StatusTryAgainLater, "too slow: event queue is full")
	default:
		_ = s.ws.CloseNow()
	}
	own.Wait()
	hard.Stop()
	if s.feed.journaled() {
		s.feed.cursor.Rewind(true)
	}
	if errors.Is(err, net.ErrClosed) {
		// Somebody ran into a closed connection; who closed it knows better why.
		for range cap(ended) - 1 {
			if other := <-ended; !errors.Is(other, net.ErrClosed) && !errors.Is(other, errStopping) {
				return other
			}
		}
	}
	return err
}

// drain waits until the open requests have been answered: it takes all places, so
// that no new ones come. They are cancelled with calls and then have a moment to
// answer.
func (s *session) drain(calls context.Context) {
	late, cancel := outlive(calls, s.time.grace)
	defer cancel()
	for range cap(s.open) {
		select {
		case s.open <- struct{}{}:
		case <-s.written:
			return
		case <-late.Done():
			return
		}
	}
}

// read takes requests and starts them, until the connection or reading ends.
func (s *session) read(reading, calls context.Context, running *sync.WaitGroup) error {
	for {
		frame, hold, err := s.receive(reading)
		if err != nil {
			return err
		}
		select {
		case s.open <- struct{}{}:
		default:
			s.full.Store(true)
			select {
			case s.open <- struct{}{}:
			case <-s.quit:
				hold.Release()
				return errStopping
			}
			s.full.Store(false)
		}
		turn := s.turns.next()
		running.Go(func() {
			defer func() { <-s.open }()
			defer turn.end()
			if response := s.answer(calls, &frame, hold, turn); response != nil {
				select {
				case s.responses <- response:
				case <-s.written:
				}
			}
		})
	}
}

// receive reads one message within the budget. Text and binary frames are the same
// here: UTF-8 JSON.
func (s *session) receive(reading context.Context) ([]byte, gateway.Hold, error) {
	// Closing the connection ends reads; a context would cost time per frame.
	_, from, err := s.ws.Reader(context.Background())
	if err != nil {
		return nil, gateway.Hold{}, err
	}
	in := incoming{
		from: from, conn: s.wire, size: -1, most: s.most + 1, // the library refuses that one, with 1009
		several: len(s.open) >= fewOpen,
		budget:  s.dialect.Gateway().Budget(), waits: s.full.Store, time: s.time,
	}
	frame, hold, err := in.read(reading, s.scratch)
	switch {
	case errors.Is(err, errBusy):
		return nil, hold, errStopping // it only gives up waiting when it is told to
	case err != nil:
		return nil, hold, err
	case len(frame) > gateway.SmallRequest:
		return frame, hold, s.wire.SetReadDeadline(time.Time{})
	}
	s.scratch = frame[:cap(frame)]
	return bytes.Clone(frame), hold, nil
}

// answer runs one request, which holds a part of the budget. It forgets the frame, of which
// the call keeps what it needs. Nothing is sent for a nil answer, as to those that still
// wait for their turn when the connection ends.
func (s *session) answer(calls context.Context, frame *[]byte, hold gateway.Hold, turn *turn) (response []byte) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("panic while answering", "panic", fmt.Sprint(v))
			response = s.dialect.Refuse(http.StatusInternalServerError, internalError).Body
		}
		hold.Release()
	}()
	call := s.dialect.Frame(s.line, *frame)
	*frame = nil
	if call.Run == nil {
		return call.Answer.Body
	}
	if call.Keeps > 0 {
		hold.Shrink(call.Keeps)
	}
	if !turn.wait(&call, s.quit) {
		return nil
	}
	place, ok := s.lanes.enter(&call, maxOpen, s.quit)
	if !ok {
		return nil
	}
	defer place.leave()
	given := hold
	hold = gateway.Hold{}
	if call.Frames != nil {
		return call.Frames(calls, given, func(frame []byte) error { return s.sendFrame(calls, frame) }).Body
	}
	response = call.Run(calls, given).Body
	if !call.Large {
		return response
	}
	select {
	case s.large <- response:
	case <-s.written:
	}
	return nil
}

// sendFrame hands one of several frames to the writer, when that takes it.
func (s *session) sendFrame(calls context.Context, frame []byte) error {
	select {
	case s.large <- frame:
		return nil
	case <-s.written:
		return net.ErrClosed
	case <-calls.Done():
		return calls.Err()
	}
}

// first reads the first frame, before run.
func (s *session) first(ctx context.Context) ([]byte, gateway.Hold, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.wire.SetReadDeadline(time.Unix(1, 0)) })
	frame, hold, err := s.receive(ctx)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	return frame, hold, err
}
