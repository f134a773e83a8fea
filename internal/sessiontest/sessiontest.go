// Package sessiontest is a small service for one account, on the wire and in memory, for
// tests of sessions and of what stands on them. It works in testing/synctest bubbles.
// Package sandbox is the whole service.
package sessiontest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
)

// The addresses of the server and of its page for new devices, for [Server.Dial].
const (
	Address      = "service:1"
	NewDeviceURL = "http://verifier/"
)

// Key is the key of every session.
var Key = crypto.Key([]byte("sixteen byte key"))

// Keystore returns a saved session: account 10001, with tickets that were issued now.
func Keystore() *identity.Keystore {
	return &identity.Keystore{
		UIN: 10001, UID: "u_self", Device: identity.NewDevice(),
		A1: identity.HexBytes("a1"), A2: identity.HexBytes("a2"), D2: identity.HexBytes("d2"), D2Key: Key[:], TicketTime: time.Now().Unix(),
	}
}

// Server is a server for one account. A session registers with any tickets. Each NT login succeeds,
// each new device is let in, and all other requests are refused, unless a field says
// otherwise. The fields are set before the first connection. Requests are answered at the
// same time.
type Server struct {
	// Answer answers a request. When its error is an [rpc.ErrUnknownCommand] the service
	// answers; another one is a refusal in the packet's head, with the code and the text of
	// an [rpc.Refusal], else with the code -1.
	Answer func(command string, payload []byte) ([]byte, error)
	// Register is called before the answer to a registration, and may wait.
	Register func()
	// Refuse returns the code of the answer to an NT login; 0 is a success.
	Refuse func(command string, l *wire.NTLogin) uint64
	// Change makes of the new tickets what the test wants.
	Change func(*loginpb.NtTickets)

	// ExchangeKey and VerifyKey are those of session.Servers.
	ExchangeKey, VerifyKey []byte

	t   testing.TB
	key *crypto.PrivateKey
	wg  sync.WaitGroup

	mu     sync.Mutex // guards logins
	logins []*wire.NTLogin
}

// New returns a service. Its goroutines end with its connections.
func New(t testing.TB) *Server {
	t.Helper()
	key, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, key: key, ExchangeKey: key.Public(false), VerifyKey: make([]byte, 32)}
	rand.Read(s.VerifyKey) // never fails
	return s
}

// Dial connects to the service, or to the one that verifies new devices.
func (s *Server) Dial(_ context.Context, _, address string) (net.Conn, error) {
	near, far := net.Pipe()
	if address == Address {
		s.wg.Go(func() { s.serve(far) })
	} else {
		s.wg.Go(func() { verify(far) })
	}
	return near, nil
}

// Wait waits until all connections have ended.
func (s *Server) Wait() { s.wg.Wait() }

// Answers is a [Server.Answer] that answers the commands that payloads has.
func Answers(payloads map[string][]byte) func(string, []byte) ([]byte, error) {
	return func(command string, _ []byte) ([]byte, error) {
		payload, ok := payloads[command]
		if !ok {
			return nil, rpc.ErrUnknownCommand
		}
		return payload, nil
	}
}

// Logins returns the NT logins so far.
func (s *Server) Logins() []*wire.NTLogin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*wire.NTLogin(nil), s.logins...)
}

func (s *Server) serve(nc net.Conn) {
	defer nc.Close()
	var writing sync.Mutex
	frames := wire.NewFrameReader(nc)
	for {
		frame, err := frames.Next()
		if err != nil {
			return
		}
		rq, err := wire.ParseRequest(frame, func([]byte) (crypto.Key, error) { return Key, nil })
		if err != nil {
			s.t.Error(err)
			return
		}
		s.wg.Go(func() {
			packet, err := wire.AppendResponse(nil, s.respond(rq), Key)
			if err != nil {
				s.t.Error(err)
				return
			}
			writing.Lock()
			defer writing.Unlock()
			_, _ = nc.Write(packet) // the client may be gone
		})
	}
}

func (s *Server) respond(rq *wire.Request) *wire.Response {
	resp := &wire.Response{
		Protocol: rq.Protocol, Flag: rq.Flag, UIN: rq.UIN, Sequence: int32(rq.Sequence), Command: rq.Command,
		ServerTime: uint32(time.Now().Unix()),
	}
	err := rpc.ErrUnknownCommand
	if s.Answer != nil {
		resp.Body, err = s.Answer(rq.Command, rq.Body)
	}
	if errors.Is(err, rpc.ErrUnknownCommand) {
		resp.Body, err = s.answer(rq)
	}
	if err != nil {
		resp.Code, resp.Extra = -1, err.Error()
		if refusal, ok := errors.AsType[rpc.Refusal](err); ok {
			code, text := refusal.Refusal()
			resp.Code, resp.Extra = int32(code), text
		}
	}
	return resp
}

// exchanged is the key of every exchange.
var exchanged = make([]byte, 32)

// answer is what the service does by itself.
func (s *Server) answer(rq *wire.Request) ([]byte, error) {
	switch rq.Command {
	case rpc.HeartbeatAlive:
		return rq.Body, nil
	case rpc.Heartbeat.Name:
		return rpc.Heartbeat.EncodeResponse(&systempb.SsoHeartBeatResponse{})
	case rpc.InfoSync.Name:
		if s.Register != nil {
			s.Register()
		}
		return rpc.InfoSync.EncodeResponse(&systempb.SsoInfoSyncResponse{
			RegisterResponse: &systempb.RegisterResponse{Message: proto.String("register success")},
		})
	case rpc.UnRegister.Name:
		return rpc.UnRegister.EncodeResponse(&systempb.RegisterResponse{Message: proto.String("unregister success")})
	case rpc.KeyExchange:
		offer, err := wire.ParseKeyExchange(rq.Body, s.key, s.VerifyKey)
		if err != nil {
			return nil, err
		}
		return wire.AnswerKeyExchange(offer, exchanged, []byte("ticket"), 3600)
	case rpc.NTLoginEasyLogin, rpc.NTLoginPasswordLogin, rpc.NTLoginPasswordNewDevice:
		l, err := wire.OpenNTLogin(rq.Body, func([]byte) ([]byte, error) { return exchanged, nil })
		if err != nil {
			return nil, err
		}
		return s.login(rq.Command, l)
	}
	return nil, errors.New("not served here")
}

func (s *Server) login(command string, l *wire.NTLogin) ([]byte, error) {
	s.mu.Lock()
	s.logins = append(s.logins, l)
	n := len(s.logins)
	s.mu.Unlock()
	if n > 100 { // a loop would not end in virtual time
		return nil, errors.New("too many logins")
	}
	head := &loginpb.NtLoginHead{Error: &loginpb.NtLoginError{}, Cookie: &loginpb.NtLoginCookie{Content: proto.String("cookie")}}
	rsp := &loginpb.EasyLoginRspBody{}
	if s.Refuse != nil {
		head.Error.Code = proto.Uint64(s.Refuse(command, l))
		head.Error.JumpUrl = proto.String(NewDeviceURL + "?sig=s&uin-token=t")
	}
	if head.GetError().GetCode() == 0 {
		rsp.Tickets = &loginpb.NtTickets{A1: []byte("new a1"), A2: []byte("new a2"), D2: []byte("new d2"), D2Key: Key[:]}
		if s.Change != nil {
			s.Change(rsp.Tickets)
		}
	}
	body, err := pb.Marshal(rsp)
	if err != nil {
		return nil, err
	}
	return wire.SealNTLogin(&wire.NTLogin{Head: head, Body: body}, exchanged)
}

// verify is the service that verifies new devices: every one is let in at once.
func verify(nc net.Conn) {
	defer nc.Close()
	in := bufio.NewReader(nc)
	for {
		rq, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, rq.Body)
		body := `{"str_url":"http://verifier/?str_url=code","str_nt_succ_token":"verified"}`
		if _, err := fmt.Fprintf(nc, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			return
		}
	}
}
