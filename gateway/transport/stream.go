package transport

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"libration/gateway"
	"libration/internal/text"
)

// streamType is the type of server-sent events.
const streamType = "text/event-stream"

// noID is the id of frames that have no place in the journal.
const noID = -1

// stream answers a request with the events of the account, until the caller goes away or
// the service stops. The guard has let it pass.
func (h *HTTP) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, s *gateway.Stream) {
	after, err := lastEventOf(r)
	switch {
	case r.ContentLength != 0: // nobody reads it, so nobody would see the caller hang up
		reply(w, h.dialect.Refuse(http.StatusBadRequest, text.T("a request for events has no body", "请求事件流时不能带正文")))
		return
	case err != nil && h.events.journal.Window > 0:
		reply(w, h.dialect.Refuse(http.StatusBadRequest, text.Of(err)))
		return
	case !known(h.dialect):
		h.unknown(w)
		return
	}
	wire := connOf(r.Context())
	if err := wire.SetReadDeadline(time.Time{}); err != nil { // it would end the request's context
		return
	}
	noticeDead(wire, h.time.ping+h.time.pong)
	log := h.log.With("service", h.name, "remote", r.RemoteAddr, "role", "Event")
	log.Info("client connected", "user_agent", r.UserAgent())
	one := &eventStream{
		out: w, flush: http.NewResponseController(w).Flush, wire: wire, event: s.Event,
		feed: feedOrLive(h.dialect, log, h.events, after), time: h.time,
	}
	defer one.feed.close()
	called, cancel := whileCalled(ctx, r)
	defer cancel()
	err = guarded(log, func() error {
		err := one.run(called, h.dialect.Hello())
		if err == nil && ctx.Err() != nil {
			return one.last()
		}
		return cmp.Or(err, net.ErrClosed) // the caller hung up
	})
	level, reason := endReason(err, h.time)
	log.Log(context.WithoutCancel(r.Context()), level, "client disconnected", "reason", reason)
}

// eventStream is one open response with server-sent events.
type eventStream struct {
	out   http.ResponseWriter
	flush func() error
	wire  *corkConn
	event string // gateway.Stream.Event
	feed  *feed
	time  timing
	line  []byte // memory for what is written
}

// run sends a first frame, unless it is nil, and events until ctx ends.
func (s *eventStream) run(ctx context.Context, hello []byte) error {
	head := s.out.Header()
	head.Set("Content-Type", streamType)
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // of proxies
	head.Set("X-Content-Type-Options", "nosniff")
	s.out.WriteHeader(http.StatusOK)
	var first []gateway.JournaledEvent
	if hello != nil {
		e := gateway.JournaledEvent{Data: hello}
		if s.feed.journaled() { // who loses the connection before an event came has this
			e.ID = s.feed.cursor.Position()
		}
		first = append(first, e)
	}
	if err := s.send(first); err != nil {
		return err
	}
	silence := time.NewTimer(s.time.ping)
	defer silence.Stop()
	for {
		var frames []gateway.JournaledEvent
		var err error
		select {
		case <-s.feed.ready():
			frames, err = s.feed.take(ctx, batchFrames)
		case <-s.feed.beats():
			if beat := s.feed.beat(); beat != nil {
				frames = []gateway.JournaledEvent{{ID: noID, Data: beat}}
			}
		case <-silence.C:
			silence.Reset(s.time.ping)
			if err := s.comment(); err != nil {
				return err
			}
			continue
		case <-ctx.Done():
			return nil
		}
		if err == nil && len(frames) > 0 {
			err = s.send(frames)
			silence.Reset(s.time.ping)
		}
		if err != nil {
			return err
		}
	}
}

// last sends what waits when the service stops; not for long, as more may come than the
// caller takes. What a journal has comes again.
func (s *eventStream) last() error {
	for until := time.Now().Add(s.time.grace); !s.feed.journaled() && time.Now().Before(until); {
		frames, err := s.feed.take(context.Background(), batchFrames)
		if err != nil || len(frames) == 0 {
			break
		}
		if err := s.send(frames); err != nil {
			return err
		}
	}
	return errStopping
}

// send sends frames with few system calls. Those of a journal have their ids.
func (s *eventStream) send(frames []gateway.JournaledEvent) error {
	defer clear(frames) // they may be large
	s.wire.Cork()
	var err error
	for i := range frames {
		if err = s.write(&frames[i]); err != nil {
			break
		}
	}
	return s.leave(err)
}

// comment is a sign of life that clients ignore.
func (s *eventStream) comment() error {
	s.wire.Cork()
	_, err := s.out.Write([]byte(":\n\n"))
	return s.leave(err)
}

// leave sends what was written.
func (s *eventStream) leave(err error) error {
	if err == nil {
		err = s.flush()
	}
	if uncorked := s.wire.Uncork(); err == nil {
		err = uncorked
	}
	return err
}

// write writes a frame as an event.
func (s *eventStream) write(e *gateway.JournaledEvent) error {
	head := s.line[:0]
	if s.event != "" {
		head = append(append(append(head, "event: "...), s.event...), '\n')
	}
	if s.feed.journaled() && e.ID != noID {
		head = append(strconv.AppendInt(append(head, "id: "...), e.ID, 10), '\n')
	}
	s.line = appendData(head, e.Data)
	_, err := s.out.Write(s.line)
	if cap(s.line) > corkLimit { // it was a large one
		s.line = nil
	}
	return err
}

// appendData appends the lines of an event with this content, and its end.
func appendData(dst, data []byte) []byte {
	if bytes.ContainsAny(data, "\r\n") { // of JSON it means nothing; a line would end there
		for line := range bytes.FieldsFuncSeq(data, func(r rune) bool { return r == '\r' || r == '\n' }) {
			dst = append(append(append(dst, "data: "...), line...), '\n')
		}
		return append(dst, '\n')
	}
	return append(append(append(dst, "data: "...), data...), "\n\n"...)
}
