package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/sandbox/fault"
)

// The codes of the SSO head that clients understand (docs/protocol/wire.md 5).
const (
	codeOK             int32 = 0
	codeFailed         int32 = -1 // only in strict mode and with RequireSign
	codeSessionExpired int32 = -10001
	codeNotLoggedIn    int32 = -10003
)

// request is one packet of a client, being answered.
type request struct {
	*wire.Request
	conn    *conn
	session *session // nil unless the packet came with a D2
	signed  bool     // has a good signature, or needs none
	fault   requestFault
	sum     uint64
	done    bool // has been answered
}

var (
	errUnknownD2 = errors.New("unknown D2")
	errBadPacket = errors.New("packet does not open")
)

// ssoError is a refusal in the SSO head.
type ssoError struct {
	code int32
	text string
}

func (e *ssoError) Error() string { return fmt.Sprintf("%s (code %d)", e.text, e.code) }

// handle does what docs/protocol/wire.md 11 says. An error ends the connection.
func (c *conn) handle(frame []byte) error {
	var sess *session
	packet, err := wire.ParseRequest(frame, func(d2 []byte) (crypto.Key, error) {
		if sess = c.s.sessionOf(d2, c); sess == nil {
			return crypto.Key{}, errUnknownD2
		}
		return sess.d2Key, nil
	})
	if err != nil {
		if packet != nil && packet.Flag == wire.FlagD2 {
			// Its sequence and command cannot be known, and it is not done.
			rq := &request{Request: packet, conn: c}
			rq.fault = c.s.requestFault(fault.AtResend, fault.Subject{UIN: uinOf(packet.UIN)})
			if !rq.stricken() {
				rq.send(unknownSession(packet.UIN))
			}
			return nil
		}
		return fmt.Errorf("%w: %w", errBadPacket, err)
	}
	rq := &request{Request: packet, conn: c, session: sess}
	// Those are echoed, as often as they come.
	echoed := rq.Command == rpc.HeartbeatAlive || rq.Command == rpc.CorrectTime
	var kept outFrame
	at, resent := fault.AtRequest, false
	if !echoed {
		rq.sum = requestSum(rq.Request)
		if kept, resent = c.answered.find(rq); resent {
			at = fault.AtResend
		}
	}
	rq.fault = c.s.requestFault(at, fault.Subject{Command: rq.Command, UIN: uinOf(rq.Request.UIN), Session: sess != nil})
	switch {
	case rq.stricken():
		return nil
	case resent:
		rq.send(kept)
		return nil
	case echoed:
		rq.answer(codeOK, "", rq.Body)
		return nil
	}
	c.serve(rq)
	if rq.fault.unknown {
		c.s.UnknownPushes(sess.uin)
	}
	return nil
}

// unknownSession is the answer to a packet whose session is not known.
func unknownSession(uin string) outFrame {
	return outFrame{response: wire.Response{
		Protocol: wire.Protocol12, UIN: uin, Code: codeSessionExpired, Extra: "session expired",
	}}
}

// serve does a request and answers it.
func (c *conn) serve(rq *request) {
	rq.signed = !c.s.opts.RequireSign || c.s.checkSign(rq)
	body, err := c.s.serve(rq)
	if rq.done {
		return
	}
	var refused *ssoError
	switch {
	case errors.As(err, &refused):
		c.s.log.Info("request refused", "command", rq.Command, "uin", rq.UIN, "code", refused.code, "text", refused.text)
		rq.answer(refused.code, refused.text, nil)
	case err != nil:
		c.s.log.Warn("bad request", "command", rq.Command, "uin", rq.UIN, "err", err)
		code := codeOK // application errors must not look like a dead session
		if c.s.opts.Strict {
			code = codeFailed
		}
		rq.answer(code, err.Error(), nil)
	default:
		rq.answer(codeOK, "", body)
	}
}

// isLogin reports whether a command works without a session.
func isLogin(command string) bool {
	return strings.HasPrefix(command, "wtlogin.") || strings.HasPrefix(command, "trpc.login.ecdh.EcdhService.")
}

// serve finds the handler of a request and returns the body of its answer.
func (s *Server) serve(rq *request) ([]byte, error) {
	switch rq.Command {
	case rpc.WtloginTransEmp, rpc.WtloginLogin:
		return s.wt.serve(rq)
	case rpc.KeyExchange:
		return s.nt.keyExchange(rq)
	case rpc.NTLoginEasyLogin, rpc.NTLoginEasyLoginUnusual, rpc.NTLoginPasswordLogin, rpc.NTLoginPasswordNewDevice:
		return s.nt.login(rq)
	}
	if !isLogin(rq.Command) {
		if err := s.checkSession(rq); err != nil {
			return nil, err
		}
		if !rq.signed && needsSign(rq.Command) {
			return refuseUnsigned(rq)
		}
	}
	body, err := s.mux.Serve(rq, rq.Command, rq.Body)
	if errors.Is(err, rpc.ErrUnknownCommand) {
		return s.unknownCommand(rq)
	}
	return body, err
}

// unknownOperation notes what only the numbers of an OIDB envelope name.
func (s *Server) unknownOperation(rq *request, cmd, sub uint32) {
	s.log.Debug("unknown operation", "operation", fmt.Sprintf("0x%X_%d", cmd, sub), "command", rq.Command, "uin", rq.UIN, "bytes", len(rq.Body))
}

// unknownCommand answers what nobody handles with an empty success, which every
// client bears (docs/protocol/wire.md 11).
func (s *Server) unknownCommand(rq *request) ([]byte, error) {
	if seen := rq.conn.unknown; !seen[rq.Command] && len(seen) < 256 {
		seen[rq.Command] = true
		s.log.Warn("unknown command", "command", rq.Command, "uin", rq.UIN, "bytes", len(rq.Body))
	}
	if s.opts.Strict {
		return nil, &ssoError{codeFailed, "unknown command " + rq.Command}
	}
	return nil, nil
}

// answer sends the answer of a request, once. Handlers call it themselves where
// pushes must not overtake the answer; otherwise what they return is sent.
func (rq *request) answer(code int32, extra string, body []byte) {
	if rq.done {
		return
	}
	rq.done = true
	f := outFrame{response: wire.Response{
		Protocol: rq.Protocol, Flag: rq.Flag, UIN: rq.Request.UIN, Sequence: int32(rq.Sequence),
		Code: code, Extra: extra, Command: rq.Command, Body: body,
	}}
	switch {
	case strings.HasPrefix(rq.Command, "wtlogin."):
		f.response.Flag = wire.FlagEmpty // some clients unwrap the inner packet only then
	case rq.Flag == wire.FlagD2:
		f.key = rq.session.d2Key
	}
	if rq.sum != 0 {
		rq.conn.answered.keep(rq, f)
	}
	if log := rq.conn.s.log; code == codeOK && log.Enabled(context.Background(), slog.LevelDebug) {
		operation, result := rpc.Outcome(rq.Command, body)
		log.Debug("answered", "operation", operation, "code", result)
	}
	rq.send(f)
}

// reply is answer for handlers: it encodes what one of an operation would return.
func reply[Req, Resp proto.Message](rq *request, op *rpc.Op[Req, Resp], resp Resp, err error) {
	body, err := op.EncodeAnswer(resp, err)
	if err != nil {
		rq.conn.s.log.Error("answer not encoded", "command", rq.Command, "err", err)
	}
	rq.answer(codeOK, "", body)
}
