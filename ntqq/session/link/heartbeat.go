package link

import (
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/text"
)

// A silent server is found after at most the period of the heartbeats and aliveMisses
// times the wait for an answer: 25 s by default (docs/protocol/wire.md 9, login.md 9).
// While OnPush keeps the reader from reading, nothing counts as missed.
const (
	aliveMisses   = 3
	sessionMisses = 2
)

// ErrSilent: the connection stood, and nothing came. It is an [ErrConnectionLost].
var ErrSilent = text.Errorf("%v: the server is silent", "%v：服务器没有应答", ErrConnectionLost)

// KeepOnline starts what an online session needs: its heartbeats, and proofs that it
// lives when something says the opposite.
func (k *Conn) KeepOnline() {
	k.wg.Go(k.keepSession)
	k.wg.Go(k.keepProof)
}

// keepAlive watches the connection itself. Its success says nothing of the
// session. After a miss the next try follows at once.
func (k *Conn) keepAlive() {
	timer := time.NewTimer(k.l.opts.Alive)
	defer timer.Stop()
	for misses := 0; ; {
		select {
		case <-timer.C:
		case <-k.ctx.Done():
			return
		}
		holds := k.holds.Load()
		_, err := k.Call(k.ctx, rpc.HeartbeatAlive, []byte{0, 0, 0, 4})
		switch {
		case k.ctx.Err() != nil:
			return
		case err == nil, isRefusal(err), k.heldSince(holds): // any answer will do
			misses = 0
			timer.Reset(k.l.opts.Alive)
			continue
		}
		if misses++; misses == aliveMisses {
			k.end(text.Errorf("%v: %d heartbeats without an answer", "%v：%d 次心跳没有应答", ErrSilent, misses))
			return
		}
		timer.Reset(0)
	}
}

// beat sends a session heartbeat. silent: no answer came, and none was left unread.
func (k *Conn) beat() (silent bool, err error) {
	holds := k.holds.Load()
	_, err = rpc.Call(k.ctx, k, rpc.Heartbeat, &systempb.SsoHeartBeatRequest{Type: proto.Uint32(1)})
	return errors.Is(err, ErrTimeout) && !k.heldSince(holds), err
}

// keepSession is the session heartbeat. A refusal that ends the session is seen by the
// reader; any other answer will do.
func (k *Conn) keepSession() {
	ticker := time.NewTicker(k.l.opts.Session)
	defer ticker.Stop()
	for misses := 0; ; {
		select {
		case <-ticker.C:
		case <-k.ctx.Done():
			return
		}
		silent, _ := k.beat()
		if k.ctx.Err() != nil {
			return
		}
		if !silent {
			misses = 0
			continue
		}
		if misses++; misses == sessionMisses {
			k.end(text.Errorf("%v: %d session heartbeats without an answer", "%v：%d 次会话心跳没有应答", ErrSilent, misses))
			return
		}
	}
}
