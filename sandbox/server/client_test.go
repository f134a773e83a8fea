package server

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/pb/ssopb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/scenario"
)

// harness is a running sandbox and a way to reach it.
type harness struct {
	*Server
	t *testing.T
	l *MemoryListener
}

// newServer makes a server; without a world it is the default one.
func newServer(t testing.TB, o Options) *Server {
	t.Helper()
	if o.World == nil {
		w, err := scenario.Default().Build(o.Seed)
		if err != nil {
			t.Fatal(err)
		}
		o.World = w
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// isOnline reports whether pushes reach an account.
func (h *harness) isOnline(uin message.UIN) bool {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	return len(h.online[uin]) > 0
}

// start runs a server until the test ends.
func start(t *testing.T, o Options) *harness {
	t.Helper()
	s := newServer(t, o)
	h := &harness{Server: s, t: t, l: NewMemoryListener()}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, h.l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve returned %v, want nil", err)
		}
	})
	return h
}

// client is a raw client of the protocol: one call at a time, no goroutines.
type client struct {
	t       *testing.T
	h       *harness
	nc      net.Conn
	frames  *wire.FrameReader
	app     wire.App
	guid    [16]byte
	name    string
	keyType uint16

	uin      message.UIN
	tickets  *wire.Tickets
	exchange *wire.ExchangeSession
	sequence uint32
	devices  [][]byte         // lists of devices that came
	pushes   []*wire.Response // came while waiting for an answer
	sign     bool             // asks the sandbox's own sign provider
}

func (h *harness) dial() *client {
	h.t.Helper()
	nc, err := h.l.DialContext(context.Background(), "tcp", "sandbox")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { nc.Close() })
	c := &client{
		t: h.t, h: h, nc: nc, frames: wire.NewFrameReader(nc), app: wire.BuiltinApp("Linux"), name: "test-device",
		keyType: wire.KeyTypeSecp192k1, sequence: 5000000,
	}
	copy(c.guid[:], "0123456789abcdef")
	return c
}

// again is the same device and tickets on a new connection.
func (c *client) again() *client {
	c.t.Helper()
	n := c.h.dial()
	n.app, n.guid, n.name, n.uin, n.tickets, n.exchange = c.app, c.guid, c.name, c.uin, c.tickets, c.exchange
	n.sequence = c.sequence + 1000
	return n
}

// build makes the next request. Flag 1 needs tickets.
func (c *client) build(command string, flag wire.Flag, body []byte) *wire.Request {
	c.sequence++
	r := &wire.Request{
		Protocol: wire.Protocol12, Flag: flag, UIN: uinText(c.uin), Sequence: c.sequence,
		SubAppID: uint32(c.app.SubAppId), Command: command, GUID: []byte(hex.EncodeToString(c.guid[:])),
		Version: c.app.CurrentVersion, Body: body,
	}
	if c.tickets != nil && flag == wire.FlagD2 {
		r.D2, r.A2 = c.tickets.D2, c.tickets.A2
	}
	if c.sign {
		r.Reserve = signed(c.t, c.h.keys.signature(command, c.sequence, body))
	}
	return r
}

func (c *client) key() crypto.Key {
	if c.tickets == nil {
		return crypto.Key{}
	}
	return c.tickets.D2Key
}

func (c *client) write(r *wire.Request) {
	c.t.Helper()
	frame, err := wire.AppendRequest(nil, r, c.key())
	if err != nil {
		c.t.Fatal(err)
	}
	c.writeRaw(frame)
}

func (c *client) writeRaw(frame []byte) {
	c.t.Helper()
	c.nc.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.nc.Write(frame); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// read returns the next packet. Lists of devices, which come with every change, it keeps.
func (c *client) read() (*wire.Response, error) {
	for {
		r, err := c.packet()
		if err != nil || r.Command != rpc.PushParams {
			return r, err
		}
		c.devices = append(c.devices, r.Body)
	}
}

func (c *client) packet() (*wire.Response, error) {
	c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	frame, err := c.frames.Next()
	if err != nil {
		return nil, err
	}
	r := &wire.Response{}
	return r, wire.ParseResponse(frame, c.key(), r)
}

// answer reads until the answer of r comes.
func (c *client) answer(r *wire.Request) *wire.Response {
	c.t.Helper()
	for {
		got, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for the answer of %s: %v", r.Command, err)
		}
		if got.Sequence < 0 {
			c.pushes = append(c.pushes, got)
			continue
		}
		if got.Sequence != int32(r.Sequence) || got.Command != r.Command || got.UIN != r.UIN || got.Protocol != r.Protocol {
			c.t.Fatalf("answer of %s %d: got %+v", r.Command, r.Sequence, got)
		}
		if d := time.Since(time.Unix(int64(got.ServerTime), 0)); d.Abs() > time.Minute {
			c.t.Errorf("server time of %s is off by %v", r.Command, d)
		}
		return got
	}
}

func (c *client) do(command string, flag wire.Flag, body []byte) *wire.Response {
	c.t.Helper()
	r := c.build(command, flag, body)
	c.write(r)
	return c.answer(r)
}

// must is do for what has to succeed.
func (c *client) must(command string, flag wire.Flag, body []byte) []byte {
	c.t.Helper()
	got := c.do(command, flag, body)
	if got.Code != 0 {
		c.t.Fatalf("%s: got code %d, text %q, want success", command, got.Code, got.Extra)
	}
	return got.Body
}

// push returns the next push, which may have come already.
func (c *client) push() *wire.Response {
	c.t.Helper()
	if len(c.pushes) > 0 {
		p := c.pushes[0]
		c.pushes = c.pushes[1:]
		return p
	}
	p, err := c.read()
	if err != nil {
		c.t.Fatalf("waiting for a push: %v", err)
	}
	if p.Sequence >= 0 {
		c.t.Fatalf("got an answer instead of a push: %+v", p)
	}
	return p
}

// closed fails the test unless the server closes the connection.
func (c *client) closed() {
	c.t.Helper()
	for {
		r, err := c.read()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			c.t.Fatal("the connection was not closed")
		case err != nil && r == nil:
			return
		}
	}
}

// call runs an operation with the session's tickets and returns its answer, also one
// that has a refusal inside.
func call[Req, Resp proto.Message](c *client, op *rpc.Op[Req, Resp], req Req) Resp {
	c.t.Helper()
	resp, err := tryCall(c, op, req)
	if code, _ := op.Verdict(resp); err != nil && code == 0 {
		c.t.Fatalf("%s: %v", op.Name, err)
	}
	return resp
}

func tryCall[Req, Resp proto.Message](c *client, cmd *rpc.Op[Req, Resp], req Req) (Resp, error) {
	c.t.Helper()
	payload, err := cmd.EncodeRequest(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return cmd.DecodeResponse(c.must(cmd.Name, wire.FlagD2, payload))
}

// oicq wraps a login body, sends it, and unwraps the answer.
func (c *client) oicq(command string, number uint16, body []byte) []byte {
	c.t.Helper()
	curve, public := crypto.Secp192k1, []byte(c.h.PublicKeys().Oicq192)
	if c.keyType == wire.KeyTypeP256 {
		curve, public = crypto.P256, c.h.PublicKeys().OicqP256
	}
	private, err := crypto.GenerateKey(curve)
	if err != nil {
		c.t.Fatal(err)
	}
	x, err := private.Agree(public)
	if err != nil {
		c.t.Fatal(err)
	}
	share := crypto.OicqKey(curve, x)
	packet, err := wire.AppendOicqRequest(nil, &wire.OicqRequest{
		Command: number, UIN: uint32(c.uin), PubID: 2, ClientType: c.app.AppClientVersion, KeyType: c.keyType,
		KeyVersion: 1, PublicKey: private.Public(curve == crypto.Secp192k1), Body: body,
	}, share)
	if err != nil {
		c.t.Fatal(err)
	}
	r := c.build(command, wire.FlagEmpty, packet)
	c.write(r)
	got := c.answer(r)
	if got.Code != 0 || got.Flag != wire.FlagEmpty {
		c.t.Fatalf("%s: got code %d (%s), flag %d", command, got.Code, got.Extra, got.Flag)
	}
	inner, err := wire.ParseOicqResponse(got.Body, share, crypto.Key{})
	if err != nil {
		c.t.Fatal(err)
	}
	if inner.Command != number {
		c.t.Errorf("inner command: got %#x, want %#x", inner.Command, number)
	}
	return inner.Body
}

func encoded(t *testing.T, what interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	b, err := what.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c *client) fetchQR(unusual []byte) *wire.QRFetchReply {
	c.t.Helper()
	reply, err := wire.ParseQRFetchReply(c.oicq(rpc.WtloginTransEmp, wire.OicqTransEmp, encoded(c.t, &wire.QRFetch{
		App: c.app, GUID: c.guid, DeviceName: c.name, UnusualSig: unusual, Time: uint32(time.Now().Unix()),
	})))
	if err != nil {
		c.t.Fatal(err)
	}
	return reply
}

func (c *client) pollQR(signature []byte) *wire.QRPollReply {
	c.t.Helper()
	reply, err := wire.ParseQRPollReply(c.oicq(rpc.WtloginTransEmp, wire.OicqTransEmp, encoded(c.t, &wire.QRPoll{
		AppID: uint32(c.app.AppId), Signature: signature, Time: uint32(time.Now().Unix()),
	})))
	if err != nil {
		c.t.Fatal(err)
	}
	return reply
}

func (c *client) wtLogin(confirmed *wire.QRPollReply) *wire.WtLoginReply {
	c.t.Helper()
	c.uin = message.UIN(confirmed.UIN)
	body := c.oicq(rpc.WtloginLogin, wire.OicqLogin, encoded(c.t, &wire.WtLogin{
		App: c.app, UIN: uint32(c.uin), GUID: c.guid, DeviceName: c.name,
		A1: confirmed.A1, TgtgtKey: confirmed.TgtgtKey, NoPicSig: confirmed.NoPicSig,
	}))
	reply, err := wire.ParseWtLoginReply(body, confirmed.TgtgtKey)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply
}

// login logs in by QR code as uin.
func (c *client) login(uin message.UIN) *client {
	c.t.Helper()
	code := c.fetchQR(nil)
	if err := c.h.ApproveQR(hex.EncodeToString(code.Signature), uin); err != nil {
		c.t.Fatal(err)
	}
	reply := c.wtLogin(c.pollQR(code.Signature))
	if reply.State != 0 {
		c.t.Fatalf("login: got state %d %s", reply.State, reply.Message)
	}
	c.tickets = reply.Tickets
	return c
}

func (c *client) register() *client {
	c.t.Helper()
	got := call(c, rpc.Register, &systempb.RegisterInfo{Device: &systempb.DeviceInfo{DevName: &c.name}})
	if got.GetMessage() != "register success" || got.GetTimestamp() == 0 {
		c.t.Fatalf("register: got %v", got)
	}
	return c
}

func (c *client) keyExchange() *client {
	c.t.Helper()
	keys := c.h.PublicKeys()
	x, payload, err := wire.NewKeyExchange(keys.NT, keys.VerifyKey, uinText(c.uin), c.guid, time.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	if c.exchange, err = x.Open(c.must(rpc.KeyExchange, wire.FlagEmpty, payload), time.Now()); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// ntLogin sends one NT login; change may alter its head.
func (c *client) ntLogin(command string, req proto.Message, change func(*loginpb.NtLoginHead)) (*loginpb.NtLoginHead, *loginpb.PasswordLoginRspBody) {
	c.t.Helper()
	body, err := pb.Marshal(req)
	if err != nil {
		c.t.Fatal(err)
	}
	head := wire.NTLoginHead(&c.app, uint64(c.uin), c.name, c.guid, "")
	if change != nil {
		change(head)
	}
	payload, err := wire.SealNTLogin(&wire.NTLogin{Ticket: c.exchange.Ticket, Head: head, Body: body}, c.exchange.Key)
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := wire.OpenNTLogin(c.must(command, wire.FlagEmpty, payload), func([]byte) ([]byte, error) { return c.exchange.Key, nil })
	if err != nil {
		c.t.Fatal(err)
	}
	resp := &loginpb.PasswordLoginRspBody{}
	if err := pb.Unmarshal(answer.Body, resp); err != nil {
		c.t.Fatal(err)
	}
	return answer.Head, resp
}

// take keeps the tickets of an NT login.
func (c *client) take(t *loginpb.NtTickets) {
	c.t.Helper()
	if t == nil {
		c.t.Fatal("no tickets")
	}
	c.tickets = &wire.Tickets{A1: t.A1, A2: t.A2, D2: t.D2, D2Key: crypto.Key(t.D2Key)}
}

func signed(t *testing.T, sign []byte) []byte {
	t.Helper()
	b, err := pb.Marshal(&ssopb.SsoReserveFields{SecInfo: &ssopb.SsoSecureInfo{SecSign: sign}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *harness) uidOf(uin message.UIN) string {
	u, _ := h.World().Users().Find(uin)
	return string(u.UID)
}
