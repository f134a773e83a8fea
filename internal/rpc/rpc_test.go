package rpc

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
)

// loop carries calls to a mux, as a connection would.
type loop struct{ m *Mux[string] }

func (l loop) Call(_ context.Context, command string, payload []byte) ([]byte, error) {
	return l.m.Serve("caller", command, payload)
}

func testMux(t *testing.T) *Mux[string] {
	t.Helper()
	m := &Mux[string]{}
	Handle(m, GroupMember, func(s string, req *oidbpb.GroupMemberReq) (*oidbpb.GroupMemberResp, error) {
		if s != "caller" {
			t.Errorf("handler got caller %q", s)
		}
		switch req.GetGroupCode() {
		case 1:
			return &oidbpb.GroupMemberResp{GroupCode: 1}, nil
		case 2:
			return nil, &OIDBError{Code: 3, Message: "not a member \xff"}
		}
		return nil, errors.New("something else")
	})
	Handle(m, RecallGroup, func(_ string, req *messagepb.GroupRecallReq) (*messagepb.GroupRecallResp, error) {
		if req.GetGroupCode() == 0 {
			return nil, errors.New("no group")
		}
		return &messagepb.GroupRecallResp{Result: proto.Uint32(0)}, nil
	})
	return m
}

func TestCallThroughMux(t *testing.T) {
	l := loop{testMux(t)}
	resp, err := Call(t.Context(), l, GroupMember, &oidbpb.GroupMemberReq{GroupCode: 1})
	if err != nil || resp.GetGroupCode() != 1 {
		t.Errorf("got %v, %v", resp, err)
	}
	var refused *OIDBError
	_, err = Call(t.Context(), l, GroupMember, &oidbpb.GroupMemberReq{GroupCode: 2})
	if !errors.As(err, &refused) || refused.Code != 3 || refused.Message != "not a member \uFFFD" || refused.Command != GroupMember.Name {
		t.Errorf("got %v, want the handler's refusal", err)
	}
	_, err = Call(t.Context(), l, GroupMember, &oidbpb.GroupMemberReq{})
	if !errors.As(err, &refused) || refused.Code != 1 {
		t.Errorf("got %v, want a refusal: an OIDB request is always answered", err)
	}
	if _, err = Call(t.Context(), l, RecallGroup, &messagepb.GroupRecallReq{GroupCode: 1}); err != nil {
		t.Error(err)
	}
	if _, err = Call(t.Context(), l, RecallGroup, &messagepb.GroupRecallReq{}); err == nil {
		t.Error("the plain handler's error was lost")
	}
	if _, err = Call(t.Context(), l, ReadReport, &messagepb.ReadReportReq{}); !errors.Is(err, ErrUnknownCommand) {
		t.Errorf("got %v, want ErrUnknownCommand", err)
	}
}

// Clients name operations differently; the numbers in the envelope decide.
func TestServeRoutesByNumbers(t *testing.T) {
	payload, err := GroupMember.EncodeRequest(&oidbpb.GroupMemberReq{GroupCode: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{GroupMember.Name, "OidbSvcTrpcTcp.0xFE7_4", "OidbSvcTrpcTcp.0xfe7_1", "OidbSvcTrpcTcp.\xff"} {
		answer, err := testMux(t).Serve("caller", name, payload)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := GroupMember.DecodeResponse(answer); err != nil || resp.GetGroupCode() != 1 {
			t.Errorf("%q: got %v, %v", name, resp, err)
		}
	}
}

func TestAnswerHasAllEnvelopeFields(t *testing.T) {
	b, err := GroupMember.EncodeResponse(&oidbpb.GroupMemberResp{})
	if err != nil {
		t.Fatal(err)
	}
	var env oidbpb.OidbEnvelope
	if err := pb.Unmarshal(b, &env); err != nil {
		t.Fatal(err)
	}
	if env.SubCommand == nil || env.Result == nil || env.Body == nil || env.Message == nil {
		t.Errorf("%v: fields missing that some clients cannot do without", &env)
	}
}

func FuzzServe(f *testing.F) {
	good, err := GroupMember.EncodeRequest(&oidbpb.GroupMemberReq{GroupCode: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(GroupMember.Name, good)
	f.Add("OidbSvcTrpcTcp.0xffffffffff_1\xff", []byte{0xff})
	f.Add(RecallGroup.Name, []byte{0x10, 0x01})
	f.Fuzz(func(t *testing.T, command string, payload []byte) {
		m := &Mux[string]{}
		Handle(m, GroupMember, func(string, *oidbpb.GroupMemberReq) (*oidbpb.GroupMemberResp, error) {
			return &oidbpb.GroupMemberResp{}, nil
		})
		Handle(m, RecallGroup, func(string, *messagepb.GroupRecallReq) (*messagepb.GroupRecallResp, error) {
			return &messagepb.GroupRecallResp{}, nil
		})
		answer, err := m.Serve("", command, payload)
		if err == nil {
			_, _ = GroupMember.DecodeResponse(answer)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{0x0a, 0x02, 0x08, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = pb.Unmarshal(b, &messagepb.MsgPush{})
	})
}
