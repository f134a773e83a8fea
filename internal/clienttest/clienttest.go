// Package clienttest makes online clients for tests: real ones, whose calls the test
// answers over a connection in memory. It works in testing/synctest bubbles.
//
// It imports ntqq and what that speaks, never the sandbox.
package clienttest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"

	"libration/internal/crypto"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq"

	"google.golang.org/protobuf/proto"
)

// The account of the clients.
const (
	UIN      = ntqq.UIN(10001)
	UID      = ntqq.UID("u_self")
	Nickname = "bot"
)

// Answer answers one call. An error is a refusal in the packet's head, with the code
// and the text of an [rpc.Refusal], else with the code -1. Answers are asked for at the
// same time.
type Answer func(command string, payload []byte) ([]byte, error)

// Refused is the answer to a call that is refused in the packet's head.
func Refused(code int64, text string) error { return &rpc.Refused{Code: code, Message: text} }

// Online returns a client that is online and ends with the test. What answer does
// not know ([rpc.ErrUnknownCommand]) of the session itself is answered for it.
func Online(t testing.TB, answer Answer, change ...func(*ntqq.Options)) *ntqq.Client {
	t.Helper()
	c := New(t, answer, change...)
	if _, err := c.Wait(t.Context(), ntqq.State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

// New is Online for a client that may not be online yet, or never.
func New(t testing.TB, answer Answer, change ...func(*ntqq.Options)) *ntqq.Client {
	t.Helper()
	s := &service{answer: answer, key: crypto.Key([]byte("sixteen byte key"))}
	device := ntqq.NewDevice()
	o := ntqq.Options{
		Initial: &ntqq.Keystore{
			UIN: UIN, UID: UID, Nickname: Nickname, Device: device,
			A1: ntqq.HexBytes("a1"), A2: ntqq.HexBytes("a2"), D2: ntqq.HexBytes("d2"), D2Key: s.key[:],
		},
		Servers: ntqq.Servers{Addresses: []string{"memory:1"}},
		Dial:    s.dial,
		Log:     slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	c, err := ntqq.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the client ended with: %v", err)
		}
		s.wg.Wait()
	})
	return c
}

// service is the far end of the client's connections.
type service struct {
	answer Answer
	key    crypto.Key
	wg     sync.WaitGroup
}

func (s *service) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	s.wg.Go(func() { s.serve(far) })
	return near, nil
}

func (s *service) serve(nc net.Conn) {
	defer nc.Close()
	var writing sync.Mutex
	frames := wire.NewFrameReader(nc)
	for {
		frame, err := frames.Next()
		if err != nil {
			return
		}
		rq, err := wire.ParseRequest(frame, func([]byte) (crypto.Key, error) { return s.key, nil })
		if err != nil {
			return
		}
		s.wg.Go(func() {
			resp := s.respond(rq)
			out, err := wire.AppendResponse(nil, resp, s.key)
			if err != nil {
				panic(err) // only what is far too large
			}
			writing.Lock()
			defer writing.Unlock()
			_, _ = nc.Write(out) // the client may be gone
		})
	}
}

func (s *service) respond(rq *wire.Request) *wire.Response {
	resp := &wire.Response{
		Protocol: rq.Protocol, Flag: rq.Flag, UIN: rq.UIN, Sequence: int32(rq.Sequence), Command: rq.Command,
	}
	body, err := s.answer(rq.Command, rq.Body)
	if errors.Is(err, rpc.ErrUnknownCommand) {
		body, err = session.Serve(struct{}{}, rq.Command, rq.Body)
	}
	if rq.Command == rpc.HeartbeatAlive {
		body, err = rq.Body, nil
	}
	if resp.Body = body; err != nil {
		resp.Code, resp.Extra = -1, err.Error()
		var refusal rpc.Refusal
		if errors.As(err, &refusal) {
			code, text := refusal.Refusal()
			resp.Code, resp.Extra = int32(code), text
		}
	}
	return resp
}

// session answers what keeps a client online.
var session = func() *rpc.Mux[struct{}] {
	m := &rpc.Mux[struct{}]{}
	rpc.Handle(m, rpc.InfoSync, func(struct{}, *systempb.SsoInfoSyncRequest) (*systempb.SsoInfoSyncResponse, error) {
		return &systempb.SsoInfoSyncResponse{RegisterResponse: &systempb.RegisterResponse{Message: proto.String("register success")}}, nil
	})
	rpc.Handle(m, rpc.UnRegister, func(struct{}, *systempb.UnRegisterRequest) (*systempb.RegisterResponse, error) {
		return &systempb.RegisterResponse{Message: proto.String("unregister success")}, nil
	})
	rpc.Handle(m, rpc.Heartbeat, func(struct{}, *systempb.SsoHeartBeatRequest) (*systempb.SsoHeartBeatResponse, error) {
		return &systempb.SsoHeartBeatResponse{}, nil
	})
	return m
}()
