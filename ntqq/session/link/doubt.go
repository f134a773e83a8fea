package link

import (
	"errors"
	"fmt"
	"time"

	"libration/internal/text"
	"libration/ntqq/session/signer"
)

// ErrDoubted: a packet that proves nothing said that the session is over, and the server
// gave no answer under the session's key. Try the session on another connection.
var ErrDoubted = text.Errorf("the server says without proof that the session is over, and does not answer under its key", "服务器称登录会话已结束但没有证明，且不再用会话密钥应答")

// probePause is the least time from one probe to the next.
const probePause = 10 * time.Second

// doubt asks for a proof that the session lives: the registration under way is one,
// and later keepProof gets one.
func (k *Conn) doubt() {
	k.doubted.Store(true)
	select {
	case k.doubts <- struct{}{}:
	default: // it is asked for already
	}
}

// Believe ends the doubts about the session: an answer came under its key.
func (k *Conn) Believe() {
	select {
	case <-k.doubts:
	default:
	}
	if k.doubted.Swap(false) {
		k.l.notes.Warn("forged session code", "the session lives: what said that it is over did not come from the server, or was about a packet of a bot")
	}
}

// keepProof answers doubts of an online session with a session heartbeat. Without an
// answer it ends the connection.
func (k *Conn) keepProof() {
	pause := time.NewTimer(probePause)
	defer pause.Stop()
	for {
		select {
		case <-k.doubts:
		case <-k.ctx.Done():
			return
		}
		silent, err := k.beat()
		switch {
		case k.ctx.Err() != nil:
			return
		case silent:
			k.end(err)
			return
		case errors.Is(err, ErrTimeout), errors.Is(err, signer.ErrNoSignature): // it shows nothing
			k.doubt()
		default: // any answer will do
			k.Believe()
		}
		pause.Reset(probePause)
		select {
		case <-pause.C:
		case <-k.ctx.Done():
			return
		}
	}
}

// Doubted returns err, the end of the connection, as an [ErrDoubted] when a doubt about
// the session was left and the server did not say better.
func (k *Conn) Doubted(err error) error {
	if k.doubted.Load() && (errors.Is(err, ErrTimeout) || errors.Is(err, ErrConnectionLost)) {
		return fmt.Errorf("%w: %w", ErrDoubted, err)
	}
	return err
}
