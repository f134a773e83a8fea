package link

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/ssopb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
)

// Packet is a request as somebody outside of the session wants it.
type Packet struct {
	Command string
	Payload []byte
	Sign    bool // sign it, whatever the command
}

// Answer is the answer to a [Packet]. Code is 0 for success; Text is what the server says
// to it.
type Answer struct {
	Sequence uint32
	Code     int32
	Text     string
	Payload  []byte
}

// packetName is what Options.OnCall gets for the command of a Packet: it may be anything.
const packetName = "packet"

// request is one request, and the name that it is counted under.
type request struct {
	Packet

	name string
}

// foreign tells whether the request is a Packet of somebody.
func (r *request) foreign() bool { return r.name == packetName }

// Call sends one request and waits for its answer, at most Options.Answer. It returns the
// payload of an answer whose return code is 0. A request that the server refused because
// its tickets were replaced meanwhile is sent once more. An [*InFlightError] leaves open
// whether the request arrived; with all other errors it was refused or never left.
func (k *Conn) Call(ctx context.Context, command string, payload []byte) ([]byte, error) {
	resp, err := k.ask(ctx, request{Packet{Command: command, Payload: payload}, command})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Exchange is Call for a packet of anybody. A return code that is not 0 is no error. One that
// says that the session is over is believed when a heartbeat of the session says so, too:
// what the packet asks for may need another login than this one.
func (k *Conn) Exchange(ctx context.Context, p Packet) (Answer, error) {
	resp, err := k.ask(ctx, request{p, packetName})
	if resp == nil {
		return Answer{}, err
	}
	return Answer{uint32(resp.Sequence), resp.Code, resp.Extra, resp.Body}, nil
}

// ask returns the answer to a request, beside the error that its code means.
func (k *Conn) ask(ctx context.Context, r request) (resp *wire.Response, err error) {
	began := time.Now()
	defer func() {
		took := time.Since(began)
		k.l.opts.OnCall(r.name, took, err)
		if log := k.l.opts.Log; log.Enabled(ctx, slog.LevelDebug) {
			log.DebugContext(ctx, "asked", "command", r.Command, "took", took, "err", err)
		}
	}()
	resp, err = k.askOnce(ctx, r)
	var refused *outdatedError
	if !errors.As(err, &refused) {
		return resp, err
	}
	if k.newTickets(ctx, refused.sent) {
		resp, err = k.askOnce(ctx, r)
		if !errors.As(err, &refused) {
			return resp, err
		}
	}
	if r.foreign() {
		return resp, refused.err
	}
	if ctx.Err() == nil { // there are no others: the session has expired
		k.end(refused.err)
	}
	return nil, refused.err
}

// outdatedError is a refusal of tickets that were being replaced.
type outdatedError struct {
	sent *identity.Keystore
	err  error
}

func (e *outdatedError) Error() string { return e.err.Error() }

func (k *Conn) askOnce(ctx context.Context, r request) (*wire.Response, error) {
	keys := k.l.opts.Keys()
	resp, err := k.exchange(ctx, r, keys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Command, err)
	}
	err = refusal(r.Command, resp)
	if err != nil && sessionCode(resp.Code) && provable(r.Command) && k.ctx.Err() == nil {
		return resp, &outdatedError{keys, err}
	}
	return resp, err
}

// exchange sends a request under the tickets of keys and waits for its answer.
func (k *Conn) exchange(ctx context.Context, r request, keys *identity.Keystore) (*wire.Response, error) {
	p := r.Packet
	if err := k.gone(ctx); err != nil { // nothing needs a signature
		return nil, err
	}
	seq := k.l.NextSequence()
	frame, err := k.l.encode(ctx, p, seq, keys)
	if err != nil {
		return nil, err
	}
	call := &pendingCall{command: p.Command, foreign: r.foreign(), keys: keys, answer: make(chan *wire.Response, 1)}
	k.mu.Lock()
	k.pending[seq] = call
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		delete(k.pending, seq)
		k.mu.Unlock()
	}()
	sent := time.Now()
	timer := time.NewTimer(k.l.callTimeout(p.Command))
	defer timer.Stop()
	if err := k.enqueue(ctx, outFrame{frame, call}); err != nil {
		return nil, err
	}
	k.l.counts.packetsSent.Add(1)
	resp, err := k.await(ctx, call, timer.C)
	if err != nil {
		return nil, err
	}
	switch {
	case provable(p.Command):
		k.told.Store(resp.ServerTime)
		k.l.opts.AnswerTime(resp.ServerTime, sent, true)
	case isLogin(p.Command):
		k.l.opts.AnswerTime(resp.ServerTime, sent, false)
	}
	return resp, nil
}

// await waits for the answer to a call, or for its end. A request that still waits to be
// written then never leaves.
func (k *Conn) await(ctx context.Context, call *pendingCall, timeout <-chan time.Time) (*wire.Response, error) {
	var err error
	select {
	case resp := <-call.answer:
		return resp, nil
	case <-timeout:
		err = ErrTimeout
	case <-ctx.Done():
		err = ctx.Err()
	case <-k.ctx.Done():
		err = k.Err()
	}
	select { // the answer may have come with the end
	case resp := <-call.answer:
		return resp, nil
	default:
	}
	switch {
	case !call.take():
		return nil, &InFlightError{err}
	case k.ctx.Err() != nil:
		return nil, k.gone(ctx)
	}
	return nil, err
}

// gone returns why nothing is sent any more: ctx's error, or ErrOffline when the
// connection has ended; nil while both live.
func (k *Conn) gone(ctx context.Context) error {
	if ctx.Err() == nil && k.ctx.Err() != nil {
		// The cause's text alone: it was not this call's.
		return fmt.Errorf("%w (%s)", ErrOffline, k.Err().Error())
	}
	return ctx.Err()
}

// enqueue hands a frame to the writer and waits while its queue is full. The error
// is that of gone.
func (k *Conn) enqueue(ctx context.Context, frame outFrame) error {
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

// refusal returns what the return code of an answer means; nil: success.
func refusal(command string, resp *wire.Response) error {
	if resp.Code == 0 {
		return nil
	}
	err := &ServerError{Command: command, Code: int64(resp.Code), Message: resp.Extra}
	if sessionCode(resp.Code) && provable(command) {
		return fmt.Errorf("%w: %w", ErrSessionExpired, err)
	}
	return err
}

func (l *Link) callTimeout(command string) time.Duration {
	if command == rpc.HeartbeatAlive {
		return l.opts.AliveAnswer
	}
	return l.opts.Answer
}

// encode makes the frame of one request, signed where the service wants it.
func (l *Link) encode(ctx context.Context, p Packet, seq uint32, ks *identity.Keystore) ([]byte, error) {
	reserve := &ssopb.SsoReserveFields{TraceParent: proto.String(wire.NewTrace())}
	if ks.UID != "" {
		reserve.Uid = proto.String(string(ks.UID))
	}
	req := &wire.Request{
		Protocol: wire.Protocol12, Flag: wire.FlagD2,
		UIN: strconv.FormatUint(uint64(ks.UIN), 10), Sequence: seq,
		SubAppID: uint32(l.opts.App.SubAppId), A2: ks.A2, Command: p.Command,
		GUID: hex.AppendEncode(nil, ks.Device.GUID), Version: l.opts.App.CurrentVersion, Body: p.Payload,
	}
	var key crypto.Key
	switch {
	case p.Command == rpc.HeartbeatAlive:
		req.Protocol, req.Flag = wire.Protocol13, wire.FlagNone
	case isLogin(p.Command):
		req.Flag = wire.FlagEmpty
	default:
		req.D2, key = ks.D2, d2Key(ks)
	}
	sig, err := l.opts.Sign(ctx, p, seq, ks)
	if err != nil {
		return nil, err
	}
	if sig != nil {
		reserve.SecInfo = &ssopb.SsoSecureInfo{SecSign: sig.Sign, SecToken: sig.Token, SecExtra: sig.Extra}
	}
	if req.Reserve, err = pb.Marshal(reserve); err != nil {
		return nil, err
	}
	return wire.AppendRequest(nil, req, key)
}

// Sequences start at a random place and wrap (docs/protocol/wire.md 8).
const firstSequence, lastSequence = 5_000_000, 9_900_000

// NextSequence returns the number of the next request.
func (l *Link) NextSequence() uint32 {
	n := l.sequence.Add(1)
	return firstSequence + uint32(n%(lastSequence-firstSequence))
}
