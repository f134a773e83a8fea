package server

import (
	"errors"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// life is what members do with the messages of their groups and with their chats, besides
// writing.
type life struct{ world *world.World }

func (h *life) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.AddReaction, h.react(true))
	rpc.Handle(mux, rpc.RemoveReaction, h.react(false))
	rpc.Handle(mux, rpc.ReactionUsers, h.reactionUsers)
	rpc.Handle(mux, rpc.SetEssence, h.setEssence(true))
	rpc.Handle(mux, rpc.RemoveEssence, h.setEssence(false))
}

func (h *life) react(on bool) func(*request, *oidbpb.GroupReactionReq) (*oidbpb.EmptyResp, error) {
	return func(rq *request, req *oidbpb.GroupReactionReq) (*oidbpb.EmptyResp, error) {
		return &oidbpb.EmptyResp{}, h.world.Messages().React(
			message.GroupCode(req.GetGroupCode()), req.GetSequence(), rq.session.uin, req.GetCode(), on)
	}
}

// reactionPage is the most users that one answer has (our value).
const reactionPage = 100

// reactionUsers answers one page. The cookie is how many users came before it.
func (h *life) reactionUsers(rq *request, req *oidbpb.ReactionUsersReq) (*oidbpb.ReactionUsersResp, error) {
	users, err := h.world.Messages().ReactedBy(message.GroupCode(req.GetGroupCode()), req.GetSequence(), rq.session.uin, req.GetCode())
	if err != nil {
		return nil, err
	}
	first := 0
	if cookie := req.GetCookie(); cookie != "" {
		if first, err = strconv.Atoi(cookie); err != nil || first < 0 {
			return nil, world.Refuse(world.BadRequest, "bad cookie")
		}
	}
	first = min(first, len(users))
	last := min(first+int(min(req.GetCount(), reactionPage)), len(users))
	answer := &oidbpb.ReactionUsersResp{Cookie: proto.String(""), IsFirstPage: first == 0, IsLastPage: last == len(users)}
	if !answer.IsLastPage {
		answer.Cookie = proto.String(strconv.Itoa(last))
	}
	for _, uin := range users[first:last] {
		answer.Users = append(answer.Users, &oidbpb.ReactionUser{Uin: uint64(uin)})
	}
	return answer, nil
}

// essenceRefused is the code within the answer when a message cannot be chosen
// (docs/protocol/messages.md 12.5; invented).
const essenceRefused = 11001

func (h *life) setEssence(on bool) func(*request, *oidbpb.EssenceReq) (*oidbpb.EssenceResp, error) {
	return func(rq *request, req *oidbpb.EssenceReq) (*oidbpb.EssenceResp, error) {
		err := h.world.Messages().SetEssence(message.GroupCode(req.GetGroupCode()), req.GetSequence(), req.GetRandom(), rq.session.uin, on)
		refused, ok := errors.AsType[*world.Refusal](err)
		if ok && slices.Contains([]world.Reason{world.NoPermission, world.NotFound}, refused.Reason) {
			return &oidbpb.EssenceResp{Wording: refused.Text, ErrorCode: essenceRefused}, nil
		}
		return &oidbpb.EssenceResp{DigestUin: uint64(rq.session.uin), DigestTime: uint32(h.world.Now().Unix())}, err
	}
}
