package link

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/queue"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
)

const (
	writeTimeout = 15 * time.Second

	writeQueue = 256 // frames waiting for the writer; then the callers wait
	writeBytes = 32 << 20
)

// Conn is one TCP connection: a reader and a writer goroutine, and the requests waiting
// for an answer. It ends once, with a cause, and every wait ends with it. Its methods are
// safe for concurrent use.
type Conn struct {
	l      *Link
	nc     net.Conn
	ctx    context.Context // ends with the connection
	cancel context.CancelCauseFunc
	out    *queue.Queue[outFrame]
	wg     sync.WaitGroup

	// held: the reader is in OnPush and sees no answer meanwhile; holds counts how often
	// that waited.
	held  atomic.Bool
	holds atomic.Uint64

	// told is the server's time in the last answer under the session's key, Unix seconds.
	told atomic.Uint32

	// old is the key before the last refresh, for a while.
	old atomic.Pointer[oldKey]

	// doubted: an unencrypted packet says that the session is over, and no answer
	// under its key has shown the opposite since. doubts wakes the probe.
	doubted atomic.Bool
	doubts  chan struct{}

	mu       sync.Mutex
	pending  map[uint32]*pendingCall
	replaced chan struct{} // closed at the end of a refresh; nil when there is none
}

type pendingCall struct {
	command string
	foreign bool                // see request.foreign
	keys    *identity.Keystore  // whose tickets were sent
	answer  chan *wire.Response // buffered, 1
	// taken is set once: by the writer, or by a caller that gives up first.
	taken atomic.Bool
}

// outFrame is the request of a call on its way to the writer.
type outFrame struct {
	data []byte
	call *pendingCall
}

// take decides that a request leaves, or that it never does.
func (p *pendingCall) take() bool { return p.taken.CompareAndSwap(false, true) }

// Start runs a connection until the server ends it, ctx ends or Close is called, and
// watches that the server answers. Close must be called.
func (l *Link) Start(ctx context.Context, nc net.Conn) *Conn {
	k := &Conn{
		l: l, nc: nc, out: queue.New[outFrame](writeQueue, writeBytes), pending: map[uint32]*pendingCall{},
		doubts: make(chan struct{}, 1),
	}
	k.ctx, k.cancel = context.WithCancelCause(ctx)
	k.wg.Go(func() { k.guard(k.read) })
	k.wg.Go(func() { k.guard(k.write) })
	k.wg.Go(func() { // unblocks the two
		<-k.ctx.Done()
		k.nc.Close()
	})
	k.wg.Go(func() { k.guard(k.keepAlive) })
	return k
}

// guard turns a panic into the end of the connection: it would end the program.
func (k *Conn) guard(run func()) {
	defer func() {
		if v := recover(); v != nil {
			k.l.opts.Log.Error("panic in a connection; it ends", "panic", v, "stack", string(debug.Stack()))
			k.end(text.Errorf("%v: internal error: %v", "%v：内部错误：%v", ErrConnectionLost, v))
		}
	}()
	run()
}

// end ends the connection; the first cause is kept.
func (k *Conn) end(cause error) { k.cancel(cause) }

// Context ends with the connection.
func (k *Conn) Context() context.Context { return k.ctx }

// Err returns nil while the connection lives, then why it ended.
func (k *Conn) Err() error { return context.Cause(k.ctx) }

// errClosed is the cause when our own side is done with a connection.
var errClosed = text.Errorf("%v: closed by this side", "%v：由本端关闭", ErrConnectionLost)

// Close ends the connection and waits for its goroutines.
func (k *Conn) Close() {
	k.end(errClosed)
	k.wg.Wait()
}

// Go runs f in a goroutine that Close waits for. f must end with [Conn.Context].
func (k *Conn) Go(f func()) { k.wg.Go(f) }

// ServerTime is the server's time in the last answer under the session's key, Unix
// seconds.
func (k *Conn) ServerTime() int64 { return int64(k.told.Load()) }

func (k *Conn) write() {
	w := bufio.NewWriterSize(k.nc, 32<<10)
	for {
		select {
		case <-k.ctx.Done():
			return
		case next := <-k.out.Items():
			frame := k.out.Take(next)
			if k.ctx.Err() != nil {
				return
			}
			_ = k.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
			var err error
			if frame.call.take() {
				_, err = w.Write(frame.data)
			}
			if err == nil && k.out.Len() == 0 {
				err = w.Flush()
			}
			if err != nil {
				k.end(text.Errorf("%v: write: %v", "%v：写入：%v", ErrConnectionLost, err))
				return
			}
		}
	}
}

func (k *Conn) read() {
	frames := wire.NewFrameReader(k.nc)
	for {
		frame, err := frames.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = text.Errorf("closed by the server", "被服务器关闭")
			}
			k.end(fmt.Errorf("%w: %w", ErrConnectionLost, err))
			return
		}
		k.l.counts.packetsReceived.Add(1)
		resp := &wire.Response{}
		var beginning [frameBeginning]byte // as it came: it is decrypted in place
		kept := copy(beginning[:], frame)
		by, err := k.parse(frame, resp)
		if err != nil {
			// A packet that does not decrypt or parse is dropped; only a broken framing
			// ends the connection.
			k.l.counts.packetsDropped.Add(1)
			k.l.notes.Warn("packet", "packet dropped: it does not decrypt or parse", "bytes", len(frame), "err", err)
			k.l.opts.OnFrame(Frame{Err: err, Size: len(frame), Data: append([]byte(nil), beginning[:kept]...)})
			continue
		}
		if !k.receive(resp, by, frame) {
			return
		}
	}
}

// receive routes one packet, which came as frame. What no key proves is an answer
// that a login call or the connection's heartbeat waits for, or counts for nothing
// (docs/protocol/wire.md 4, "Client"). Of the rest authentication codes come first,
// whatever the sequence; then the waiting call; then the pushes. It returns false
// when the connection has ended.
func (k *Conn) receive(resp *wire.Response, by proof, frame []byte) bool {
	call := k.answered(resp, by)
	if call != nil && !provable(call.command) {
		call.answer <- resp
		if isLogin(call.command) || resp.Code == 0 {
			return true
		}
		call = nil // the peer lives; what else it says counts as if nobody had asked
	}
	switch {
	case by == noProof:
		k.unproven(resp, frame)
		return true
	case sessionCode(resp.Code):
		return k.sessionOver(call, resp, by)
	case call != nil:
		call.answer <- resp
		return true
	}
	if resp.Code != 0 || resp.Command == "" {
		k.l.notes.Warn("stray "+resp.Command, "answer dropped: nobody waits for it",
			"command", resp.Command, "sequence", resp.Sequence, "code", resp.Code, "text", beginning(resp.Extra))
		return true
	}
	if resp.Sequence > 0 && !isPush(resp.Command) { // late: its call timed out
		return true
	}
	if !k.push(resp.Command, resp.Body) {
		return false
	}
	if !isKick(resp.Command) {
		return true
	}
	if resp.Command == rpc.PushKick {
		k.end(kickError(resp.Body))
	} else { // docs/protocol/events.md 1
		k.end(&KickError{})
	}
	return false
}

// answered returns the call that a packet answers; nil: none, and then the call that
// waits with that sequence waits on.
func (k *Conn) answered(resp *wire.Response, by proof) *pendingCall {
	k.mu.Lock()
	defer k.mu.Unlock()
	sequence := uint32(resp.Sequence)
	call := k.pending[sequence]
	if call == nil || resp.Command != call.command {
		return nil
	}
	switch {
	case provable(call.command):
		if by == noProof {
			return nil
		}
	case isLogin(call.command) && resp.Flag != wire.FlagEmpty:
		return nil
	}
	delete(k.pending, sequence)
	return call
}

// sessionOver handles an authentication code that came under a key of the session.
// It returns false when the connection has ended.
func (k *Conn) sessionOver(call *pendingCall, resp *wire.Response, by proof) bool {
	if call != nil {
		call.answer <- resp // when it is outdated it is sent again with the new tickets
		if k.outdated(call.keys) {
			return true
		}
		if call.foreign {
			k.doubt()
			return true
		}
	} else if by == replacedKey { // the new tickets are good
		return true
	}
	k.end(text.Errorf("%v: server code %d %.500s", "%v：服务器代码 %d %.500s", ErrSessionExpired, resp.Code, resp.Extra))
	return false
}

// push hands a push on and waits until it is taken. It returns false when the connection
// ended first.
func (k *Conn) push(command string, body []byte) bool {
	k.held.Store(true)
	if k.l.opts.OnPush(k.ctx, command, body) {
		k.holds.Add(1)
	}
	k.held.Store(false)
	return k.ctx.Err() == nil
}

// heldSince tells whether the answer to a request, made when holds was n, may have
// come and not been read.
func (k *Conn) heldSince(n uint64) bool { return k.held.Load() || k.holds.Load() != n }
