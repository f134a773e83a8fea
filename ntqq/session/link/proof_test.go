package link

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/crypto"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
)

// heardConn is a connection with what was heard on it.
type heardConn struct {
	*Conn
	heard *account
}

// sessionConn is a connection of a client with a session, to nobody, on which a call
// of command waits with firstSequence.
func sessionConn(t testing.TB, command string) (*heardConn, *pendingCall) {
	t.Helper()
	l, heard := newLink(t)
	k, _ := pipeTo(t, l)
	call := &pendingCall{command: command, keys: heard.keys, answer: make(chan *wire.Response, 1)}
	k.pending[firstSequence] = call
	return &heardConn{k, heard}, call
}

// arrives has a packet come in under a key.
func (k *Conn) arrives(t testing.TB, resp wire.Response, key crypto.Key) {
	t.Helper()
	resp.Protocol, resp.UIN = wire.Protocol12, "10001"
	frame, err := wire.AppendResponse(nil, &resp, key)
	if err != nil {
		t.Fatal(err)
	}
	k.frame(frame[4:])
}

func (k *Conn) frame(frame []byte) {
	resp := &wire.Response{}
	if by, err := k.parse(frame, resp); err == nil {
		k.receive(resp, by, frame)
	}
}

// untouched fails when anything followed from what came in.
func untouched(t testing.TB, k *heardConn, call *pendingCall) {
	t.Helper()
	if k.Err() != nil {
		t.Fatalf("the connection ended: %v", k.Err())
	}
	if len(call.answer) > 0 || k.pending[firstSequence] != call {
		t.Fatal("the waiting call was answered, or forgotten")
	}
	if n := len(k.heard.pushed); n > 0 {
		t.Fatalf("%d pushes were taken", n)
	}
	if k.heard.answered > 0 || k.ServerTime() != 0 {
		t.Fatal("the clock was corrected")
	}
}

func TestPacketsWithoutTheKeyCountForNothing(t *testing.T) {
	list, exchange := rpc.GroupList.Name, rpc.KeyExchange
	for _, tt := range []struct {
		name  string
		waits string
		resp  wire.Response
		want  Unproven
	}{
		{"push", list, wire.Response{Sequence: -1, Command: rpc.PushMessage}, Unproven{Push: 1}},
		{"kick", list, wire.Response{Sequence: -1, Command: rpc.PushKick}, Unproven{Kick: 1}},
		{"force offline", list, wire.Response{Sequence: -1, Command: rpc.PushForceOffline}, Unproven{Kick: 1}},
		{"MSF offline", list, wire.Response{Sequence: firstSequence, Command: rpc.PushMSFOffline}, Unproven{Kick: 1}},
		{"answer", list, wire.Response{Sequence: firstSequence, Command: list}, Unproven{Answer: 1}},
		{"refusal", list, wire.Response{Sequence: firstSequence, Command: list, Code: -1}, Unproven{Answer: 1}},
		{"-10001", list, wire.Response{Sequence: firstSequence, Command: list, Code: -10001}, Unproven{SessionCode: 1}},
		{"-10003", list, wire.Response{Sequence: firstSequence, Command: list, Code: -10003}, Unproven{SessionCode: 1}},
		{"-10008", list, wire.Response{Sequence: firstSequence, Command: list, Code: -10008}, Unproven{SessionCode: 1}},
		{"unsequenced -10001", list, wire.Response{Code: -10001}, Unproven{SessionCode: 1}},
		{"answer of another command to a login call", exchange, wire.Response{Sequence: firstSequence, Command: list}, Unproven{Answer: 1}},
		{"login answer of another command", exchange, wire.Response{Sequence: firstSequence, Command: rpc.NTLoginEasyLogin}, Unproven{Answer: 1}},
		{"login answer nobody waits for", exchange, wire.Response{Sequence: firstSequence + 1, Command: exchange}, Unproven{Late: 1}},
		{"heartbeat nobody waits for", list, wire.Response{Sequence: firstSequence + 1, Command: rpc.HeartbeatAlive}, Unproven{Late: 1}},
	} {
		for _, flag := range []wire.Flag{wire.FlagNone, wire.FlagEmpty} {
			t.Run(tt.name+"/flag "+string('0'+rune(flag)), func(t *testing.T) {
				k, call := sessionConn(t, tt.waits)
				tt.resp.Flag, tt.resp.ServerTime = flag, 2_400_000_000
				k.arrives(t, tt.resp, crypto.Key{})
				untouched(t, k, call)
				if got := k.l.Unproven(); got != tt.want {
					t.Errorf("counted %+v, want %+v", got, tt.want)
				}
			})
		}
	}
}

// A login call is answered in its own form only; a heartbeat by anything with its name.
func TestAnswersInTheExpectedForm(t *testing.T) {
	for _, tt := range []struct {
		command string
		flag    wire.Flag
		key     crypto.Key
		want    bool
	}{
		{rpc.KeyExchange, wire.FlagEmpty, crypto.Key{}, true},
		{rpc.KeyExchange, wire.FlagNone, crypto.Key{}, false},
		{rpc.KeyExchange, wire.FlagD2, proofKey, false},
		{rpc.WtloginTransEmp, wire.FlagEmpty, crypto.Key{}, true},
		{rpc.WtloginTransEmp, wire.FlagNone, crypto.Key{}, false},
		{rpc.GroupList.Name, wire.FlagD2, proofKey, true},
		{rpc.GroupList.Name, wire.FlagD2, crypto.Key{}, false},
		{rpc.HeartbeatAlive, wire.FlagNone, crypto.Key{}, true},
	} {
		k, call := sessionConn(t, tt.command)
		k.arrives(t, wire.Response{Sequence: firstSequence, Command: tt.command, Flag: tt.flag}, tt.key)
		if got := len(call.answer) == 1; got != tt.want {
			t.Errorf("%s under flag %d is an answer: %v, want %v", tt.command, tt.flag, got, tt.want)
		}
	}
}

// Before there is a session the zero key opens what flag 1 names.
func TestNoSessionNoPushes(t *testing.T) {
	k, call := sessionConn(t, rpc.KeyExchange)
	k.heard.keys = &identity.Keystore{UIN: 10001, Device: k.heard.keys.Device}
	k.arrives(t, wire.Response{Sequence: -1, Command: rpc.PushKick, Flag: wire.FlagD2}, crypto.Key{})
	k.arrives(t, wire.Response{Sequence: -1, Command: rpc.PushKick}, crypto.Key{})
	k.arrives(t, wire.Response{Code: -10001}, crypto.Key{})
	untouched(t, k, call)
	if k.doubted.Load() {
		t.Error("a session that is not there is doubted")
	}
}

// The replaced key counts for a minute, and what it says of the replaced tickets does
// not end the session.
func TestReplacedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, call := sessionConn(t, rpc.GroupList.Name)
		old := crypto.Key([]byte("the old key here"))
		k.old.Store(&oldKey{old, time.Now().Add(oldKeyLife)})
		k.arrives(t, wire.Response{Sequence: -1, Command: rpc.PushMessage, Flag: wire.FlagD2}, old)
		if len(k.heard.pushed) != 1 {
			t.Fatal("a push under the replaced key was not taken")
		}
		k.heard.pushed = nil
		k.arrives(t, wire.Response{Code: -10001, Flag: wire.FlagD2}, old)
		time.Sleep(oldKeyLife + time.Second) // virtual
		k.arrives(t, wire.Response{Sequence: -1, Command: rpc.PushMessage, Flag: wire.FlagD2}, old)
		untouched(t, k, call)
	})
}

// A packet under the key of the session that says that it is over ends it.
func TestProvenSessionCode(t *testing.T) {
	k, _ := sessionConn(t, rpc.GroupList.Name)
	k.arrives(t, wire.Response{Code: -10001, Flag: wire.FlagD2}, proofKey)
	if k.Err() == nil || !errors.Is(k.Err(), ErrSessionExpired) {
		t.Errorf("ended with %v, want an expired session", k.Err())
	}
}

// What is handed over for diagnosis is bounded, whoever floods.
func TestUnprovenPacketsAreKeptRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := sessionConn(t, rpc.GroupList.Name)
		for range 5 * 60 { // five hours, each minute all kinds
			k.arrives(t, wire.Response{Sequence: -1, Command: rpc.PushMessage, Body: make([]byte, 10_000)}, crypto.Key{})
			k.arrives(t, wire.Response{Sequence: -1, Command: rpc.PushKick}, crypto.Key{})
			k.arrives(t, wire.Response{Sequence: 7, Command: "anything", Code: 5}, crypto.Key{})
			k.arrives(t, wire.Response{Code: -10001}, crypto.Key{})
			time.Sleep(time.Minute) // virtual
		}
		kept := k.heard.frames
		if len(kept) != 5*4 {
			t.Errorf("%d packets handed over in five hours, want one of each kind an hour", len(kept))
		}
		if f := kept[0]; f.Err != nil || f.Name != "push" || f.Size < 10_000 || len(f.Data) != unprovenBeginning {
			t.Errorf("handed over %v %s, %d of %d bytes", f.Err, f.Name, len(f.Data), f.Size)
		}
	})
}

// FuzzForgedFrame: nothing follows from a frame that was made without the key,
// whatever stands in it.
func FuzzForgedFrame(f *testing.F) {
	for _, flag := range []wire.Flag{wire.FlagNone, wire.FlagEmpty, wire.FlagD2} {
		for _, command := range []string{rpc.PushMessage, rpc.PushKick, rpc.GroupList.Name, rpc.HeartbeatAlive, rpc.KeyExchange, ""} {
			for _, sequence := range []int32{-1, 0, firstSequence} {
				for _, code := range []int32{0, -1, -10001} {
					frame, err := wire.AppendResponse(nil, &wire.Response{
						Protocol: wire.Protocol12, Flag: flag, UIN: "10001", Sequence: sequence, Code: code, Command: command,
						ServerTime: 2_400_000_000, Body: []byte("forged"),
					}, crypto.Key{})
					if err != nil {
						f.Fatal(err)
					}
					f.Add(frame[4:])
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		k, call := sessionConn(t, rpc.GroupList.Name)
		k.frame(bytes.Clone(frame))
		untouched(t, k, call)
	})
}

func BenchmarkReceivePush(b *testing.B) {
	k, _ := sessionConn(b, rpc.GroupList.Name)
	frame, err := wire.AppendResponse(nil, &wire.Response{
		Protocol: wire.Protocol12, Flag: wire.FlagD2, UIN: "10001", Sequence: -1, Command: rpc.PushMessage, Body: make([]byte, 300),
	}, proofKey)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		k.frame(bytes.Clone(frame[4:])) // it is decrypted in place
	}
}
