package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/fault"
)

const (
	// compressFrom is the size of an answer from which on it is compressed.
	compressFrom = 8 << 10
	// maxConns is how many clients may be connected at the same time; more are closed
	// at once. frameRoom is how many bytes their frames over 64 KiB may take together;
	// who sends more is cut off.
	maxConns  = 1024
	frameRoom = 64 << 20
	// flushAt is how much the writer gathers before it writes.
	flushAt = 64 << 10
)

// conn is one connection: its reader handles the requests one after the other,
// its writer encodes and sends what is in the outbox. One of another protocol has no
// session; it only counts as a connection.
type conn struct {
	s      *Server
	nc     net.Conn
	in     *bufio.Reader // of nc
	remote string
	out    outbox
	cut    sync.Once
	dead   atomic.Bool // a fault: nothing comes of it any more
	ended  atomic.Bool // nobody is at the other end any more

	// Of the reader.
	answered answers
	unknown  map[string]bool // commands already logged

	// Of the writer.
	pushes int32 // the last push's sequence

	// Guarded by registry.mu.
	session *session // the last one seen here
	since   time.Time
	held    []outFrame // a fault: pushes that wait for the next one
}

func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	c := &conn{
		s: s, nc: nc, in: bufio.NewReader(nc), remote: nc.RemoteAddr().String(), since: time.Now(),
		out:     outbox{wake: make(chan struct{}, 1)},
		unknown: map[string]bool{},
	}
	s.add(c)
	stop := context.AfterFunc(ctx, c.close)
	c.begin(ctx)
	stop()
	c.close()
	c.ended.Store(true)
	s.forget(c)
}

// begin looks at the first byte and serves what it says that the client speaks.
func (c *conn) begin(ctx context.Context) {
	first, err := c.in.Peek(1)
	if err != nil {
		return
	}
	for _, p := range c.s.protocols() {
		if p.first(first[0]) {
			p.serve(ctx, c)
			return
		}
	}
	var writer sync.WaitGroup
	writer.Go(c.write)
	c.read()
	c.close()
	c.out.finish()
	writer.Wait()
}

// close ends the connection; reader and writer notice.
func (c *conn) close() { c.cut.Do(func() { c.nc.Close() }) }

// read handles frames until the connection ends. Connections that send nothing
// and close, or stay idle, are nothing worth a word (docs/protocol/wire.md 11).
func (c *conn) read() {
	frames := wire.NewFrameReader(c.in)
	frames.Share(c.s.frames)
	defer frames.Release()
	for {
		frame, err := frames.Next()
		if err != nil {
			if errors.Is(err, wire.ErrNoRoom) {
				c.s.log.Warn("client cut off", "remote", c.remote, "err", err)
				return
			}
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
				c.s.log.Debug("connection ended", "remote", c.remote, "err", err)
			}
			return
		}
		if c.dead.Load() {
			continue
		}
		if err := c.handle(frame); err != nil {
			c.s.log.Warn("connection closed", "remote", c.remote, "err", err)
			return
		}
	}
}

// write sends what is in the outbox, many frames at a time.
func (c *conn) write() {
	defer c.close()
	var frames []outFrame
	var buf []byte
	for {
		var last bool
		frames, last = c.out.take(frames)
		if len(frames) == 0 {
			if last {
				return
			}
			<-c.out.wake
			continue
		}
		buf = buf[:0]
		for i := range frames {
			var end bool
			buf, end = c.encode(buf, &frames[i])
			if len(buf) < flushAt && i < len(frames)-1 && !end {
				continue
			}
			if _, err := c.nc.Write(buf); err != nil {
				c.out.finish()
				return
			}
			if end {
				return
			}
			buf = buf[:0]
		}
		clear(frames)
		if cap(frames) > maxQueued/16 { // after a burst
			frames = nil
		}
		if cap(buf) > 16*flushAt { // after one huge answer
			buf = nil
		}
	}
}

// encode appends a frame to dst. end means that a fault closes the connection here.
func (c *conn) encode(dst []byte, f *outFrame) (b []byte, end bool) {
	if f.push {
		if c.pushes == math.MinInt32 {
			c.pushes = 0
		}
		c.pushes--
		f.response.Sequence = c.pushes
	}
	f.response.ServerTime = uint32(c.s.now().Unix())
	if len(f.response.Body) >= compressFrom {
		f.response.Compression = 1
	}
	b, err := wire.AppendResponse(dst, &f.response, f.key)
	if err != nil {
		c.s.log.Error("packet not encoded", "command", f.response.Command, "err", err)
		return dst, false
	}
	if !c.s.faults.Armed(fault.AtFrame) {
		return b, false
	}
	packet, end := c.spoil(b[len(dst):], fault.Subject{Command: f.response.Command, UIN: uinOf(f.response.UIN)})
	return b[:len(dst)+len(packet)], end
}

// put queues a frame. A client that reads too slowly is cut off.
func (c *conn) put(f outFrame) {
	if c.dead.Load() {
		return
	}
	if !c.out.put(f) {
		c.s.log.Warn("client cut off: it does not read", "remote", c.remote, "most_frames", maxQueued, "most_bytes", maxQueuedBytes)
		c.close()
	}
}

// push queues a packet that nobody asked for, under the key of the session.
// registry.mu is held.
func (c *conn) push(to *session, command string, payload []byte) {
	f := outFrame{push: true, key: to.d2Key, response: wire.Response{
		Protocol: wire.Protocol12, Flag: wire.FlagD2, UIN: to.uinText, Command: command, Body: payload,
	}}
	if c.held == nil && !c.s.faults.Armed(fault.AtPush) {
		c.put(f)
		return
	}
	c.faultyPush(f, to.uin)
}

func uinText(uin message.UIN) string { return strconv.FormatUint(uint64(uin), 10) }

// uinOf is the account that a packet names; 0: none.
func uinOf(text string) message.UIN {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0
	}
	return message.UIN(n)
}
