package link

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/internal/sessiontest"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/signer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// proofKey is the key of the session in these tests.
var proofKey = sessiontest.Key

// account is what a link works with: a keystore, and what it heard.
type account struct {
	keys     *identity.Keystore
	pushed   []string
	frames   []Frame
	answered int // answers under the session's key
}

// newLink is a link of an account with a session. Its heartbeats never come.
func newLink(t testing.TB) (*Link, *account) {
	t.Helper()
	app, err := identity.App("")
	if err != nil {
		t.Fatal(err)
	}
	a := &account{keys: sessiontest.Keystore()}
	return New(Options{
		App: app, Keys: func() *identity.Keystore { return a.keys }, Log: slog.New(slog.DiscardHandler),
		Sign: func(context.Context, Packet, uint32, *identity.Keystore) (*signer.Signature, error) {
			return nil, nil
		},
		AnswerTime: func(_ uint32, _ time.Time, proven bool) {
			if proven {
				a.answered++
			}
		},
		OnPush: func(_ context.Context, command string, _ []byte) bool {
			a.pushed = append(a.pushed, command)
			return false
		},
		OnCall:  func(string, time.Duration, error) {},
		OnFrame: func(f Frame) { a.frames = append(a.frames, f) },
		Answer:  15 * time.Second, AliveAnswer: 5 * time.Second, Alive: 1 << 60, Session: 1 << 60,
	}), a
}

// pipeTo is a connection whose far end reads nothing by itself. Both are closed with the
// test.
func pipeTo(t testing.TB, l *Link) (*Conn, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	k := l.Start(t.Context(), near)
	t.Cleanup(func() {
		k.Close()
		far.Close()
	})
	return k, far
}
