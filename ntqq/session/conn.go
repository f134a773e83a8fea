package session

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/ssopb"
	"libration/internal/queue"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/session/identity"

	"google.golang.org/protobuf/proto"
)

const (
	callTimeout  = 15 * time.Second
	writeTimeout = 15 * time.Second

	writeQueue = 256 // frames waiting for the writer; then the callers wait
	writeBytes = 32 << 20
)

// SSO return codes that end a session (docs/protocol/wire.md 5).
func sessionCode(code int32) bool { return code == -10001 || code == -10003 || code == -10008 }

// conn is one TCP connection: a reader and a writer goroutine, and the requests
// waiting for an answer. It ends once, with a cause, and every wait ends with it.
type conn struct {
	s      *Session
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

// startConn runs nc until fail is called or ctx ends. close must be called.
func (s *Session) startConn(ctx context.Context, nc net.Conn) *conn {
	k := &conn{
		s: s, nc: nc, out: queue.New[outFrame](writeQueue, writeBytes), pending: map[uint32]*pendingCall{},
		doubts: make(chan struct{}, 1),
	}
	k.ctx, k.cancel = context.WithCancelCause(ctx)
	k.wg.Go(k.read)
	k.wg.Go(k.write)
	k.wg.Go(func() { // unblocks the two
		<-k.ctx.Done()
		k.nc.Close()
	})
	return k
}

// fail ends the connection; the first cause is kept.
func (k *conn) fail(cause error) { k.cancel(cause) }

// cause is why the connection ended.
func (k *conn) cause() error { return context.Cause(k.ctx) }

// close ends the connection and waits for its goroutines.
func (k *conn) close(cause error) {
	k.fail(cause)
	k.wg.Wait()
}

func (k *conn) write() {
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
				k.fail(fmt.Errorf("%w: write: %w", ErrConnectionLost, err))
				return
			}
		}
	}
}

func (k *conn) read() {
	frames := wire.NewFrameReader(k.nc)
	for {
		frame, err := frames.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("closed by the server")
			}
			k.fail(fmt.Errorf("%w: %w", ErrConnectionLost, err))
			return
		}
		k.s.stats.packetsReceived.Add(1)
		resp := &wire.Response{}
		var beginning [frameBeginning]byte // as it came: it is decrypted in place
		kept := copy(beginning[:], frame)
		by, err := k.parse(frame, resp)
		if err != nil {
			// A packet that does not decrypt or parse is dropped; only a broken framing
			// ends the connection.
			k.s.stats.packetsDropped.Add(1)
			k.s.notes.Warn("packet", "packet dropped: it does not decrypt or parse", "bytes", len(frame), "err", err)
			k.s.opts.OnFrame(Frame{Err: err, Size: len(frame), Data: append([]byte(nil), beginning[:kept]...)})
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
func (k *conn) receive(resp *wire.Response, by proof, frame []byte) bool {
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
		k.s.notes.Warn("stray "+resp.Command, "answer dropped: nobody waits for it",
			"command", resp.Command, "sequence", resp.Sequence, "code", resp.Code, "text", resp.Extra)
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
		k.fail(kickError(resp.Body))
	} else { // docs/protocol/events.md 1
		k.fail(&KickError{})
	}
	return false
}

// answered returns the call that a packet answers; nil: none, and then the call that
// waits with that sequence waits on.
func (k *conn) answered(resp *wire.Response, by proof) *pendingCall {
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
func (k *conn) sessionOver(call *pendingCall, resp *wire.Response, by proof) bool {
	if call != nil {
		call.answer <- resp // when it is outdated it is sent again with the new tickets
		if k.outdated(call.keys) {
			return true
		}
	} else if by == replacedKey { // the new tickets are good
		return true
	}
	k.fail(fmt.Errorf("%w: server code %d %s", ErrSessionExpired, resp.Code, resp.Extra))
	return false
}

// push hands a push on and waits until it is taken. It returns false when the connection
// ended first.
func (k *conn) push(command string, body []byte) bool {
	k.held.Store(true)
	if k.s.opts.OnPush(k.ctx, command, body) {
		k.holds.Add(1)
	}
	k.held.Store(false)
	return k.ctx.Err() == nil
}

// heldSince tells whether the answer to a request, made when holds was n, may have
// come and not been read.
func (k *conn) heldSince(n uint64) bool { return k.held.Load() || k.holds.Load() != n }

// Call implements rpc.Caller: it sends one request and waits for its answer, at
// most callTimeout. The answer's return code is 0. A request that the server
// refused because its tickets were replaced meanwhile is sent once more. An
// [*InFlightError] leaves open whether the request arrived; with all other errors it
// was refused or never left.
func (k *conn) Call(ctx context.Context, command string, payload []byte) (body []byte, err error) {
	began := time.Now()
	defer func() { k.s.opts.OnCall(command, time.Since(began), err) }()
	body, err = k.callOnce(ctx, command, payload)
	var refused *outdatedError
	if !errors.As(err, &refused) {
		return body, err
	}
	if k.newTickets(ctx, refused.sent) {
		body, err = k.callOnce(ctx, command, payload)
		if !errors.As(err, &refused) {
			return body, err
		}
	}
	if ctx.Err() == nil { // there are no others: the session has expired
		k.fail(refused.err)
	}
	return nil, refused.err
}

// outdatedError is a refusal of tickets that were being replaced.
type outdatedError struct {
	sent *identity.Keystore
	err  error
}

func (e *outdatedError) Error() string { return e.err.Error() }

func (k *conn) callOnce(ctx context.Context, command string, payload []byte) ([]byte, error) {
	if err := k.gone(ctx); err != nil { // nothing needs a signature
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	seq, keys := k.s.nextSequence(), k.s.keys()
	frame, err := k.s.encode(ctx, command, seq, payload, keys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	call := &pendingCall{command: command, keys: keys, answer: make(chan *wire.Response, 1)}
	k.mu.Lock()
	k.pending[seq] = call
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		delete(k.pending, seq)
		k.mu.Unlock()
	}()
	sent := time.Now()
	timer := time.NewTimer(k.s.callTimeout(command))
	defer timer.Stop()
	if err := k.enqueue(ctx, outFrame{frame, call}); err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	k.s.stats.packetsSent.Add(1)
	var resp *wire.Response
	select {
	case resp = <-call.answer:
	case <-timer.C:
		err = ErrTimeout
	case <-ctx.Done():
		err = ctx.Err()
	case <-k.ctx.Done():
		err = k.cause()
	}
	if err != nil {
		select { // the answer may have come with the end
		case resp = <-call.answer:
		default:
		}
	}
	switch {
	case resp != nil:
	case !call.take():
		return nil, &InFlightError{fmt.Errorf("%s: %w", command, err)}
	default: // it still waited to be written
		if k.ctx.Err() != nil {
			err = k.gone(ctx)
		}
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	k.s.noteAnswerTime(command, resp.ServerTime, sent)
	if provable(command) {
		k.told.Store(resp.ServerTime)
	}
	body, err := answerBody(command, resp)
	if err != nil && sessionCode(resp.Code) && provable(command) && k.ctx.Err() == nil {
		return nil, &outdatedError{keys, err}
	}
	return body, err
}

// gone returns why nothing is sent any more: ctx's error, or ErrOffline when the
// connection has ended; nil while both live.
func (k *conn) gone(ctx context.Context) error {
	if ctx.Err() == nil && k.ctx.Err() != nil {
		// The cause's text alone: it was not this call's.
		return fmt.Errorf("%w (%s)", ErrOffline, k.cause().Error())
	}
	return ctx.Err()
}

// enqueue hands a frame to the writer and waits while its queue is full. The error
// is that of gone.
func (k *conn) enqueue(ctx context.Context, frame outFrame) error {
	if err := k.gone(ctx); err != nil {
		return err
	}
	if k.out.TryPut(frame, cap(frame.data)) {
		return nil
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(k.ctx, cancel)()
	if k.out.Put(waiting, frame, cap(frame.data)) != nil {
		return k.gone(ctx)
	}
	return nil
}

func answerBody(command string, resp *wire.Response) ([]byte, error) {
	if resp.Code != 0 {
		err := &ServerError{Command: command, Code: int64(resp.Code), Message: resp.Extra}
		if sessionCode(resp.Code) && provable(command) {
			return nil, fmt.Errorf("%w: %w", ErrSessionExpired, err)
		}
		return nil, err
	}
	return resp.Body, nil
}

// Login commands go out under the empty key, everything else under the D2 key
// (docs/protocol/wire.md 2.1).
var loginCommands = []string{
	rpc.KeyExchange, rpc.WtloginLogin, rpc.WtloginTransEmp,
	rpc.NTLoginEasyLogin, rpc.NTLoginEasyLoginUnusual,
	rpc.NTLoginPasswordLogin, rpc.NTLoginPasswordNewDevice,
}

func isPush(command string) bool {
	switch command {
	case rpc.PushMessage, rpc.PushInfoSync, rpc.PushParams:
		return true
	}
	return isKick(command)
}

func isKick(command string) bool {
	return command == rpc.PushKick || command == rpc.PushForceOffline || command == rpc.PushMSFOffline
}

func isLogin(command string) bool { return slices.Contains(loginCommands, command) }

// provable tells whether the answer to a command comes under the session's key.
func provable(command string) bool { return command != rpc.HeartbeatAlive && !isLogin(command) }

func (s *Session) callTimeout(command string) time.Duration {
	if command == rpc.HeartbeatAlive {
		return s.opts.Timing.AliveAnswer
	}
	return s.opts.Timing.Answer
}

// encode makes the frame of one request, signed where the service wants it.
func (s *Session) encode(ctx context.Context, command string, seq uint32, payload []byte, ks *identity.Keystore) ([]byte, error) {
	reserve := &ssopb.SsoReserveFields{TraceParent: proto.String(wire.NewTrace())}
	if ks.UID != "" {
		reserve.Uid = proto.String(string(ks.UID))
	}
	req := &wire.Request{
		Protocol: wire.Protocol12, Flag: wire.FlagD2,
		UIN: strconv.FormatUint(uint64(ks.UIN), 10), Sequence: seq,
		SubAppID: uint32(s.opts.App.SubAppId), A2: ks.A2, Command: command,
		GUID: hex.AppendEncode(nil, ks.Device.GUID), Version: s.opts.App.CurrentVersion, Body: payload,
	}
	var key crypto.Key
	switch {
	case command == rpc.HeartbeatAlive:
		req.Protocol, req.Flag = wire.Protocol13, wire.FlagNone
	case isLogin(command):
		req.Flag = wire.FlagEmpty
	default:
		req.D2, key = ks.D2, d2Key(ks)
	}
	if s.opts.Signer != nil && s.signed[command] {
		sig, err := s.sign(ctx, command, seq, payload, ks)
		if err != nil {
			return nil, err
		}
		reserve.SecInfo = &ssopb.SsoSecureInfo{SecSign: sig.Sign, SecToken: sig.Token, SecExtra: sig.Extra}
	}
	var err error
	if req.Reserve, err = pb.Marshal(reserve); err != nil {
		return nil, err
	}
	return wire.AppendRequest(nil, req, key)
}

// Sequences start at a random place and wrap (docs/protocol/wire.md 8).
const firstSequence, lastSequence = 5_000_000, 9_900_000

func (s *Session) nextSequence() uint32 {
	n := s.sequence.Add(1)
	return firstSequence + uint32(n%(lastSequence-firstSequence))
}
