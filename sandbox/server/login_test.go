package server

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/pb/pushpb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestQRLogin(t *testing.T) {
	for name, keyType := range map[string]uint16{"secp192k1": wire.KeyTypeSecp192k1, "p256": wire.KeyTypeP256} {
		t.Run(name, func(t *testing.T) {
			h := start(t, Options{})
			c := h.dial()
			c.keyType = keyType
			code := c.fetchQR(nil)
			if len(code.Signature) != 24 || code.LifetimeSeconds != 120 || len(code.URL) > 127 ||
				!strings.HasPrefix(code.URL, "https://txz.qq.com/p?k="+code.SignatureText+"&f=1600001615") || len(code.SignatureText) != 32 {
				t.Errorf("login code: got %+v", code)
			}
			if !bytes.HasPrefix(code.Image, []byte("\x89PNG")) {
				t.Errorf("picture: got %x..., want a PNG", code.Image[:8])
			}
			if got := c.pollQR(code.Signature).State; got != wire.QRWaiting {
				t.Errorf("state: got %v, want waiting", got)
			}
			pending := h.PendingQR()
			if len(pending) != 1 || pending[0].DeviceName != "test-device" || pending[0].State != "waiting" || pending[0].ID != hex.EncodeToString(code.Signature) {
				t.Fatalf("pending: got %+v", pending)
			}
			if err := h.ScanQR(pending[0].ID, bot); err != nil {
				t.Fatal(err)
			}
			if got := c.pollQR(code.Signature).State; got != wire.QRScanned {
				t.Errorf("state: got %v, want scanned", got)
			}
			if err := h.ApproveQR(pending[0].ID, bot); err != nil {
				t.Fatal(err)
			}
			if got := len(h.PendingQR()); got != 0 {
				t.Errorf("pending after confirmation: got %d, want 0", got)
			}
			confirmed := c.pollQR(code.Signature)
			if confirmed.State != wire.QRConfirmed || confirmed.UIN != uint64(bot) {
				t.Fatalf("confirmed: got %+v", confirmed)
			}
			reply := c.wtLogin(confirmed)
			if reply.State != 0 {
				t.Fatalf("login: got state %d %q", reply.State, reply.Message)
			}
			self, _ := h.World().Users().Find(bot)
			if reply.Tickets.UID != string(self.UID) || reply.Tickets.Nickname != self.Nickname {
				t.Errorf("tickets: got uid %q, nickname %q, want those of %+v", reply.Tickets.UID, reply.Tickets.Nickname, self)
			}
			// The code is used up.
			if got := c.pollQR(code.Signature).State; got != wire.QRInvalid {
				t.Errorf("state after login: got %v, want invalid", got)
			}
			c.tickets = reply.Tickets
			c.register()
			clients := h.Clients()
			if len(clients) != 1 || !clients[0].Registered || clients[0].UIN != bot || clients[0].GUID != hex.EncodeToString(c.guid[:]) || clients[0].Class != "pc" {
				t.Errorf("clients: got %+v", clients)
			}
		})
	}
}

func TestQRStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		c := h.dial()
		id := func(code *wire.QRFetchReply) string { return hex.EncodeToString(code.Signature) }

		old := c.fetchQR(nil)
		time.Sleep(119 * time.Second)
		if got := c.pollQR(old.Signature).State; got != wire.QRWaiting {
			t.Errorf("after 119 s: got %v, want waiting", got)
		}
		time.Sleep(time.Second)
		if got := c.pollQR(old.Signature).State; got != wire.QRExpired {
			t.Errorf("after 120 s: got %v, want expired", got)
		}
		if err := h.ApproveQR(id(old), bot); err == nil {
			t.Error("an expired code was approved")
		}
		rejected, expired := c.fetchQR(nil), c.fetchQR(nil)
		if err := h.RejectQR(id(rejected)); err != nil {
			t.Error(err)
		}
		if err := h.ExpireQR(id(expired)); err != nil {
			t.Error(err)
		}
		if got := c.pollQR(rejected.Signature).State; got != wire.QRCancelled {
			t.Errorf("rejected: got %v, want cancelled", got)
		}
		if got := c.pollQR(expired.Signature).State; got != wire.QRExpired {
			t.Errorf("expired by hand: got %v, want expired", got)
		}
		if got := c.pollQR([]byte("nothing")).State; got != wire.QRInvalid {
			t.Errorf("unknown: got %v, want invalid", got)
		}
		for _, err := range []error{h.ApproveQR("00", bot), h.ApproveQR("xyz", bot), h.ScanQR(id(rejected), 999)} {
			if err == nil {
				t.Error("got no error for a bad id or user")
			}
		}
		// Codes that ended long ago are forgotten.
		time.Sleep(time.Hour)
		h.PendingQR()
		if got := c.pollQR(old.Signature).State; got != wire.QRInvalid {
			t.Errorf("after an hour: got %v, want invalid", got)
		}
	})
}

func TestAutoApprove(t *testing.T) {
	h := start(t, Options{AutoApprove: bot})
	c := h.dial()
	if got := c.pollQR(c.fetchQR(nil).Signature); got.State != wire.QRConfirmed || got.UIN != uint64(bot) {
		t.Errorf("got %+v, want a confirmed code", got)
	}
	if _, err := New(Options{AutoApprove: 999, QRLifetime: 1, ExchangeLifetime: 1, MemberPage: -1, Passwords: map[message.UIN]string{998: "x"}}); err == nil ||
		strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("bad options: got %v, want five problems", err)
	}
}

func TestWtLoginRefused(t *testing.T) {
	h := start(t, Options{})
	c := h.dial()
	code := c.fetchQR(nil)
	if err := h.ApproveQR(hex.EncodeToString(code.Signature), bot); err != nil {
		t.Fatal(err)
	}
	good := c.pollQR(code.Signature)
	unknown, wrongKey := *good, *good
	unknown.A1 = []byte("something else")
	wrongKey.TgtgtKey = crypto.Key{1}
	for name, bad := range map[string]*wire.QRPollReply{"unknown A1": &unknown, "wrong key": &wrongKey} {
		if got := c.wtLogin(bad); got.State != stateTokenExpired || got.Message == "" {
			t.Errorf("%s: got state %d %q, want %d", name, got.State, got.Message, stateTokenExpired)
		}
	}
	c.guid[0]++
	if got := c.wtLogin(good); got.State != stateDenied {
		t.Errorf("other device: got state %d, want %d", got.State, stateDenied)
	}
	c.guid[0]--
	if got := c.wtLogin(good); got.State != 0 {
		t.Errorf("got state %d, want success", got.State)
	}
	if got := c.do(rpc.WtloginLogin, wire.FlagEmpty, []byte("garbage")); got.Code != codeNotLoggedIn || got.Extra == "" {
		t.Errorf("garbage: got code %d %q, want %d", got.Code, got.Extra, codeNotLoggedIn)
	}
}

func TestEasyLogin(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	old := *c.tickets

	c.keyExchange()
	head, _ := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil)
	if head.GetError() == nil || head.GetError().GetCode() != 0 {
		t.Errorf("head error for a client with field 7: got %v, want code 0", head.GetError())
	}
	// The old session is not honoured any more, but still gets pushes.
	got := c.do(rpc.Heartbeat.Name, wire.FlagD2, nil)
	if got.Code != codeSessionExpired || got.Extra == "" {
		t.Errorf("old D2: got code %d %q, want %d", got.Code, got.Extra, codeSessionExpired)
	}
	h.World().Messages().Send(world.Send{From: 20001, To: bot, Parts: world.Text("hi")}, nil)
	if p := c.push(); p.Command != rpc.PushMessage {
		t.Errorf("got push %s", p.Command)
	}
	// The old A1 is good until the new session is used.
	head, body := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: old.A1}, func(h *loginpb.NtLoginHead) { h.Sdk = nil })
	if head.GetClient().GetDeviceName() != c.name || head.GetApp().GetAppName() != c.app.PackageName {
		t.Errorf("head: got %v, want client and app of the request", head)
	}
	if head.GetError() != nil {
		t.Errorf("head error for a client without field 7: got %v, want none", head.GetError())
	}
	c.take(body.GetTickets())
	c.register()
	head, body = c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: old.A1}, nil)
	if head.GetError().GetCode() != ntTicketRevoked || body.GetTickets() != nil || head.GetCookie() == nil || body.SecCheck == nil || body.SecProtect == nil {
		t.Errorf("used A1: got %v %v, want code %d", head, body, ntTicketRevoked)
	}
	if got := len(h.Clients()); got != 1 {
		t.Errorf("clients: got %d, want 1", got)
	}
	for _, a1 := range [][]byte{c.tickets.A1, old.A1} { // success and failure
		head, _ = c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: a1}, func(h *loginpb.NtLoginHead) { h.Cookie = nil })
		if head.Cookie != nil || head.Client == nil || head.App == nil {
			t.Errorf("head for a client without cookies: got %v, want client and app, no cookie", head)
		}
	}
	c.guid[0]++
	if head, _ = c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil); head.GetError().GetCode() != ntIllegalTicket {
		t.Errorf("other device: got %v, want code %d", head.GetError(), ntIllegalTicket)
	}
	c.uin = 999
	if head, _ = c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil); head.GetError().GetCode() != ntUnregistered {
		t.Errorf("unknown account: got %v, want code %d", head.GetError(), ntUnregistered)
	}
	h.ForgetTickets(bot)
	c.uin = bot
	c.guid[0]--
	if head, _ = c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil); head.GetError().GetCode() != ntTicketRevoked {
		t.Errorf("forgotten A1: got %v, want code %d", head.GetError(), ntTicketRevoked)
	}
}

func TestUnusualDevice(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).keyExchange()
	h.UnusualDevice(bot, true)
	head, body := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil)
	signature := body.GetSecProtect().GetUnusualDeviceCheckSig()
	if head.GetError().GetCode() != ntUnusual || len(signature) == 0 {
		t.Fatalf("got %v %v, want code %d and a signature", head, body, ntUnusual)
	}
	if got := c.fetchQR([]byte("unknown")).Code; got == 0 {
		t.Error("an unknown signature got a code")
	}
	code := c.fetchQR(signature)
	if got := c.pollQR(code.Signature).State; got != wire.QRScanned {
		t.Errorf("state: got %v, want scanned", got)
	}
	id := hex.EncodeToString(code.Signature)
	if err := h.ApproveQR(id, 20001); err == nil {
		t.Error("another account confirmed the login")
	}
	if err := h.ApproveQR(id, bot); err != nil {
		t.Fatal(err)
	}
	confirmed := c.pollQR(code.Signature)
	if got := c.wtLogin(confirmed).State; got != stateTokenExpired {
		t.Errorf("login by the confirmation alone: got state %d, want %d", got, stateTokenExpired)
	}
	_, body = c.ntLogin(rpc.NTLoginEasyLoginUnusual, &loginpb.EasyLoginUnusualReqBody{A1: confirmed.A1}, nil)
	c.take(body.GetTickets())
	c.register()
	if head, _ = c.ntLogin(rpc.NTLoginEasyLoginUnusual, &loginpb.EasyLoginUnusualReqBody{A1: confirmed.A1}, nil); head.GetError().GetCode() != ntIllegalTicket {
		t.Errorf("confirmation used twice: got %v, want code %d", head.GetError(), ntIllegalTicket)
	}
}

func TestKeyExchangeRefused(t *testing.T) {
	h := start(t, Options{})
	c := h.dial()
	keys := h.PublicKeys()
	_, payload, err := wire.NewKeyExchange(keys.NT, keys.VerifyKey, "10001", c.guid, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	req := &loginpb.KeyExchangeRequest{}
	if err := pb.Unmarshal(payload, req); err != nil {
		t.Fatal(err)
	}
	*req.Timestamp++ // what a client does that reads the clock twice
	late, err := pb.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.do(rpc.KeyExchange, wire.FlagEmpty, late); got.Code != codeNotLoggedIn || got.Extra != "verification failed" {
		t.Errorf("wrong hash: got code %d %q", got.Code, got.Extra)
	}
	if got := c.do(rpc.KeyExchange, wire.FlagEmpty, []byte{0xFF}); got.Code != codeNotLoggedIn {
		t.Errorf("garbage: got code %d", got.Code)
	}
	h.Faults().RefuseKeyExchange(1)
	if got := c.do(rpc.KeyExchange, wire.FlagEmpty, payload); got.Extra != "verification failed" {
		t.Errorf("fault: got %q", got.Extra)
	}
	c.uin = bot
	c.keyExchange()
	c.exchange.Ticket = []byte("unknown")
	sealed, err := wire.SealNTLogin(&wire.NTLogin{Ticket: c.exchange.Ticket, Head: &loginpb.NtLoginHead{}}, c.exchange.Key)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.do(rpc.NTLoginEasyLogin, wire.FlagEmpty, sealed); got.Code != codeNotLoggedIn || got.Extra == "" {
		t.Errorf("unknown ticket: got code %d %q", got.Code, got.Extra)
	}
}

func TestKick(t *testing.T) {
	h := start(t, Options{})
	first := h.dial().login(bot).register()

	// The same session on a new connection just moves.
	moved := first.again().register()
	first.nc.Close()

	// Another class of client does not matter.
	phone := h.dial()
	phone.guid[0], phone.app.SubAppId = 9, 537275636
	phone.login(bot).register()

	second := h.dial()
	second.guid[0] = 7
	second.login(bot).register()
	p := moved.push()
	notice := &pushpb.KickNotice{}
	if err := pb.Unmarshal(p.Body, notice); err != nil {
		t.Fatal(err)
	}
	if p.Command != rpc.PushKick || notice.GetUin() != uint64(bot) || len(notice.GetTips()) == 0 || len(notice.GetTitle()) == 0 {
		t.Errorf("kick: got %s %v", p.Command, notice)
	}
	if got := moved.do(rpc.Heartbeat.Name, wire.FlagD2, nil); got.Code != codeSessionExpired {
		t.Errorf("kicked session: got code %d, want %d", got.Code, codeSessionExpired)
	}
	phone.must(rpc.Heartbeat.Name, wire.FlagD2, nil)

	if got := h.Kick(bot, "title", "tips"); got != 2 {
		t.Errorf("kicked by the server: got %d, want 2", got)
	}
	if p := second.push(); p.Command != rpc.PushKick || p.UIN != "10001" || p.Sequence >= 0 || p.Flag != wire.FlagD2 {
		t.Errorf("kick by the server: got %+v", p)
	}
	if h.isOnline(bot) {
		t.Error("the account is still online")
	}
}

func TestRegister(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	h.Faults().RefuseRegister(2)
	if got := call(c, rpc.Register, &systempb.RegisterInfo{}); got.GetMessage() != "register fail" {
		t.Errorf("refused: got %v", got)
	}
	if got := call(c, rpc.InfoSync, &systempb.SsoInfoSyncRequest{}); got.GetRegisterResponse().GetMessage() != "register fail" {
		t.Errorf("refused: got %v", got)
	}
	if h.isOnline(bot) {
		t.Error("online after a refusal")
	}
	if got := call(c, rpc.InfoSync, &systempb.SsoInfoSyncRequest{}); got.GetRegisterResponse().GetMessage() != "register success" {
		t.Errorf("got %v", got)
	}
	sync := &pushpb.InfoSyncPush{}
	if p := c.push(); p.Command != rpc.PushInfoSync || pb.Unmarshal(p.Body, sync) != nil || len(sync.GetGroups()) != 2 {
		t.Errorf("push: got %s %v, want the two groups", p.Command, sync)
	}
	for _, g := range sync.GetGroups() { // zeros too
		if g.GroupCode == nil || g.LatestSequence == nil || g.ReadSequence == nil || g.Mask == nil || g.GroupName == nil {
			t.Errorf("push: got group %v, want fields 1, 2, 3, 4 and 9", g)
		}
	}
	if got := call(c, rpc.Heartbeat, &systempb.SsoHeartBeatRequest{}); got.GetInterval() != 270 {
		t.Errorf("heartbeat: got %v", got)
	}
	if got := call(c, rpc.UnRegister, &systempb.UnRegisterRequest{}); got.GetMessage() != "unregister success" || h.isOnline(bot) {
		t.Errorf("unregister: got %v, online %v", got, h.isOnline(bot))
	}
	c.register()
	c.nc.Close()
	eventually(t, func() bool { return !h.isOnline(bot) })
}

func TestSessionLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{SessionLifetime: time.Hour})
		c := h.dial().login(bot).register()
		time.Sleep(59 * time.Minute)
		c.must(rpc.Heartbeat.Name, wire.FlagD2, nil)
		time.Sleep(time.Minute)
		if got := c.do(rpc.Heartbeat.Name, wire.FlagD2, nil); got.Code != codeSessionExpired {
			t.Errorf("got code %d, want %d", got.Code, codeSessionExpired)
		}
		if h.isOnline(bot) {
			t.Error("still online")
		}
	})
}

// eventually waits for something that a goroutine does soon.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("waited 5 s in vain")
		}
		<-time.After(time.Millisecond)
	}
}

// The client is told how long its key is good; later there is none to answer with.
func TestExchangeLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{ExchangeLifetime: time.Hour})
		c := h.dial().login(bot).keyExchange()
		if left := time.Until(c.exchange.Expires); left != time.Hour {
			t.Errorf("the key is good for %v, want an hour", left)
		}
		head, _ := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil)
		if code := head.GetError().GetCode(); code != 0 {
			t.Errorf("at first: code %d", code)
		}
		time.Sleep(time.Hour)
		payload, err := wire.SealNTLogin(&wire.NTLogin{Ticket: c.exchange.Ticket, Head: &loginpb.NtLoginHead{}}, c.exchange.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.do(rpc.NTLoginEasyLogin, wire.FlagEmpty, payload); got.Code != codeNotLoggedIn || !strings.Contains(got.Extra, "expired") {
			t.Errorf("after an hour: got code %d %q, want %d", got.Code, got.Extra, codeNotLoggedIn)
		}
	})
}
