package e2e

import (
	"bytes"
	"context"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/supervise"
	"libration/ntqq"
	"libration/sandbox/server"
)

// TestSeedFailure is the failure that this project began with. The saved session is
// at its end; the connection drops during the key exchange, the next exchanges are
// answered "verification failed", and only then the account comes online: its first
// time, by way of a reconnect. All services must run and answer, and pushes of
// unknown types must disturb nothing.
func TestSeedFailure(t *testing.T) {
	for _, tt := range []struct {
		name  string
		saved func(*ntqq.Keystore) // what is left of the session; nil: there is none
		arm   func(p *program)
		// lines are log messages that prove that the fault has struck, with how often at
		// least.
		lines map[string]int
		shut  int32 // how many connections are closed right after accept
	}{
		{
			"dropped during the key exchange, then verification failed", onlyA1,
			func(p *program) {
				p.box.Faults().CloseOn(rpc.KeyExchange, false, 1)
				p.box.Faults().RefuseKeyExchange(8) // the dropped one counts; then three on each connection
			},
			map[string]int{"key exchange failed: trying again with a fresh key": 7, "connection ended: trying again": 3}, 0,
		},
		{
			"closed right after accept", onlyA1,
			func(*program) {},
			map[string]int{"connection ended: trying again": 4}, 4,
		},
		{
			"closed after the key exchange", onlyA1,
			func(p *program) { p.box.Faults().CloseOn(rpc.KeyExchange, true, 1) },
			map[string]int{"connection ended: trying again": 1}, 0,
		},
		{
			"closed after the login answer", onlyA1,
			func(p *program) { p.box.Faults().CloseOn(rpc.NTLoginEasyLogin, true, 1) },
			map[string]int{"connection ended: trying again": 1}, 0,
		},
		{
			"closed before the register answer", onlyA1,
			func(p *program) { p.box.Faults().CloseOn(rpc.InfoSync.Name, false, 1) },
			map[string]int{"logged in by the saved session": 1, "connection ended: trying again": 1}, 0,
		},
		{
			"closed after a refused registration", onlyA1,
			func(p *program) {
				p.box.Faults().RefuseRegister(1)
				p.box.Faults().CloseOn(rpc.InfoSync.Name, true, 1)
			},
			map[string]int{"connection ended: trying again": 1}, 0,
		},
		{
			"session expired, dropped during the key exchange", func(*ntqq.Keystore) {},
			func(p *program) {
				p.box.ExpireSessions(bot)
				p.box.Faults().CloseOn(rpc.KeyExchange, false, 1)
				p.box.Faults().RefuseKeyExchange(2)
			},
			map[string]int{"session no longer accepted: logging in again": 1, "connection ended: trying again": 2}, 0,
		},
		{
			"no session, dropped at each step of the QR login", nil,
			func(p *program) {
				p.box.Faults().CloseOn(rpc.WtloginTransEmp, false, 2)
				p.box.Faults().CloseOn(rpc.WtloginLogin, true, 1)
			},
			map[string]int{"connection ended: trying again": 2}, 0,
		},
	} {
		beside(t, tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			p, err := newProgram(t.TempDir(), 1)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.end(); err != nil {
					t.Errorf("end: %v", err)
				}
				if t.Failed() {
					t.Logf("log:\n%s", p.log)
				}
			}()
			if tt.saved != nil {
				if err := p.saveSession(ctx, tt.saved); err != nil {
					t.Fatal(err)
				}
			}
			if tt.saved == nil { // the observer connects when the account's number is known
				p.config.Account.UIN = bot
			}
			p.thief.Close()
			// Nobody gets in until the observer is there, so that it misses nothing.
			p.door.shut.Store(math.MaxInt32)
			if err := p.start(); err != nil {
				t.Fatal(err)
			}
			if _, err := p.mobile.await(ctx, "/observe", has(`"lifecycle"`)); err != nil {
				t.Fatalf("the observer is not connected: %v", err)
			}
			if s := p.Status(); s.Services[0].State != supervise.Waiting || s.Services[3].State == supervise.Waiting || s.Services[4].State != supervise.Waiting {
				t.Errorf("before the account is online: %v, want only the observer not waiting", s.Services)
			}
			before := map[string]int{}
			for line := range tt.lines {
				before[line] = len(p.log.lines(line))
			}
			tt.arm(p)
			p.door.shut.Store(tt.shut)

			if err := p.ready(ctx); err != nil {
				t.Fatal(err)
			}
			if err := p.answers(ctx); err != nil {
				t.Fatal(err)
			}
			online, err := p.mobile.await(ctx, "/observe", has(`"bot_online"`))
			if err != nil || len(online) != 1 {
				t.Errorf("%d events bot_online, error %v, want one", len(online), err)
			}
			if s := p.Status(); s.Account.OnlineCount != 1 {
				t.Errorf("online %d times, want once: the faults strike before", s.Account.OnlineCount)
			}
			for line, want := range tt.lines {
				if got := len(p.log.lines(line)) - before[line]; got < want {
					t.Errorf("%d lines %q, want %d", got, line, want)
				}
			}
			unknownPushes(ctx, t, p)
		})
	}
}

func has(text string) func([]byte) bool {
	return func(frame []byte) bool { return bytes.Contains(frame, []byte(text)) }
}

// unknownPushes sends three of each kind that no client knows. They must cost one
// log line each kind, and nothing else.
func unknownPushes(ctx context.Context, t *testing.T, p *program) {
	t.Helper()
	before := p.Status().Account
	kinds := []struct {
		command   string
		kind, sub uint64 // of an event; 0: there is none
		content   []byte
	}{
		{rpc.PushMessage, 732, 16, []byte{0, 0, 0, 1, 0, 0, 2, 13 << 3, 99}}, // header, then service type 99
		{rpc.PushMessage, 732, 99, []byte("?")},
		{rpc.PushMessage, 528, 9999, []byte("?")},
		{rpc.PushMessage, 4711, 0, []byte("?")},
		{rpc.PushMessage, 0, 0, []byte{0xff}}, // not even decodable
		{"trpc.msg.olpush.OlPushService.NobodyKnowsThis", 0, 0, []byte("?")},
	}
	for round := range uint64(3) {
		for _, k := range kinds {
			payload := k.content
			if k.kind != 0 {
				payload = unknownPush(t, k.kind, k.sub, round+1, k.content)
			}
			p.box.Deliver(server.Push{To: bot, Command: k.command, Payload: payload})
		}
	}
	// What comes after them is delivered after them.
	if err := p.answers(ctx); err != nil {
		t.Errorf("after the unknown pushes: %v", err)
	}
	if lines := p.log.lines("push not understood; the session is not affected"); len(lines) != len(kinds) {
		t.Errorf("%d log lines for %d kinds of unknown pushes, want one each: %v", len(lines), len(kinds), lines)
	}
	if now := p.Status(); now.Account.OnlineCount != before.OnlineCount || !now.Ready() {
		t.Errorf("after the unknown pushes: %+v, want the same session online", now)
	}
}

// unknownPush is an event as the server sends them. The sequence tells it from its
// like, which would be dropped as a repetition.
func unknownPush(t *testing.T, kind, sub, sequence uint64, content []byte) []byte {
	t.Helper()
	b, err := pb.Marshal(&messagepb.MsgPush{Message: &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(alice), ToUin: uint64(bot)},
		ContentHead: &messagepb.ContentHead{
			Type: kind, SubType: proto.Uint64(sub),
			Sequence: proto.Uint64(sequence), MsgUid: proto.Uint64(kind<<20 | sub<<8 | sequence),
		},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
