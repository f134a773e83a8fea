package server

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
)

func TestMessages(t *testing.T) {
	h := start(t, Options{})
	b := h.dial().login(bot).register()
	a := h.dial().login(alice).register()

	// Response first, then the echo; both have the sequence.
	sent := call(b, rpc.SendMessage, groupText(mall, "hello", 42))
	if sent.Result == nil || sent.GetResult() != 0 || sent.GetGroupSequence() != 1 || sent.PrivateSequence != nil || sent.GetSendTime() == 0 {
		t.Errorf("group: got %v", sent)
	}
	if len(b.pushes) != 0 {
		t.Error("a push came before the answer")
	}
	for name, c := range map[string]*client{"sender": b, "member": a} {
		p := c.push()
		m := pushed(t, p)
		if p.Sequence >= 0 || p.Flag != wire.FlagD2 || p.Protocol != wire.Protocol12 || p.UIN != uinText(c.uin) ||
			m.GetContentHead().GetSequence() != 1 || m.GetContentHead().GetRandom() != 42 {
			t.Errorf("%s: got %+v %v", name, p, m)
		}
	}
	// Private: the other side gets it, the sending client does not.
	self, _ := h.World().Users().Find(bot)
	other, _ := h.World().Users().Find(alice)
	private := call(b, rpc.SendMessage, &messagepb.PbSendMsgReq{
		RoutingHead: &messagepb.SendRouting{C2C: &messagepb.SendC2C{PeerUid: proto.String(string(other.UID))}},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("psst")}},
		Random:      proto.Uint32(43), ClientSequence: proto.Uint64(12345),
	})
	sequence := private.GetPrivateSequence()
	if private.GetResult() != 0 || sequence == 0 || private.GroupSequence != nil || private.GetField12() != private.GetSendTime() {
		t.Errorf("private: got %v", private)
	}
	if m := pushed(t, a.push()); m.GetContentHead().GetNtMsgSeq() != sequence || m.GetContentHead().GetSequence() != 12345 {
		t.Errorf("private push: got %v", m)
	}
	// Temporary, in the form by numbers; Carol is a member of the same group.
	temp := call(b, rpc.SendMessage, &messagepb.PbSendMsgReq{
		RoutingHead: &messagepb.SendRouting{GroupTemp: &messagepb.SendGroupTemp{
			GroupUin: proto.Uint64(uint64(mall)), ToUin: proto.Uint64(uint64(carol)),
		}},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("hi")}}, Random: proto.Uint32(44),
	})
	if temp.GetResult() != 0 || temp.GetPrivateSequence() == 0 {
		t.Errorf("temp: got %v", temp)
	}
	for name, routing := range map[string]*messagepb.SendRouting{
		"nobody":       {},
		"no group":     {Group: &messagepb.SendGroup{}},
		"unknown":      {C2C: &messagepb.SendC2C{PeerUid: proto.String("u_nobody")}},
		"not a member": {Group: &messagepb.SendGroup{GroupCode: proto.Uint64(1)}},
	} {
		got := call(b, rpc.SendMessage, &messagepb.PbSendMsgReq{
			RoutingHead: routing, Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("x")}},
		})
		if got.GetResult() == 0 || got.GetErrMsg() == "" || got.GetSendTime() == 0 || got.GroupSequence != nil || got.PrivateSequence != nil {
			t.Errorf("%s: got %v, want a refusal", name, got)
		}
	}

	// Histories.
	if got := call(a, rpc.GroupHistory, groupRange(mall, 1, 1<<40)); len(got.GetBody().GetMessages()) != 1 || got.GetRetCode() != 0 {
		t.Errorf("group history: got %v", got)
	}
	if got := call(a, rpc.GroupHistory, groupRange(1, 0, 2)); got.GetRetCode() == 0 || got.GetErrMsg() != "not a member" ||
		got.GetBody().GetGroupCode() != 1 || got.GetBody().StartSequence == nil || got.GetBody().GetEndSequence() != 2 {
		t.Errorf("group history of a stranger: got %v", got)
	}
	if got := call(a, rpc.FriendHistory, &messagepb.GetC2CMsgReq{PeerUid: proto.String(string(self.UID)), StartSequence: sequence, EndSequence: sequence}); len(got.GetMessages()) != 1 {
		t.Errorf("friend history: got %v", got)
	}
	if got := call(a, rpc.RoamHistory, &messagepb.GetRoamMsgReq{PeerUid: proto.String(string(self.UID)), Time: 0xFFFFFFFA, Count: 30, Direction: 1}); len(got.GetMessages()) != 1 || !got.GetIsComplete() || got.GetRandom() != 43 {
		t.Errorf("roaming history: got %v", got)
	}
	if got := call(a, rpc.PeerSequence, &messagepb.GetPeerSeqReq{PeerUid: string(self.UID)}); got.GetSequence1() != sequence || got.GetLatestMsgTime() == 0 {
		t.Errorf("peer sequence: got %v", got)
	}
	if got := call(a, rpc.PeerSequence, &messagepb.GetPeerSeqReq{PeerUid: "u_nobody"}); got.GetRetMsg() == "" || got.GetSequence1() != 0 {
		t.Errorf("peer sequence of nobody: got %v", got)
	}
	if got := call(b, rpc.ReadReport, &messagepb.ReadReportReq{Group: &messagepb.ReadReportGroup{GroupCode: uint64(mall), Sequence: 1}}); got.RetCode == nil || got.RetMsg == nil {
		t.Errorf("read report: got %v, want both fields written", got)
	}

	// Recalls: the answer comes before the push.
	own := mustMarshal(t, &messagepb.GroupRecallReq{GroupCode: uint64(mall), Info: &messagepb.GroupRecallInfo{Sequence: 1}})
	if got := b.must(rpc.RecallGroup.Name, wire.FlagD2, own); string(got) != "\x08\x00\x12\x07Success" || len(b.pushes) != 0 {
		t.Errorf("group recall: got %x, %d pushes before it", got, len(b.pushes))
	}
	if got := pushed(t, a.push()).GetContentHead(); got.GetType() != 732 || got.GetSubType() != 17 {
		t.Errorf("group recall push: got %v", got)
	}
	if got := call(b, rpc.RecallGroup, &messagepb.GroupRecallReq{GroupCode: uint64(mall), Info: &messagepb.GroupRecallInfo{Sequence: 99}}); got.GetResult() == 0 || got.GetErrMsg() == "" {
		t.Errorf("recall of nothing: got %v", got)
	}
	recall := &messagepb.C2CRecallReq{TargetUid: string(other.UID), Info: &messagepb.C2CRecallInfo{ClientSequence: 12345, Random: 43, NtMsgSeq: sequence}}
	if got := call(b, rpc.RecallFriend, recall); got.Result == nil || got.GetResult() != 0 || got.GetErrMsg() != "Success" {
		t.Errorf("friend recall: got %v", got)
	}
	if got := pushed(t, a.push()).GetContentHead(); got.GetType() != 528 || got.GetSubType() != 138 {
		t.Errorf("friend recall push: got %v", got)
	}
	recall.TargetUid = "u_nobody"
	if got := call(b, rpc.RecallFriend, recall); got.Result == nil || got.GetResult() != 0 {
		t.Errorf("recall to nobody: got %v, want success", got)
	}
}

func groupText(code message.GroupCode, text string, random uint32) *messagepb.PbSendMsgReq {
	return &messagepb.PbSendMsgReq{
		RoutingHead: &messagepb.SendRouting{Group: &messagepb.SendGroup{GroupCode: proto.Uint64(uint64(code))}},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems(text)}},
		Random:      proto.Uint32(random),
	}
}

func pushed(t *testing.T, p *wire.Response) *messagepb.CommonMessage {
	t.Helper()
	m := &messagepb.MsgPush{}
	if err := pb.Unmarshal(p.Body, m); p.Command != rpc.PushMessage || err != nil {
		t.Fatalf("push: got %s, %v", p.Command, err)
	}
	return m.GetMessage()
}
