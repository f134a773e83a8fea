package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

func TestHeartbeatBytes(t *testing.T) {
	h := start(t, Options{})
	c := h.dial()
	// The example of docs/protocol/wire.md 2.2 and its answer in 4, but for the time.
	request := "0000003a0000000d00004c4b4100000000053" + "0" +
		"0000001f000000134865617274626561742e416c6976650000000400000004" + "0000000800000004"
	want := "0000000d0000000000053" + "0" +
		"00000033004c4b4100000000000000040000001348656172746265" + "61742e416c697665000000040000000000000004%TIME%" + "0000000800000004"
	frame, err := hex.DecodeString(request)
	if err != nil {
		t.Fatal(err)
	}
	c.writeRaw(frame)
	got, err := c.frames.Next()
	if err != nil {
		t.Fatal(err)
	}
	text := hex.EncodeToString(got)
	if at := strings.Index(want, "%TIME%"); len(text) > at+8 {
		text = text[:at] + "%TIME%" + text[at+8:]
	}
	if text != want {
		t.Errorf("answer:\ngot  %s\nwant %s", text, want)
	}
}

// TestUnknownOperationIsNamed: the log of level debug has what a client asked for.
func TestUnknownOperationIsNamed(t *testing.T) {
	var log bytes.Buffer // written by the goroutine of the only connection, before it answers
	h := start(t, Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	c := h.dial().login(bot).register()
	c.must("OidbSvcTrpcTcp.0x1234_5", wire.FlagD2, mustMarshal(t, &oidbpb.OidbEnvelope{Command: 0xfeed, SubCommand: proto.Uint32(7)}))
	if want := `level=DEBUG msg="unknown operation" operation=0xFEED_7 command=OidbSvcTrpcTcp.0x1234_5 uin=10001`; !strings.Contains(log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, log.String())
	}
}

func TestRefusals(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	raw := func(r *wire.Request, key crypto.Key) *wire.Response {
		t.Helper()
		frame, err := wire.AppendRequest(nil, r, key)
		if err != nil {
			t.Fatal(err)
		}
		c.writeRaw(frame)
		got, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	unsequenced := func(name string, got *wire.Response) {
		t.Helper()
		if got.Code != codeSessionExpired || got.Sequence != 0 || got.Command != "" || got.Flag != wire.FlagNone ||
			got.Protocol != wire.Protocol12 || got.UIN != "10001" || got.Extra == "" {
			t.Errorf("%s: got %+v, want an unsequenced -10001", name, got)
		}
	}
	unknown := c.build(rpc.Heartbeat.Name, wire.FlagD2, nil)
	unknown.D2 = []byte("unknown")
	unsequenced("unknown D2", raw(unknown, c.key()))
	unsequenced("wrong key", raw(c.build(rpc.Heartbeat.Name, wire.FlagD2, nil), crypto.Key{1}))

	for _, flag := range []wire.Flag{wire.FlagNone, wire.FlagEmpty} {
		if got := c.do(rpc.FriendList.Name, flag, nil); got.Code != codeNotLoggedIn || got.Flag != flag {
			t.Errorf("without a session, flag %d: got %+v, want code %d", flag, got, codeNotLoggedIn)
		}
	}
	otherA2 := c.build(rpc.Heartbeat.Name, wire.FlagD2, nil)
	otherA2.A2 = []byte("another")
	if got := raw(otherA2, c.key()); got.Code != codeSessionExpired || got.Sequence != int32(otherA2.Sequence) {
		t.Errorf("wrong A2: got %+v", got)
	}
	if got := c.do("trpc.test.Unknown", wire.FlagD2, []byte{1}); got.Code != 0 || len(got.Body) != 0 {
		t.Errorf("unknown command: got %+v, want an empty success", got)
	}
	if got := c.do(rpc.SendMessage.Name, wire.FlagD2, []byte{0xFF}); got.Code != 0 || len(got.Body) != 0 {
		t.Errorf("bad request: got %+v, want an empty success", got)
	}
	envelope := mustMarshal(t, &oidbpb.OidbEnvelope{Command: 0x1234, SubCommand: proto.Uint32(5)})
	got := &oidbpb.OidbEnvelope{}
	if err := pb.Unmarshal(c.must("OidbSvcTrpcTcp.0x1234_5", wire.FlagD2, envelope), got); err != nil {
		t.Fatal(err)
	}
	if got.GetResult() != 1 || got.GetMessage() == "" || got.GetCommand() != 0x1234 || got.GetSubCommand() != 5 || got.Body == nil {
		t.Errorf("unknown operation: got %v", got)
	}
	// Some clients write the hex digits in upper case; the answer has the name of the request.
	payload, err := rpc.FriendList.EncodeRequest(&oidbpb.FriendListReq{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := rpc.FriendList.DecodeResponse(c.must("OidbSvcTrpcTcp.0xFD4_1", wire.FlagD2, payload))
	if err != nil || len(list.GetFriends()) != 3 {
		t.Errorf("upper-case name: got %v, %v", list, err)
	}

	h.ExpireSessions(bot)
	if got := c.do(rpc.Heartbeat.Name, wire.FlagD2, nil); got.Code != codeSessionExpired || got.Extra == "" {
		t.Errorf("expired: got %+v", got)
	}
	// Login commands may still come under the dead session.
	c.keyExchange()

	for name, frame := range map[string][]byte{
		"flag 2 garbage": mustHex(t, "000000220000000c020000000400000000053"+"0"+"00112233445566778899aabbccddeeff"),
		"protocol 9":     mustHex(t, "0000000d0000000900000000"+"00"),
		"short":          mustHex(t, "00000006000d"),
		"length 2":       mustHex(t, "00000002"),
		"empty frame":    mustHex(t, "00000004"),
	} {
		c := h.dial()
		c.writeRaw(frame)
		if r, err := c.read(); err == nil {
			t.Errorf("%s: got %+v, want a closed connection", name, r)
		}
	}
}

func TestStrict(t *testing.T) {
	h := start(t, Options{Strict: true})
	c := h.dial().login(bot)
	for command, body := range map[string][]byte{"trpc.test.Unknown": nil, rpc.SendMessage.Name: {0xFF}} {
		if got := c.do(command, wire.FlagD2, body); got.Code != codeFailed || got.Extra == "" {
			t.Errorf("%s: got %+v, want code %d and a text", command, got, codeFailed)
		}
	}
}

func TestResend(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	body := mustMarshal(t, groupText(mall, "once", 77))
	r := c.build(rpc.SendMessage.Name, wire.FlagD2, body)
	c.write(r)
	first := c.answer(r)
	c.write(r)
	again := c.answer(r)
	if !bytes.Equal(first.Body, again.Body) {
		t.Errorf("resent: got %x, want %x", again.Body, first.Body)
	}
	if got := h.World().History().LastOfGroup(mall); got != 1 {
		t.Errorf("messages: got %d, want 1", got)
	}
	r.Body = mustMarshal(t, groupText(mall, "another", 78))
	c.write(r)
	c.answer(r)
	if got := h.World().History().LastOfGroup(mall); got != 2 {
		t.Errorf("another message under the same sequence: got %d messages, want 2", got)
	}
	// An easy login that is sent twice gives the same tickets.
	c.keyExchange()
	payload, err := wire.SealNTLogin(&wire.NTLogin{
		Ticket: c.exchange.Ticket, Head: wire.NTLoginHead(&c.app, uint64(bot), c.name, c.guid, ""),
		Body: mustMarshal(t, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}),
	}, c.exchange.Key)
	if err != nil {
		t.Fatal(err)
	}
	r = c.build(rpc.NTLoginEasyLogin, wire.FlagEmpty, payload)
	c.write(r)
	first = c.answer(r)
	c.write(r)
	if again = c.answer(r); !bytes.Equal(first.Body, again.Body) {
		t.Error("a resent login was done again")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	var a answers
	keep := func(sequence uint32, size int) *request {
		rq := &request{Request: &wire.Request{Sequence: sequence}, sum: 1}
		a.keep(rq, outFrame{response: wire.Response{Body: make([]byte, size)}})
		return rq
	}
	first := keep(1, 1)
	for i := range uint32(keptAnswers) {
		keep(i+2, 1)
	}
	if _, found := a.find(first); found || len(a.order) != keptAnswers || len(a.bySequence) != keptAnswers {
		t.Errorf("got %d answers, the first one kept: %v", len(a.order), found)
	}
	last := keep(1, keptBytes+1)
	if _, found := a.find(last); !found || len(a.order) != 1 || len(a.bySequence) != 1 {
		t.Errorf("after a huge answer: got %d answers, the huge one kept: %v", len(a.order), found)
	}
}

func TestFaults(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	f := h.Faults()

	f.Mute(rpc.Heartbeat.Name, true)
	r := c.build(rpc.Heartbeat.Name, wire.FlagD2, nil)
	c.write(r)
	c.must(rpc.FriendList.Name, wire.FlagD2, nil) // the next answer is not the heartbeat's
	c.write(r)
	c.must(rpc.FriendList.Name, wire.FlagD2, nil) // it has been seen
	f.Mute(rpc.Heartbeat.Name, false)
	c.write(r)
	c.answer(r)

	f.Mute(rpc.HeartbeatAlive, true)
	alive := c.build(rpc.HeartbeatAlive, wire.FlagNone, []byte{0, 0, 0, 4})
	alive.Protocol = wire.Protocol13
	c.write(alive)
	c.must(rpc.FriendList.Name, wire.FlagD2, nil)
	f.Mute(rpc.HeartbeatAlive, false)
	c.write(alive)
	c.answer(alive)

	f.CorruptNext(1)
	c.write(c.build(rpc.Heartbeat.Name, wire.FlagD2, nil))
	if _, err := c.read(); !errors.Is(err, wire.ErrDecrypt) {
		t.Errorf("corrupt frame: got %v, want %v", err, wire.ErrDecrypt)
	}
	c.must(rpc.Heartbeat.Name, wire.FlagD2, nil) // the connection goes on

	f.CloseOn(rpc.Heartbeat.Name, true, 2)
	c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
	c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
	c.closed()

	c = c.again()
	f.CloseOn(rpc.SendMessage.Name, false, 1)
	c.write(c.build(rpc.SendMessage.Name, wire.FlagD2, mustMarshal(t, groupText(mall, "lost", 1))))
	c.closed()
	if got := h.World().History().LastOfGroup(mall); got != 0 {
		t.Errorf("messages: got %d, want none", got)
	}

	c = c.again()
	f.CloseOn(rpc.HeartbeatAlive, false, 1)
	f.CloseOn(rpc.HeartbeatAlive, false, 0) // taken back
	c.write(alive)
	c.answer(alive)
}

func TestSlowClientIsCutOff(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	h.registry.mu.Lock()
	sess := h.online[bot][0]
	h.registry.mu.Unlock()
	// The writer has taken one queue full at most, and a second one fills up.
	for range 2*maxQueued + 1 {
		h.Deliver(Push{To: bot, Command: rpc.PushMessage, Payload: nil})
	}
	eventually(t, func() bool { return !h.isOnline(bot) })
	for {
		if _, err := c.read(); err != nil {
			break
		}
	}
	if sess.conn != nil {
		t.Error("the session still has its connection")
	}
}

func TestMemoryListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewMemoryListener()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.DialContext(ctx, "tcp", "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial without accept: got %v", err)
		}
		go func() {
			c, err := l.Accept()
			if err == nil {
				c.Write([]byte("hello"))
				c.Close()
			}
		}()
		c, err := l.DialContext(t.Context(), "tcp", "x")
		if err != nil {
			t.Fatal(err)
		}
		var buf [5]byte
		if _, err := c.Read(buf[:]); err != nil || string(buf[:]) != "hello" {
			t.Errorf("got %q, %v", buf, err)
		}
		l.Close()
		l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept after close: got %v", err)
		}
		if _, err := l.DialContext(t.Context(), "tcp", "x"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial after close: got %v", err)
		}
		if l.Addr().Network() != "memory" {
			t.Errorf("address: got %v", l.Addr())
		}
	})
}

func TestServeEndsOnListenerFailure(t *testing.T) {
	s := newServer(t, Options{})
	l := NewMemoryListener()
	l.Close()
	if err := s.Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}

func TestServeTCP(t *testing.T) {
	s := newServer(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	probe, err := net.Dial("tcp", l.Addr().String()) // a latency probe sends nothing
	if err != nil {
		t.Fatal(err)
	}
	idle, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	probe.Close()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
}

func mustMarshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := pb.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// FuzzServe gives every command arbitrary payloads.
func FuzzServe(f *testing.F) {
	s := newServer(f, Options{})
	user, _ := s.World().Users().Find(bot)
	s.issue(user, device{class: classPC}, nil)
	var sess *session
	for _, sess = range s.sessions.entries {
	}
	commands := []string{rpc.WtloginTransEmp, rpc.WtloginLogin, rpc.KeyExchange, rpc.NTLoginEasyLogin, "trpc.test.Unknown"}
	add := func(command string, payload []byte, err error) {
		if err != nil {
			f.Fatal(err)
		}
		f.Add(command, payload)
	}
	seed := func(command string, payload []byte) { add(command, payload, nil) }
	for _, command := range commands {
		seed(command, []byte{1, 2, 3})
	}
	seed(rpc.SendMessage.Name, mustMarshal(f, groupText(mall, "hello", 1)))
	seed(rpc.GroupHistory.Name, mustMarshal(f, groupRange(mall, 1, 2)))
	seed(rpc.SetStatus.Name, mustMarshal(f, &oidbpb.SetStatusReq{Status: 10, ExtStatus: 2000}))
	seed(rpc.Register.Name, mustMarshal(f, &systempb.RegisterInfo{}))
	payload, err := rpc.GroupMembers.EncodeRequest(&oidbpb.GroupMemberListReq{GroupCode: uint64(mall), Cookie: []byte("10001")})
	add(rpc.GroupMembers.Name, payload, err)
	payload, err = rpc.FriendList.EncodeRequest(&oidbpb.FriendListReq{Cookie: []byte{8, 1}})
	add(rpc.FriendList.Name, payload, err)
	payload, err = rpc.SetProfile.EncodeRequest(&oidbpb.ModifySelfProfileReq{
		BytesValues: []*oidbpb.BytesProperty{{Key: keyPlace, Value: make([]byte, 12)}, {Key: keySign, Value: []byte{0xff}}},
		Numbers:     []*oidbpb.NumberProperty{{Key: keyBirthday, Value: 1<<32 - 1}},
	})
	add(rpc.SetProfile.Name, payload, err)
	payload, err = rpc.Likes.EncodeRequest(&oidbpb.ProfileLikeListReq{SelfUid: string(user.UID), Start: proto.Int64(-1), Count: 1<<32 - 1})
	add(rpc.Likes.Name, payload, err)
	seed(rpc.LoginDays.Name, mustMarshal(f, &oidbpb.WebSsoReq{Data: proto.String(`{"msg_req_basic_info":{"uint64_request_uin":[10001,-1]}}`)}))
	f.Fuzz(func(t *testing.T, command string, payload []byte) {
		c := &conn{s: s, out: outbox{wake: make(chan struct{}, 1)}, unknown: map[string]bool{}}
		rq := &request{
			Request: &wire.Request{Protocol: wire.Protocol12, Flag: wire.FlagD2, UIN: "10001", Command: command, Body: payload},
			conn:    c, session: sess, signed: true,
		}
		s.serve(rq) // must not panic
		s.forget(c)
	})
}

func BenchmarkSendMessage(b *testing.B) {
	s := newServer(b, Options{})
	user, _ := s.World().Users().Find(bot)
	s.issue(user, device{class: classPC}, nil)
	c := &conn{s: s, out: outbox{wake: make(chan struct{}, 1)}, unknown: map[string]bool{}}
	var sess *session
	for _, sess = range s.sessions.entries {
	}
	s.register(&request{conn: c, session: sess}, "", func() {})
	body := mustMarshal(b, groupText(mall, "hello", 1))
	var frames []outFrame
	var buf []byte
	b.ReportAllocs()
	for i := range b.N {
		rq := &request{
			Request: &wire.Request{Protocol: wire.Protocol12, Flag: wire.FlagD2, UIN: "10001", Sequence: uint32(i), Command: rpc.SendMessage.Name, Body: body},
			conn:    c, session: sess, signed: true,
		}
		rq.sum = requestSum(rq.Request)
		if _, err := s.serve(rq); err != nil {
			b.Fatal(err)
		}
		frames, _ = c.out.take(frames)
		for i := range frames {
			buf, _ = c.encode(buf[:0], &frames[i])
		}
	}
}
