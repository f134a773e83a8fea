package e2e

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
)

// forgery is a kind of packets that somebody without a key can write.
type forgery struct {
	name string
	// packets are written while the request rq waits for its answer; last is the
	// sequence of the newest message of the group.
	packets func(p *onPath, rq *wire.Request, last uint64) [][]byte
}

var plainFlags = []wire.Flag{wire.FlagNone, wire.FlagEmpty}

func forgeries() []forgery {
	return []forgery{
		{"message", func(p *onPath, rq *wire.Request, last uint64) (all [][]byte) {
			body := forgedMessage(p.t, last+1)
			for _, flag := range plainFlags {
				for _, sequence := range []int32{-1000, int32(rq.Sequence)} {
					all = append(all, p.forged(wire.Response{Flag: flag, Sequence: sequence, Command: rpc.PushMessage, Body: body}))
				}
			}
			return all
		}},
		{"kick", func(p *onPath, rq *wire.Request, _ uint64) (all [][]byte) {
			body := encoded(p.t, &pushpb.KickNotice{Uin: uint64(bot), Tips: "logged in elsewhere", Title: "notice", Code: 1001})
			for _, flag := range plainFlags {
				for _, command := range []string{rpc.PushKick, rpc.PushForceOffline, rpc.PushMSFOffline} {
					all = append(all, p.forged(wire.Response{Flag: flag, Sequence: -1000, Command: command, Body: body}),
						p.forged(wire.Response{Flag: flag, Sequence: int32(rq.Sequence), Command: command, Body: body}))
				}
			}
			return all
		}},
		{"session code", func(p *onPath, rq *wire.Request, _ uint64) (all [][]byte) {
			for _, flag := range plainFlags {
				for _, code := range []int32{-10001, -10003, -10008} {
					all = append(all, p.forged(wire.Response{Flag: flag, Code: code, Extra: "session expired"}))
					if flag == wire.FlagNone || !loginRequest(rq) {
						all = append(all, p.forged(wire.Response{Flag: flag, Code: code, Sequence: int32(rq.Sequence), Command: rq.Command}))
					}
				}
			}
			return all
		}},
		{"answer", func(p *onPath, rq *wire.Request, _ uint64) (all [][]byte) {
			for _, flag := range plainFlags {
				if flag == wire.FlagEmpty && loginRequest(rq) {
					continue // in the form that the request waits for: see TestForgedLoginRefusals
				}
				for _, body := range [][]byte{nil, {0xff, 0xff}, encoded(p.t, &messagepb.PbSendMsgResp{})} {
					all = append(all, p.forged(wire.Response{Flag: flag, Sequence: int32(rq.Sequence), Command: rq.Command, Body: body}))
				}
				all = append(all, p.forged(wire.Response{Flag: flag, Sequence: int32(rq.Sequence), Command: rq.Command, Code: -1}))
			}
			return all
		}},
		{"answer of another command", func(p *onPath, rq *wire.Request, _ uint64) (all [][]byte) {
			for _, flag := range plainFlags {
				for _, command := range []string{rpc.NTLoginPasswordLogin, rpc.GroupList.Name, "", "no.such.Command"} {
					if command != rq.Command {
						all = append(all, p.forged(wire.Response{Flag: flag, Sequence: int32(rq.Sequence), Command: command}))
					}
				}
			}
			return all
		}},
		{"garbage", func(p *onPath, rq *wire.Request, _ uint64) [][]byte {
			zero := p.forged(wire.Response{Flag: wire.FlagD2, Sequence: -1000, Command: rpc.PushKick})
			cut := p.forged(wire.Response{Sequence: int32(rq.Sequence), Command: rq.Command})
			return [][]byte{
				zero, {}, {0}, bytes.Repeat([]byte{0xff}, 300), cut[:len(cut)-9],
				p.forged(wire.Response{Protocol: wire.Protocol13, Flag: wire.FlagD2, Sequence: int32(rq.Sequence), Command: rq.Command}),
			}
		}},
	}
}

func encoded(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := pb.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// forgedMessage is the push of a message that nobody wrote.
func forgedMessage(t *testing.T, sequence uint64) []byte {
	return encoded(t, &messagepb.MsgPush{Message: &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{
			FromUin: uint64(alice), FromUid: proto.String("u_alice"), ToUin: uint64(bot),
			Group: &messagepb.RoutingGroup{GroupCode: uint64(group), GroupName: "group"},
		},
		ContentHead: &messagepb.ContentHead{
			Type: 82, Random: proto.Uint64(7), Sequence: proto.Uint64(sequence), Time: proto.Uint64(uint64(time.Now().Unix())),
		},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{
			{Text: &messagepb.Text{Str: proto.String("forged")}},
		}}},
	}})
}

func loginRequest(rq *wire.Request) bool { return rq.Flag == wire.FlagEmpty }

// attackStage is where a session is while packets are forged.
type attackStage struct {
	name    string
	command string // that waits for its answer
	asked   []string
	// saved leaves of a session what the account begins with; nil: it begins with none.
	saved   func(*ntqq.Keystore)
	options func(*ntqq.Options)
	// online: the request comes when the account has been online for so long.
	online time.Duration
	// act makes it come, where it does not come by itself.
	act func(a *attacked)
}

func attackStages() []attackStage {
	refresh := func(o *ntqq.Options) { o.RefreshAfter = time.Hour }
	return []attackStage{
		{name: "qr", command: rpc.WtloginTransEmp, asked: []string{"qr"}},
		{name: "wtlogin", command: rpc.WtloginLogin, asked: []string{"qr"}},
		{name: "exchanging", command: rpc.KeyExchange, saved: onlyA1},
		{name: "easy login", command: rpc.NTLoginEasyLogin, saved: onlyA1},
		{name: "password", command: rpc.NTLoginPasswordLogin, options: func(o *ntqq.Options) {
			o.UIN, o.PasswordMD5 = bot, ntqq.PasswordMD5("secret")
		}},
		{name: "registering", command: rpc.InfoSync.Name, saved: whole},
		{name: "registering after a login", command: rpc.InfoSync.Name, saved: onlyA1},
		{name: "alive", command: rpc.HeartbeatAlive, saved: whole, online: time.Minute},
		{name: "session heartbeat", command: rpc.Heartbeat.Name, saved: whole, online: time.Minute},
		{name: "asking", command: rpc.GroupMembers.Name, saved: whole, online: time.Minute, act: func(a *attacked) {
			if list, err := a.Members().List(a.t.Context(), group, true); err != nil || len(list) < 3 {
				a.t.Errorf("the members: %d, %v", len(list), err)
			}
		}},
		{name: "sending", command: rpc.SendMessage.Name, saved: whole, online: time.Minute, act: func(a *attacked) {
			if _, err := a.Messages().SendGroup(a.t.Context(), group, say("under attack")); err != nil || a.inHistory("under attack") != 1 {
				a.t.Errorf("sending: %v", err)
			}
		}},
		{name: "refreshing: exchange", command: rpc.KeyExchange, saved: whole, online: time.Minute, options: refresh},
		{name: "refreshing: easy login", command: rpc.NTLoginEasyLogin, saved: whole, online: time.Minute, options: refresh},
		{name: "refreshing: registering", command: rpc.InfoSync.Name, saved: whole, online: time.Minute, options: refresh},
	}
}

// TestForgedPackets has every kind of forged packets come at every stage of a session.
// Nothing follows from any of them but a count.
func TestForgedPackets(t *testing.T) {
	for _, stage := range attackStages() {
		for _, kind := range forgeries() {
			t.Run(stage.name+"/"+kind.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) { forge(t, &stage, &kind) })
			})
		}
	}
}

func forge(t *testing.T, stage *attackStage, kind *forgery) {
	o := sandbox.Options{AutoApprove: bot, Passwords: map[message.UIN]string{bot: "secret"}}
	var s *service
	var saved *ntqq.Keystore
	if stage.saved != nil {
		var ks *ntqq.MemoryKeystore
		s, ks = loggedIn(t, o)
		k, _ := ks.Load()
		begin := *k
		stage.saved(&begin)
		saved = &begin
	} else {
		s = startService(t, o)
	}
	last := s.says(t, alice, false, "before").Sequence
	time.Sleep(2 * time.Second) // what is written in the second of the first login is news

	struck := make(chan int, 1)
	strike := func(p *onPath) {
		p.requests(func(l *link, rq *wire.Request) bool {
			if rq.Command == stage.command && len(struck) == 0 {
				packets := kind.packets(p, rq, last)
				l.write(packets...)
				struck <- len(packets)
				p.requests(nil)
			}
			return true
		})
	}
	var options []func(*ntqq.Options)
	if stage.options != nil {
		options = append(options, stage.options)
	}
	var a *attacked
	if stage.online > 0 {
		a = attack(t, s, saved, nil, options...)
		a.until(ntqq.Online)
		time.Sleep(stage.online) // virtual
		strike(a.path)
		if stage.act != nil {
			stage.act(a)
		}
	} else {
		a = attack(t, s, saved, strike, options...)
	}
	n := uint64(<-struck)
	a.unharmed(1, stage.asked...)
	u := a.Unproven()
	counted := u.Push + u.Kick + u.SessionCode + u.Answer + u.Late + a.Stats().PacketsDropped
	if stage.command == rpc.HeartbeatAlive && kind.name == "answer" {
		counted++ // an answer to that heartbeat, whoever wrote it, says that a peer lives
		n -= min(n-counted, 1)
	}
	if counted < n {
		t.Errorf("%d of %d packets were counted: %+v, %d undecodable", counted, n, u, a.Stats().PacketsDropped)
	}
}

// The answer to a message that never reached the service is forged: it is not sent, and
// the result says so.
func TestForgedAnswerToASend(t *testing.T) {
	for _, flag := range plainFlags {
		bubble(t, func(t *testing.T) {
			s, ks := loggedIn(t, sandbox.Options{})
			k, _ := ks.Load()
			a := attack(t, s, k, nil)
			a.until(ntqq.Online)
			a.path.requests(func(l *link, rq *wire.Request) bool {
				if rq.Command != rpc.SendMessage.Name {
					return true
				}
				l.write(a.path.forged(wire.Response{
					Flag: flag, Sequence: int32(rq.Sequence), Command: rq.Command,
					Body: encoded(t, &messagepb.PbSendMsgResp{GroupSequence: proto.Uint64(999), SendTime: proto.Uint64(uint64(time.Now().Unix()))}),
				}))
				return false
			})
			if m, err := a.Messages().SendGroup(t.Context(), group, say("swallowed")); err == nil {
				t.Errorf("flag %d: sent as %d, and it is in no chat", flag, m.Sequence)
			}
			a.path.requests(nil)
			a.unharmed(1)
		})
	}
}

// Whatever answers a heartbeat of the connection, the peer lives: a forged refusal is not
// a miss.
func TestForgedHeartbeatAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		k, _ := ks.Load()
		a := attack(t, s, k, nil)
		a.until(ntqq.Online)
		codes := []int32{-1, -10001, -10003}
		n := 0
		a.path.requests(func(l *link, rq *wire.Request) bool {
			if rq.Command == rpc.HeartbeatAlive {
				l.write(a.path.forged(wire.Response{
					Protocol: wire.Protocol13, Sequence: int32(rq.Sequence), Command: rq.Command, Code: codes[n%len(codes)],
				}))
				n++
			}
			return true
		})
		time.Sleep(10 * time.Minute) // virtual
		a.path.requests(nil)
		a.unharmed(1)
		if u := a.Unproven(); u.Answer+u.SessionCode != uint64(n) || n < 50 {
			t.Errorf("%d refusals, counted %+v", n, u)
		}
	})
}

// Something else answers at the server's address: the failure says what.
func TestAnotherProtocolAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n\r\n": "an HTTP server or proxy answered",
		"SSH-2.0-OpenSSH_9.6\r\n":          "an SSH server answered",
		"\x15\x03\x01\x00\x02\x02\x0a":     "a TLS server answered",
	} {
		bubble(t, func(t *testing.T) {
			s := startService(t, sandbox.Options{AutoApprove: bot})
			a := s.account(t, nil, func(o *ntqq.Options) {
				o.Dial = func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go func() {
						defer far.Close()
						_, _ = far.Read(make([]byte, 4096))
						_, _ = far.Write([]byte(answer))
					}()
					return near, nil
				}
			})
			st := a.wait("a failure", func(st ntqq.State) bool { return st.Stage == ntqq.Reconnecting })
			if !bytes.Contains([]byte(st.Err.Error()), []byte(want)) {
				t.Errorf("got %v, want that %s", st.Err, want)
			}
		})
	}
}
