package server

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/sandbox/world"
)

// refusedFor fails when a request is not refused for a reason.
func refusedFor[Req, Resp proto.Message](t *testing.T, c *client, op *rpc.Op[Req, Resp], req Req, reason world.Reason) {
	t.Helper()
	_, err := tryCall(c, op, req)
	if refused, ok := errors.AsType[*rpc.Refused](err); !ok || refused.Code != int64(reason) || refused.Message == "" {
		t.Errorf("%s %v: got %v, want a refusal with code %d", op.Name, req, err, reason)
	}
}

// TestProfileRefusals: what our client never asks for.
func TestProfileRefusals(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	self, _ := h.World().Users().Find(bot)
	other, _ := h.World().Users().Find(alice)
	for _, req := range []*oidbpb.ModifySelfProfileReq{
		{BytesValues: []*oidbpb.BytesProperty{{Key: keyMail, Value: []byte("a@b")}}},
		{BytesValues: []*oidbpb.BytesProperty{{Key: keyPlace, Value: make([]byte, 11)}}},
		{BytesValues: []*oidbpb.BytesProperty{{Key: keyPlace, Value: []byte("a place 1234")}}},
		{BytesValues: []*oidbpb.BytesProperty{{Key: keySign, Value: []byte("new")}, {Key: keyNickname, Value: []byte{}}}},
		{Numbers: []*oidbpb.NumberProperty{{Key: keySex, Value: 3}}},
		{Numbers: []*oidbpb.NumberProperty{{Key: keySex, Value: 1 << 32}}},
		{Numbers: []*oidbpb.NumberProperty{{Key: keyBirthday, Value: 2000<<16 | 13<<8 | 1}}},
		{Numbers: []*oidbpb.NumberProperty{{Key: keyBirthday, Value: 2001<<16 | 2<<8 | 30}}},
		{Numbers: []*oidbpb.NumberProperty{{Key: keyBirthday, Value: 5}}},
		{Numbers: []*oidbpb.NumberProperty{{Key: keyAge, Value: 1}}},
	} {
		refusedFor(t, c, rpc.SetProfile, req, world.BadRequest)
	}
	if now, _ := h.World().Users().Find(bot); now != self {
		t.Errorf("after refusals the account is %+v", now)
	}
	refusedFor(t, c, rpc.ConfirmSwitch, &oidbpb.ConfirmSwitchReq{}, world.BadRequest)
	refusedFor(t, c, rpc.Likes, &oidbpb.ProfileLikeListReq{SelfUid: string(other.UID)}, world.NoPermission)
	refusedFor(t, c, rpc.Likes, &oidbpb.ProfileLikeListReq{SelfUid: "u_nobody"}, world.NotFound)
	refusedFor(t, c, rpc.LikeCount, &oidbpb.ProfileLikeCountReq{Uid: "u_nobody"}, world.NotFound)
	stranger, err := h.World().Users().Add(world.User{})
	if err != nil {
		t.Fatal(err)
	}
	refusedFor(t, c, rpc.ShowInput, &oidbpb.InputStatusReq{Body: &oidbpb.InputStatusBody{ToUid: string(stranger.UID)}}, world.NotFound)
	many := `{"msg_req_basic_info":{"uint64_request_uin":[1` + strings.Repeat(",1", maxAskedUsers) + "]}}"
	if got := call(c, rpc.LoginDays, &oidbpb.WebSsoReq{Data: &many}).GetData(); got != `{"ErrorCode":1}` {
		t.Errorf("login days of too many: %s", got)
	}
	page := call(c, rpc.Likes, &oidbpb.ProfileLikeListReq{SelfUid: string(self.UID), Start: proto.Int64(1 << 40), Count: 1<<32 - 1})
	if page.GetNextStart() != 0 || len(page.GetInfo().GetGiven().GetUsers()) != 0 {
		t.Errorf("beyond the end: %v", page)
	}
}
