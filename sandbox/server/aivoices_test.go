package server

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestAISpeech: a voice is made at the second request, once, and not for who may not speak.
func TestAISpeech(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	flat := call(c, rpc.AIVoicesFlat, &oidbpb.AiCharacterListReq{ChatType: 1}).GetCharacters()
	sorts := call(c, rpc.AIVoices, &oidbpb.AiCharacterListReq{ChatType: 1}).GetGroups()
	if len(flat) != 3 || len(sorts) != 2 || !proto.Equal(flat[0], sorts[0].GetCharacters()[0]) {
		t.Fatalf("got the voices %v and %v", flat, sorts)
	}
	ask := &oidbpb.AiRecordReq{
		GroupCode: uint64(mall), VoiceId: flat[0].GetId(), Text: "hi", ChatType: 1, ClientInfo: &oidbpb.AiRecordClientInfo{MsgRandom: 7},
	}
	answers := []string{}
	for range 3 {
		answer := call(c, rpc.AISpeak, ask)
		answers = append(answers, fmt.Sprint(answer.GetState(), len(answer.GetMsgInfo()) > 0))
	}
	if got := fmt.Sprint(answers); got != "[2 false 1 true 1 true]" {
		t.Errorf("the answers are %s", got)
	}
	said := h.World().History().OfGroup(mall, 1, 9)
	if len(said) != 1 || said[0].Sender.UIN != bot || said[0].Random != 7 {
		t.Fatalf("the group has %v", said)
	}
	if again := call(c, rpc.AISpeak, ask); !bytes.Equal(again.GetMsgInfo(), message.MediumOf(said[0].Content()[0]).Info) {
		t.Error("the answer and the message have different voices")
	}

	// A client that gives no random number gives none for the next text, too.
	ask.ClientInfo, ask.Text = nil, "one"
	call(c, rpc.AISpeak, ask)
	call(c, rpc.AISpeak, ask)
	ask.Text = "two"
	if answer := call(c, rpc.AISpeak, ask); answer.GetState() != speechWaits || len(answer.GetMsgInfo()) > 0 {
		t.Errorf("another text: %v", answer)
	}
	ask.ClientInfo = &oidbpb.AiRecordClientInfo{MsgRandom: 7}

	refused := func(what string, code world.Reason, change func(*oidbpb.AiRecordReq)) {
		t.Helper()
		asked := proto.CloneOf(ask)
		change(asked)
		_, err := tryCall(c, rpc.AISpeak, asked)
		if refused, ok := errors.AsType[*rpc.Refused](err); !ok || refused.Code != int64(code) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("another group", world.NotMember, func(r *oidbpb.AiRecordReq) { r.GroupCode = 9 })
	refused("a voice that sings", world.NotFound, func(r *oidbpb.AiRecordReq) { r.ChatType = 2 })
	refused("nothing to read", world.BadRequest, func(r *oidbpb.AiRecordReq) { r.Text = "" })
	must(t, h.World().Groups().MuteAll(mall, 0, true))
	must(t, h.World().Members().SetAdmin(mall, bot, 0, false))
	ask.ClientInfo.MsgRandom = 8
	call(c, rpc.AISpeak, ask)
	refused("muted", 120, func(*oidbpb.AiRecordReq) {})
	if said := h.World().History().OfGroup(mall, 1, 9); len(said) != 2 {
		t.Errorf("the group has %v", said)
	}
}
