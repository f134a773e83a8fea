package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/loginpb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

func (h *harness) fault(text string) int {
	h.t.Helper()
	f, err := fault.Parse(text)
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := h.Faults().Add(f)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// say makes Alice write to a group of the bot.
func (h *harness) say(texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		if _, err := h.World().Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Text(text)}, nil); err != nil {
			h.t.Fatalf("send: %v", err)
		}
	}
}

// heard reads n pushes and returns which of the texts are in each.
func (c *client) heard(n int, texts ...string) string {
	c.t.Helper()
	var list []string
	for range n {
		p := c.push()
		i := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(string(p.Body), text) })
		if i < 0 {
			c.t.Fatalf("got push %s without one of %q", p.Command, texts)
		}
		list = append(list, texts[i])
	}
	return strings.Join(list, " ")
}

func (c *client) beat() *wire.Request { return c.build(rpc.Heartbeat.Name, wire.FlagD2, nil) }

// silent fails the test when anything comes before a minute is over.
func (c *client) silent() {
	c.t.Helper()
	c.nc.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		frame, err := c.frames.Next()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		r := &wire.Response{}
		if err != nil || wire.ParseResponse(frame, c.key(), r) != nil || r.Command != rpc.PushParams { // that came before
			c.t.Errorf("got %x, error %v, want nothing for a minute", frame, err)
			return
		}
	}
}

// wireFaults is a test for each fault but those of the signer; c is online.
var wireFaults = map[fault.Name]func(*testing.T, *harness, *client){
	fault.RefuseConnection: func(t *testing.T, h *harness, c *client) {
		h.fault("refuse-connection:count=2")
		for range 2 {
			h.dial().closed()
		}
		h.dial().fetchQR(nil)
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil) // it was there before
	},
	fault.Dead: func(t *testing.T, h *harness, c *client) {
		h.fault("dead:count=1")
		h.say("lost")
		c.silent()
		for range 3 {
			c.write(c.beat())
		}
		h.say("lost too")
		c.silent()
		c.again().register().must(rpc.Heartbeat.Name, wire.FlagD2, nil)
	},
	fault.Close: func(t *testing.T, h *harness, c *client) {
		h.fault("close:on=send,count=1")
		c.write(c.build(rpc.SendMessage.Name, wire.FlagD2, mustMarshal(t, groupText(mall, "lost", 1))))
		c.closed()
		if got := h.World().History().LastOfGroup(mall); got != 0 {
			t.Errorf("messages: got %d, want none", got)
		}
	},
	fault.CloseAfter: func(t *testing.T, h *harness, c *client) {
		h.fault("close-after:on=send,count=1")
		c.must(rpc.SendMessage.Name, wire.FlagD2, mustMarshal(t, groupText(mall, "sent", 1)))
		c.closed()
		if got := h.World().History().LastOfGroup(mall); got != 1 {
			t.Errorf("messages: got %d, want 1", got)
		}
	},
	fault.Reset: func(t *testing.T, h *harness, c *client) {
		h.fault("reset:on=heartbeat,count=1")
		c.write(c.beat())
		c.closed()
	},
	fault.CutFrame: func(t *testing.T, h *harness, c *client) {
		h.fault("cut-frame:on=heartbeat,count=1")
		c.write(c.beat())
		if _, err := c.read(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
		}
		c.again().must(rpc.Heartbeat.Name, wire.FlagD2, nil)
	},
	fault.Corrupt: func(t *testing.T, h *harness, c *client) {
		h.fault("corrupt:on=push,count=1")
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
		h.say("spoilt", "good")
		if _, err := c.read(); !errors.Is(err, wire.ErrDecrypt) {
			t.Errorf("got %v, want %v", err, wire.ErrDecrypt)
		}
		c.heard(1, "good")
	},
	fault.BreakFraming: func(t *testing.T, h *harness, c *client) {
		h.fault("break-framing:count=1")
		c.write(c.beat())
		var broken *wire.FrameError
		if _, err := c.read(); !errors.As(err, &broken) {
			t.Errorf("got %v, want a frame error", err)
		}
	},
	fault.Delay: func(t *testing.T, h *harness, c *client) {
		h.fault("delay:on=heartbeat,delay=3s,count=1")
		began, late := time.Now(), c.beat()
		c.write(late)
		c.must(rpc.FriendList.Name, wire.FlagD2, nil) // overtakes it
		c.answer(late)
		if got := time.Since(began); got != 3*time.Second {
			t.Errorf("got the answer after %v, want 3s", got)
		}
	},
	fault.Mute: func(t *testing.T, h *harness, c *client) {
		h.fault("mute:on=messagesvc.*,count=2")
		r := c.build(rpc.SendMessage.Name, wire.FlagD2, mustMarshal(t, groupText(mall, "done", 1)))
		c.write(r)
		c.write(r) // resent: not done again, and not answered either
		c.write(r)
		c.answer(r)
		if got := h.World().History().LastOfGroup(mall); got != 1 {
			t.Errorf("messages: got %d, want 1", got)
		}
	},
	fault.Ignore: func(t *testing.T, h *harness, c *client) {
		h.fault("ignore:on=send,count=1")
		r := c.build(rpc.SendMessage.Name, wire.FlagD2, mustMarshal(t, groupText(mall, "done", 1)))
		c.write(r)
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
		if got := h.World().History().LastOfGroup(mall); got != 0 {
			t.Errorf("messages: got %d, want none", got)
		}
		c.write(r)
		c.answer(r)
	},
	fault.NoHeartbeat: func(t *testing.T, h *harness, c *client) {
		id := h.fault("no-heartbeat")
		alive := c.build(rpc.HeartbeatAlive, wire.FlagNone, []byte{0, 0, 0, 4})
		alive.Protocol = wire.Protocol13
		c.write(alive)
		c.write(c.beat())
		c.must(rpc.FriendList.Name, wire.FlagD2, nil)
		h.Faults().Remove(id)
		c.write(alive)
		c.answer(alive)
	},
	fault.Code: func(t *testing.T, h *harness, c *client) {
		h.fault("code:on=heartbeats,code=-10008,count=2")
		if got := c.do(rpc.Heartbeat.Name, wire.FlagD2, nil); got.Code != -10008 {
			t.Errorf("got code %d, want -10008", got.Code)
		}
		alive := c.build(rpc.HeartbeatAlive, wire.FlagNone, []byte{0, 0, 0, 4})
		alive.Protocol = wire.Protocol13
		c.write(alive)
		c.answer(alive)
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
	},
	fault.RefuseExchange: func(t *testing.T, h *harness, c *client) {
		h.fault("refuse-exchange:count=2")
		for range 2 {
			if got := c.do(rpc.KeyExchange, wire.FlagEmpty, []byte{1}); got.Code != codeNotLoggedIn || got.Extra != "verification failed" {
				t.Errorf("got code %d %q", got.Code, got.Extra)
			}
		}
		c.keyExchange()
	},
	fault.RefuseEasyLogin: func(t *testing.T, h *harness, c *client) {
		c.keyExchange()
		h.fault("refuse-easy-login:count=1")
		h.fault("refuse-easy-login:skip=1,count=1,code=140022016")
		for _, want := range []uint64{ntTicketRevoked, ntIllegalTicket, 0} {
			head, _ := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil)
			if got := head.GetError().GetCode(); got != want {
				t.Errorf("got code %d, want %d", got, want)
			}
		}
	},
	fault.UnusualDevice: func(t *testing.T, h *harness, c *client) {
		c.keyExchange()
		h.fault("unusual-device:count=1,uin=10001")
		head, body := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil)
		if head.GetError().GetCode() != ntUnusual || len(body.GetSecProtect().GetUnusualDeviceCheckSig()) == 0 {
			t.Errorf("got %v %v, want code %d and a signature", head, body, ntUnusual)
		}
	},
	fault.Captcha: func(t *testing.T, h *harness, c *client) {
		must(t, h.World().Users().SetPassword(bot, "secret"))
		c.keyExchange()
		h.fault("captcha:count=1,uin=10001")
		for _, want := range []uint64{ntCaptcha, 0} {
			if head, _ := c.passwordLogin("secret", time.Now(), nil); head.GetError().GetCode() != want {
				t.Errorf("got %v, want code %d", head.GetError(), want)
			}
		}
	},
	fault.NewDevice: func(t *testing.T, h *harness, c *client) {
		must(t, h.World().Users().SetPassword(bot, "secret"))
		c.keyExchange()
		h.fault("new-device:count=1,uin=10001")
		for _, want := range []uint64{ntNewDevice, 0} {
			if head, _ := c.passwordLogin("secret", time.Now(), nil); head.GetError().GetCode() != want {
				t.Errorf("got %v, want code %d", head.GetError(), want)
			}
		}
	},
	fault.RefuseRegister: func(t *testing.T, h *harness, c *client) {
		h.fault("refuse-register:count=1")
		if got := call(c, rpc.Register, &systempb.RegisterInfo{}); got.GetMessage() != errRegister.Error() {
			t.Errorf("got %v", got)
		}
		c.register()
	},
	fault.Expire: func(t *testing.T, h *harness, c *client) {
		h.fault("expire:on=send,count=1")
		for _, command := range []string{rpc.SendMessage.Name, rpc.Heartbeat.Name} { // the session has ended
			if got := c.do(command, wire.FlagD2, nil); got.Code != codeSessionExpired {
				t.Errorf("%s: got code %d, want %d", command, got.Code, codeSessionExpired)
			}
		}
		if h.isOnline(bot) {
			t.Error("the account is still online")
		}
	},
	fault.ExpireUnsequenced: func(t *testing.T, h *harness, c *client) {
		h.fault("expire-unsequenced:count=1")
		for range 2 { // the ticket is not known any more
			c.write(c.beat())
			got, err := c.read()
			if err != nil || got.Code != codeSessionExpired || got.Sequence != 0 || got.Command != "" {
				t.Errorf("got %+v, error %v, want code %d without a sequence", got, err, codeSessionExpired)
			}
		}
		h.fault("close:count=1") // also strikes packets that do not open
		c.write(c.beat())
		c.closed()
	},
	fault.Kick: func(t *testing.T, h *harness, c *client) {
		h.fault("kick:on=heartbeat,count=1")
		c.write(c.beat())
		if p := c.push(); p.Command != rpc.PushKick {
			t.Errorf("got %s, want %s", p.Command, rpc.PushKick)
		}
		if got := c.do(rpc.FriendList.Name, wire.FlagD2, nil); got.Code != codeSessionExpired {
			t.Errorf("got code %d, want %d", got.Code, codeSessionExpired)
		}
	},
	fault.UnknownPush: func(t *testing.T, h *harness, c *client) {
		h.fault("unknown-push:on=heartbeat,count=1")
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
		var commands []string
		for range 6 {
			commands = append(commands, c.push().Command)
		}
		if i := slices.Index(commands, unknownCommandPush); i != 3 {
			t.Errorf("got pushes %q, want %s as the fourth", commands, unknownCommandPush)
		}
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
		if len(c.pushes) != 0 {
			t.Errorf("got %d pushes more", len(c.pushes))
		}
	},
	fault.DropPush: func(t *testing.T, h *harness, c *client) {
		h.fault("drop-push:skip=1,count=1")
		h.say("one", "two", "three")
		if got := c.heard(2, "one", "two", "three"); got != "one three" {
			t.Errorf("got %s, want one three", got)
		}
	},
	fault.DuplicatePush: func(t *testing.T, h *harness, c *client) {
		h.fault("duplicate-push:count=1")
		h.say("one", "two")
		if got := c.heard(3, "one", "two"); got != "one one two" {
			t.Errorf("got %s, want one one two", got)
		}
	},
	fault.ReorderPush: func(t *testing.T, h *harness, c *client) {
		h.fault("reorder-push:skip=1,count=1,delay=2s")
		h.say("one", "two", "three", "four")
		if got := c.heard(4, "one", "two", "three", "four"); got != "one three two four" {
			t.Errorf("got %s, want one three two four", got)
		}
		h.fault("reorder-push:count=1,delay=2s")
		h.fault("duplicate-push:count=1")
		began := time.Now()
		h.say("five")
		c.heard(2, "five")
		if got := time.Since(began); got != 2*time.Second {
			t.Errorf("got the last one after %v, want 2s", got)
		}
	},
	fault.UploadMissing: func(t *testing.T, h *harness, c *client) {
		h.fault("upload-missing:count=1")
		req := groupUpload(1, fileInfo("never seen"))
		if got := call(c, rpc.UploadGroupImage, req).GetUpload(); got.Ukey != nil || got.GetMsgInfo() == nil {
			t.Errorf("got %v, want that it is there", got)
		}
		if got := call(c, rpc.UploadGroupImage, req).GetUpload(); got.GetUkey() == "" {
			t.Errorf("afterwards: got %v", got)
		}
		h.fault("upload-missing:count=1")
		req.Upload.TryFastUpload = false
		if got := call(c, rpc.UploadGroupImage, req).GetUpload(); got.GetUkey() == "" {
			t.Errorf("without fast upload: got %v", got)
		}
		h.Faults().Clear()
	},
	fault.DownloadCut: func(t *testing.T, h *harness, c *client) {
		h.fault("download-cut:count=1")
		b := h.store(strings.Repeat("0123456789", 10_000))
		address := "http://127.0.0.1:1" + linkPath(h.media.signer.link(b.SHA1, h.World().Now()))
		transport := &http.Transport{DialContext: h.l.DialContext}
		defer transport.CloseIdleConnections()
		answer, err := (&http.Client{Transport: transport}).Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		got, err := io.ReadAll(answer.Body)
		if err == nil || len(got) != 50_000 || answer.ContentLength != 100_000 {
			t.Errorf("got %d bytes of %d, %v, want half of them", len(got), answer.ContentLength, err)
		}
		if rest, body := h.fetch(http.MethodGet, address, "Range", "bytes=50000-"); rest.StatusCode != http.StatusPartialContent || len(body) != 50_000 {
			t.Errorf("the rest: got %s, %d bytes", rest.Status, len(body))
		}
		if err := h.World().Close(); err != nil {
			t.Error(err)
		}
	},
	fault.TimeSkew: func(t *testing.T, h *harness, c *client) {
		h.fault("time-skew:offset=-2h,for=1m")
		c.write(c.beat())
		got, err := c.read()
		if err != nil || int64(got.ServerTime) != time.Now().Add(-2*time.Hour).Unix() {
			t.Errorf("got server time %d, error %v, want two hours ago", got.ServerTime, err)
		}
		sent, err := h.World().Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Text("x")}, nil)
		if err != nil || sent.Time != time.Now().Add(-2*time.Hour).Unix() {
			t.Errorf("got message %+v, error %v, want one of two hours ago", sent, err)
		}
		time.Sleep(time.Minute) // of the bubble
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
	},
}

func TestWireFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		if strings.HasPrefix(string(kind.Name), "signer-") || blockFaults[kind.Name] != "" {
			continue // TestSignFaults, TestUploadFaults
		}
		t.Run(string(kind.Name), func(t *testing.T) {
			t.Parallel()
			run := wireFaults[kind.Name]
			if run == nil {
				t.Fatal("there is no test")
			}
			synctest.Test(t, func(t *testing.T) {
				h := start(t, Options{})
				run(t, h, h.dial().login(bot).register())
				if got := h.Faults().Struck(kind.Name); got == 0 && kind.Name != fault.TimeSkew {
					t.Error("it is not counted")
				}
				if got := h.Faults().Active(); len(got) != 0 {
					t.Errorf("still on: %v", got)
				}
			})
		})
	}
}

// TestResetOverTCP covers what a connection in memory cannot show.
func TestResetOverTCP(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	defer func() { cancel(); <-served }()
	if _, err := s.Faults().Add(fault.Fault{Name: fault.Reset}); err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	frame, err := wire.AppendRequest(nil, &wire.Request{Protocol: wire.Protocol13, Command: rpc.HeartbeatAlive, Sequence: 1}, [16]byte{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Write(frame); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v, want a reset", err)
	}
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	h.UnknownPushes(message.UIN(1)) // nobody
	h.UnknownPushes(bot)
	for range 6 {
		c.push()
	}
	if got := h.DropConnections(); got != 1 {
		t.Errorf("got %d connections dropped, want 1", got)
	}
	c.closed()
}
