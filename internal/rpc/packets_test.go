package rpc

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
)

func TestPlainName(t *testing.T) {
	for name, want := range map[string]string{
		"OidbSvcTrpcTcp.0xFD4_1": "OidbSvcTrpcTcp.0xfd4_1", "OidbSvcTrpcTcp.0xfd4_1": "OidbSvcTrpcTcp.0xfd4_1",
		"MessageSvc.PbSendMsg": "MessageSvc.PbSendMsg", "": "",
	} {
		if got := PlainName(name); got != want {
			t.Errorf("of %q: %q, want %q", name, got, want)
		}
	}
}

// Every command of a login and of staying online is the session's own; what people do is not.
func TestOfSession(t *testing.T) {
	own := []string{
		HeartbeatAlive, CorrectTime, WtloginTransEmp, WtloginLogin, KeyExchange, NTLoginEasyLogin, NTLoginEasyLoginUnusual,
		NTLoginPasswordLogin, NTLoginPasswordNewDevice, InfoSync.Name, Register.Name, UnRegister.Name, Heartbeat.Name,
		PushMSFOffline, "WTLOGIN.login", "StatSvc.register",
	}
	for _, command := range own {
		if !OfSession(command) {
			t.Errorf("%s is not the session's", command)
		}
	}
	for _, op := range All() {
		if OfSession(op.Name) != strings.HasPrefix(op.Ref, "login.md 9") {
			t.Errorf("%s (%s): the session's own %t", op.Name, op.Ref, OfSession(op.Name))
		}
	}
}

// answerWithTickets is the answer of an operation, and beside it what the real service says
// of the request.
func answerWithTickets(t testing.TB) (with, without []byte) {
	t.Helper()
	head, err := pb.Marshal(&oidbpb.OidbEnvelope{Command: 0xfe1, SubCommand: proto.Uint32(2), Result: proto.Uint32(0)})
	if err != nil {
		t.Fatal(err)
	}
	tail, err := pb.Marshal(&oidbpb.OidbEnvelope{Body: []byte("body"), Message: proto.String("")})
	if err != nil {
		t.Fatal(err)
	}
	properties := protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), []byte("trpc-sso: the tickets"))
	return bytes.Join([][]byte{head, properties, tail, properties}, nil), append(head, tail...)
}

func TestWithoutTickets(t *testing.T) {
	with, without := answerWithTickets(t)
	if got := WithoutTickets("OidbSvcTrpcTcp.0xFE1_2", bytes.Clone(with)); !bytes.Equal(got, without) {
		t.Errorf("got %x, want %x", got, without)
	}
	if got := WithoutTickets("MessageSvc.PbSendMsg", bytes.Clone(with)); !bytes.Equal(got, with) {
		t.Errorf("no envelope: got %x, want %x", got, with)
	}
	if got := WithoutTickets("OidbSvcTrpcTcp.0xfe1_2", append(bytes.Clone(without), 0x5a)); !bytes.Equal(got, without) {
		t.Errorf("with a broken end: got %x, want %x", got, without)
	}
}

// FuzzWithoutTickets: whatever comes, no field of the envelope that is left has tickets.
func FuzzWithoutTickets(f *testing.F) {
	with, without := answerWithTickets(f)
	f.Add(with)
	f.Add(without)
	f.Add([]byte{0x5b, 0x5c})
	f.Fuzz(func(t *testing.T, payload []byte) {
		given := bytes.Clone(payload)
		got := WithoutTickets("OidbSvcTrpcTcp.0xfe1_2", given)
		for rest := got; len(rest) > 0; {
			number, _, n := protowire.ConsumeField(rest)
			if n < 0 || number == fieldProperties {
				t.Fatalf("of %x it leaves %x", payload, got)
			}
			rest = rest[n:]
		}
	})
}
