package rpc

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/systempb"
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
			return nil, &Refused{Code: 3, Message: "not a member \xff"}
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
	var refused *Refused
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

// A refusal inside an answer is the same error as one in the envelope, and keeps what
// else the handler answered.
func TestVerdicts(t *testing.T) {
	m := &Mux[string]{}
	refusal := fmt.Errorf("checked: %w", &Refused{Code: 7, Message: "no"})
	Handle(m, RecallGroup, func(string, *messagepb.GroupRecallReq) (*messagepb.GroupRecallResp, error) {
		return nil, refusal
	})
	Handle(m, GroupHistory, func(_ string, req *messagepb.GetGroupMsgReq) (*messagepb.GetGroupMsgResp, error) {
		resp := &messagepb.GetGroupMsgResp{Body: &messagepb.GetGroupMsgBody{GroupCode: 5}}
		if req.GetFilter() == 0 {
			return resp, refusal
		}
		resp.Body.RetCode, resp.Body.ErrMsg = proto.Uint32(7), proto.String("no")
		return resp, nil
	})
	Handle(m, InfoSync, func(string, *systempb.SsoInfoSyncRequest) (*systempb.SsoInfoSyncResponse, error) {
		return nil, refusal
	})
	Handle(m, Heartbeat, func(string, *systempb.SsoHeartBeatRequest) (*systempb.SsoHeartBeatResponse, error) {
		return nil, refusal
	})
	l := loop{m}
	check := func(name string, code int64, err error) {
		t.Helper()
		var refused *Refused
		if !errors.As(err, &refused) || refused.Code != code || refused.Message != "no" || refused.Command == "" {
			t.Errorf("%s: got %v, want a refusal with code %d", name, err, code)
		}
	}
	_, err := Call(t.Context(), l, RecallGroup, &messagepb.GroupRecallReq{})
	check("result", 7, err)
	for _, filter := range []uint32{0, 1} {
		resp, err := Call(t.Context(), l, GroupHistory, &messagepb.GetGroupMsgReq{Filter: filter})
		check("either of two results", 7, err)
		if resp.GetBody().GetGroupCode() != 5 {
			t.Errorf("the answer is %v, want what the handler put into it", resp)
		}
	}
	_, err = Call(t.Context(), l, InfoSync, &systempb.SsoInfoSyncRequest{})
	check("text alone", 1, err)
	if _, err := Call(t.Context(), l, Heartbeat, &systempb.SsoHeartBeatRequest{}); !errors.Is(err, refusal) {
		t.Errorf("got %v, want the handler's error where an answer has no result", err)
	}
}

// An OIDB operation with its result inside refuses in the envelope, where all clients look,
// and reads a refusal in either place.
func TestOIDBVerdict(t *testing.T) {
	m := &Mux[string]{}
	Handle(m, UploadGroupImage, func(_ string, req *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
		if req.Upload == nil {
			return nil, &Refused{Code: 7, Message: "no"}
		}
		return &mediapb.RichMediaResp{Head: &mediapb.RichMediaRespHead{RetCode: proto.Uint32(7), Message: proto.String("no")}}, nil
	})
	for _, req := range []*mediapb.RichMediaReq{{}, {Upload: &mediapb.UploadReq{}}} {
		payload, err := UploadGroupImage.EncodeRequest(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := m.Serve("caller", UploadGroupImage.Name, payload)
		if err != nil {
			t.Fatal(err)
		}
		var env oidbpb.OidbEnvelope
		if err := pb.Unmarshal(answer, &env); err != nil || (env.GetResult() == 7) != (req.Upload == nil) {
			t.Errorf("the envelope is %v, %v", &env, err)
		}
		var refused *Refused
		if _, err = UploadGroupImage.DecodeResponse(answer); !errors.As(err, &refused) || refused.Code != 7 || refused.Message != "no" {
			t.Errorf("got %v, want a refusal with the code 7", err)
		}
	}
}

func TestAll(t *testing.T) {
	signed := map[string]Signing{}
	for _, op := range All() {
		if s, ok := signed[op.Name]; ok && s != op.Signed {
			t.Errorf("%s is signed in one form only", op.Name)
		}
		signed[op.Name] = op.Signed
		if op.NewRequest() == op.NewRequest() || op.NewResponse() == op.NewResponse() {
			t.Errorf("%s: messages are not made anew", op.Name)
		}
		if op.Verdict == nil {
			continue
		}
		answer := op.NewResponse()
		if code, _ := op.Verdict(answer); code != 0 && op.Name != Register.Name && op.Name != InfoSync.Name && op.Name != UnRegister.Name {
			t.Errorf("%s: an empty answer has the result %d", op.Name, code)
		}
	}
	for _, names := range signedOthers() {
		for _, name := range names {
			if _, ok := signed[name]; ok {
				t.Errorf("%s is an operation: take it out of signed_by_*.txt", name)
			}
		}
	}
	short, long := SignedCommands(false), SignedCommands(true)
	if len(short) != 38 || len(long) != 217 || !short[SendMessage.Name] || !long[FriendList.Name] || short[FriendList.Name] {
		t.Errorf("%d and %d commands are signed, want the 38 and 217 of docs/protocol/login.md 12: an operation that left signed_by_most.txt is SignedByMost, one that left signed_by_newer.txt SignedByNewer", len(short), len(long))
	}
}

// An operation on a group's files refuses inside its answer, in words for people and in a
// technical text; a client reads either, and an envelope, too.
// What the verdicts name are fields of the answers. It is not looked up at the start of the
// program, which would read the descriptors of nearly all messages.
func TestVerdictFields(t *testing.T) {
	t.Parallel()
	for _, op := range All() {
		for _, v := range op.verdicts {
			answer := op.NewResponse()
			v.write(answer, 1, "no", "detail") // panics where there is no such field
			if code, text := v.read(answer); code == 0 || v.text != "" && text != "no" {
				t.Errorf("%s: got code %d and text %q from a refusal", op.Name, code, text)
			}
		}
	}
}

func TestRefusalInPart(t *testing.T) {
	m := &Mux[string]{}
	Handle(m, DeleteGroupFile, func(_ string, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
		switch req.GetDelete().GetGroupCode() {
		case 1:
			return nil, &worded{Refused{Code: -36, Message: "no permission"}}
		case 2:
			return nil, &Refused{Code: -36, Message: "no permission"}
		case 3:
			return nil, errors.New("broken")
		case 4:
			return &oidbpb.GroupFileResp{Delete: &oidbpb.GroupFileOpResp{RetCode: -7, RetMsg: "technical"}}, nil
		}
		return &oidbpb.GroupFileResp{Delete: &oidbpb.GroupFileOpResp{}}, nil
	})
	for group, want := range map[uint64]Refused{
		0: {}, 1: {Code: -36, Message: "没有权限"}, 2: {Code: -36, Message: "no permission"},
		3: {Code: 1, Message: "broken"}, 4: {Code: -7, Message: "technical"},
	} {
		payload, err := DeleteGroupFile.EncodeRequest(&oidbpb.GroupFileReq{Delete: &oidbpb.GroupFileDeleteReq{GroupCode: group}})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := m.Serve("caller", DeleteGroupFile.Name, payload)
		if err != nil {
			t.Fatal(err)
		}
		var env oidbpb.OidbEnvelope
		if err := pb.Unmarshal(answer, &env); err != nil || (env.GetResult() != 0) != (group == 3) {
			t.Errorf("%d: the envelope is %v, %v", group, &env, err)
		}
		resp, err := DeleteGroupFile.DecodeResponse(answer)
		got, _ := errors.AsType[*Refused](err)
		switch {
		case want.Code == 0 && err != nil:
			t.Errorf("%d: got %v, want no error", group, err)
		case want.Code != 0 && (got == nil || got.Code != want.Code || got.Message != want.Message):
			t.Errorf("%d: got %v, want %v", group, err, &want)
		case group == 1 && resp.GetDelete().GetRetMsg() != "no permission":
			t.Errorf("the technical text is %q", resp.GetDelete().GetRetMsg())
		}
	}
}

type worded struct{ Refused }

func (*worded) Wording() string { return "没有权限" }

// TestPictureTextVerdict: words for people are a refusal, with a code or without.
func TestPictureTextVerdict(t *testing.T) {
	for want, resp := range map[string]*oidbpb.OcrResp{
		"code 7: technical": {RetCode: 7, ErrorMsg: "technical"},
		"code 7: words":     {RetCode: 7, ErrorMsg: "technical", Wording: "words"},
		"code 1: busy":      {Wording: "busy", Body: &oidbpb.OcrRespBody{}},
		"code 0: ":          {Body: &oidbpb.OcrRespBody{}},
	} {
		code, text := ReadPicture.Verdict(resp)
		if got := fmt.Sprintf("code %d: %s", code, text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
