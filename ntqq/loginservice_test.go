package ntqq

import (
	"bufio"
	"context"
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
)

// loginService is a service for one account. A session registers with any tickets, and
// each NT login succeeds unless the test says otherwise; other requests are refused.
type loginService struct {
	// refuse returns the code of the answer to an NT login; 0 is a success.
	refuse func(command string, l *wire.NTLogin) uint64
	// change makes of the new tickets what the test wants; nil: nothing.
	change func(*loginpb.NtTickets)

	t   testing.TB
	key *crypto.PrivateKey

	mu     sync.Mutex // guards logins
	logins []*wire.NTLogin
}

// savedSession is what a client of a loginService starts with.
func savedSession() *Keystore {
	return &Keystore{
		UIN: 10001, UID: "u_self", Device: NewDevice(),
		A1: HexBytes("a1"), A2: HexBytes("a2"), D2: HexBytes("d2"), D2Key: proofKey[:], TicketTime: time.Now().Unix(),
	}
}

// client returns a client of the service that runs until the test ends. It must be
// called inside a bubble.
func (s *loginService) client(t testing.TB, o Options) *Client {
	t.Helper()
	s.t = t
	var err error
	if s.key, err = crypto.GenerateKey(crypto.P256); err != nil {
		t.Fatal(err)
	}
	o.Log, o.RefreshAfter = quiet, time.Hour
	o.Servers = Servers{Addresses: []string{"service:1"}, ExchangeKey: s.key.Public(false), NewDeviceURL: "http://verifier/"}
	o.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
		near, far := net.Pipe()
		if address == "service:1" {
			go s.serve(far)
		} else {
			go verify(far)
		}
		return near, nil
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

// seen returns the NT logins so far.
func (s *loginService) seen() []*wire.NTLogin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*wire.NTLogin(nil), s.logins...)
}

func (s *loginService) serve(nc net.Conn) {
	defer nc.Close()
	frames := wire.NewFrameReader(nc)
	for {
		frame, err := frames.Next()
		if err != nil {
			return
		}
		rq, err := wire.ParseRequest(frame, func([]byte) (crypto.Key, error) { return proofKey, nil })
		if err != nil {
			s.t.Error(err)
			return
		}
		resp := wire.Response{
			Protocol: rq.Protocol, Flag: rq.Flag, UIN: rq.UIN, Sequence: int32(rq.Sequence), Command: rq.Command,
			ServerTime: uint32(time.Now().Unix()),
		}
		if resp.Body, err = s.answer(rq); err != nil {
			resp.Code, resp.Extra = -1, err.Error()
		}
		packet, err := wire.AppendResponse(nil, &resp, proofKey)
		if err == nil {
			_, err = nc.Write(packet)
		}
		if err != nil {
			return
		}
	}
}

// exchanged is the key of every exchange.
var exchanged = make([]byte, 32)

func (s *loginService) answer(rq *wire.Request) ([]byte, error) {
	switch rq.Command {
	case rpc.HeartbeatAlive:
		return nil, nil
	case rpc.InfoSync.Name:
		return pb.Marshal(&systempb.SsoInfoSyncResponse{
			RegisterResponse: &systempb.RegisterResponse{Message: proto.String("register success")},
		})
	case rpc.KeyExchange:
		verify := Servers{}
		verify.setDefaults()
		offer, err := wire.ParseKeyExchange(rq.Body, s.key, verify.VerifyKey)
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

func (s *loginService) login(command string, l *wire.NTLogin) ([]byte, error) {
	s.mu.Lock()
	s.logins = append(s.logins, l)
	n := len(s.logins)
	s.mu.Unlock()
	if n > 100 { // a loop would not end in virtual time
		return nil, errors.New("too many logins")
	}
	head := &loginpb.NtLoginHead{Error: &loginpb.NtLoginError{}, Cookie: &loginpb.NtLoginCookie{Content: proto.String("cookie")}}
	rsp := &loginpb.EasyLoginRspBody{}
	if s.refuse != nil {
		head.Error.Code = proto.Uint64(s.refuse(command, l))
		head.Error.JumpUrl = proto.String("http://verifier/?sig=s&uin-token=t")
	}
	if head.GetError().GetCode() == 0 {
		rsp.Tickets = &loginpb.NtTickets{A1: []byte("new a1"), A2: []byte("new a2"), D2: []byte("new d2"), D2Key: proofKey[:]}
		if s.change != nil {
			s.change(rsp.Tickets)
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
