package server

import (
	"net"
	"net/http"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/fault"
)

// requestFault is what goes wrong with one request. The zero value is nothing.
type requestFault struct {
	dead, reset, close, ignore bool // nothing is done
	refuse                     *ssoError
	expire, unsequenced, kick  bool // the session ends
	easyCode                   uint64
	unusual                    bool
	captcha, newDevice         bool
	refuseRegister             bool

	mute       bool          // it is done, but not answered
	delay      time.Duration // it is answered so much later
	closeAfter bool
	unknown    bool // unknown pushes follow
}

// request decides about a request, or about a resent one.
func (s *Server) requestFault(at fault.Point, about fault.Subject) (r requestFault) {
	for _, hit := range s.faults.Strikes(at, about) {
		switch hit.Name {
		case fault.Dead:
			r.dead = true
		case fault.Reset:
			r.reset = true
		case fault.Close:
			r.close = true
		case fault.CloseAfter:
			r.closeAfter = true
		case fault.Ignore:
			r.ignore = true
		case fault.Mute, fault.NoHeartbeat:
			r.mute = true
		case fault.Delay:
			r.delay += hit.Delay
		case fault.Code:
			r.refuse = &ssoError{int32(hit.Code), "a fault was switched on"}
		case fault.RefuseExchange:
			r.refuse = &ssoError{codeNotLoggedIn, "verification failed"}
		case fault.RefuseEasyLogin:
			r.easyCode = uint64(hit.Code)
		case fault.UnusualDevice:
			r.unusual = true
		case fault.Captcha:
			r.captcha = true
		case fault.NewDevice:
			r.newDevice = true
		case fault.RefuseRegister:
			r.refuseRegister = true
		case fault.Expire:
			r.expire = true
		case fault.ExpireUnsequenced:
			r.expire, r.unsequenced = true, true
		case fault.Kick:
			r.kick = true
		case fault.UnknownPush:
			r.unknown = true
		}
	}
	return r
}

// stricken does what replaces the handling of a request, and reports whether
// there was anything.
func (rq *request) stricken() bool {
	c, wrong := rq.conn, &rq.fault
	switch {
	case wrong.dead:
		c.dead.Store(true)
	case wrong.reset:
		c.reset()
	case wrong.close:
		c.close()
	case wrong.ignore:
	case wrong.expire:
		c.s.expireSession(rq.session, wrong.unsequenced)
		if wrong.unsequenced {
			rq.send(unknownSession(rq.Request.UIN))
		} else {
			rq.answer(codeSessionExpired, "session expired", nil)
		}
	case wrong.kick:
		c.s.kickSession(rq)
	case wrong.refuse != nil:
		rq.answer(wrong.refuse.code, wrong.refuse.text, nil)
	default:
		return false
	}
	return true
}

// send puts an answer into the outbox as the fault of its request wants it.
func (rq *request) send(f outFrame) {
	if rq.fault.delay > 0 {
		late := f // so that only this case allocates
		rq.conn.out.later(rq.fault.delay, func() { rq.deliver(late) })
		return
	}
	rq.deliver(f)
}

func (rq *request) deliver(f outFrame) {
	if !rq.fault.mute {
		rq.conn.put(f)
	}
	if rq.fault.closeAfter {
		rq.conn.out.finish()
	}
}

// reset closes the connection so that the client sees a reset, where there is
// such a thing.
func (c *conn) reset() {
	c.cut.Do(func() { resetConn(c.nc) })
}

func resetConn(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it is closed anyway
	}
	nc.Close()
}

// pushFault is what goes wrong with one push.
type pushFault struct {
	drop, twice bool
	hold        time.Duration // it waits for the next one, so long at most
}

// faultyPush decides about a push and queues it; registry.mu is held.
func (c *conn) faultyPush(f outFrame, uin message.UIN) {
	var wrong pushFault
	for _, hit := range c.s.faults.Strikes(fault.AtPush, fault.Subject{Command: f.response.Command, UIN: uin, Session: true}) {
		switch hit.Name {
		case fault.Dead:
			c.dead.Store(true)
		case fault.DropPush:
			wrong.drop = true
		case fault.DuplicatePush:
			wrong.twice = true
		case fault.ReorderPush:
			wrong.hold = hit.Delay
		}
	}
	switch {
	case wrong.drop:
		return
	case wrong.hold > 0 && c.held == nil:
		held := []outFrame{f}
		if wrong.twice {
			held = append(held, f)
		}
		c.held = held
		c.out.later(wrong.hold, func() {
			c.s.registry.mu.Lock()
			defer c.s.registry.mu.Unlock()
			if len(c.held) > 0 && &c.held[0] == &held[0] {
				c.release()
			}
		})
		return
	}
	c.put(f)
	if wrong.twice {
		c.put(f)
	}
	c.release()
}

// release queues the pushes that waited; registry.mu is held.
func (c *conn) release() {
	for _, f := range c.held {
		c.put(f)
	}
	c.held = nil
}

// spoil does to an encoded packet what its faults want; end means that the
// connection is to be closed after it.
func (c *conn) spoil(packet []byte, about fault.Subject) (out []byte, end bool) {
	for _, hit := range c.s.faults.Strikes(fault.AtFrame, about) {
		switch hit.Name {
		case fault.Corrupt:
			for i := len(packet) - 8; i < len(packet); i++ {
				packet[i] ^= 0xFF
			}
		case fault.BreakFraming:
			copy(packet, []byte{0xFF, 0xFF, 0xFF, 0xFF}) // the length word
		case fault.CutFrame:
			end = true
		}
	}
	if end {
		packet = packet[:len(packet)/2]
	}
	return packet, end
}

// signFault is what goes wrong with one request to the sign provider.
type signFault struct {
	delay              time.Duration
	status             int
	down, wrong, other bool
}

func (s *Server) signFault(command string) (r signFault) {
	for _, hit := range s.faults.Strikes(fault.AtSign, fault.Subject{Command: command}) {
		switch hit.Name {
		case fault.SignerSlow:
			r.delay += hit.Delay
		case fault.SignerFail:
			r.status = int(hit.Code)
		case fault.SignerDown:
			r.down = true
		case fault.SignerWrong:
			r.wrong = true
		case fault.SignerWrongVersion:
			r.other = true
		}
	}
	return r
}

// apply waits and refuses as the fault wants, and reports whether the request has
// been dealt with.
func (f signFault) apply(w http.ResponseWriter, r *http.Request) bool {
	if f.delay > 0 {
		timer := time.NewTimer(f.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case f.down:
		hang(w)
	case f.status != 0:
		writeSignJSON(w, f.status, secSignAnswer{Code: 1, Message: "a fault was switched on"})
	default:
		return false
	}
	return true
}

// hang closes the connection of a request without an answer.
func hang(w http.ResponseWriter) {
	nc, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2 and tests without a connection
		writeSignJSON(w, http.StatusBadGateway, secSignAnswer{Code: 1, Message: "the signer is down"})
		return
	}
	resetConn(nc)
}
