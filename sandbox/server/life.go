package server

import (
	"errors"
	"fmt"
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
	rpc.Handle(mux, rpc.SetTodo, h.todo(world.TodoSet))
	rpc.Handle(mux, rpc.FinishTodo, h.todo(world.TodoFinish))
	rpc.Handle(mux, rpc.CancelTodo, h.todo(world.TodoCancel))
	rpc.Handle(mux, rpc.GetTodo, h.getTodo)
	rpc.Handle(mux, rpc.ClockIn, h.clockIn)
	rpc.Handle(mux, rpc.JoinEmojiChain, h.joinChain)
	rpc.Handle(mux, rpc.PinnedChats, h.pinned)
	rpc.Handle(mux, rpc.PinFriend, h.pin)
	rpc.Handle(mux, rpc.PinGroup, h.pin)
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

func (h *life) todo(step world.TodoStep) func(*request, *oidbpb.GroupTodoReq) (*oidbpb.GroupTodoResp, error) {
	return func(rq *request, req *oidbpb.GroupTodoReq) (*oidbpb.GroupTodoResp, error) {
		code := message.GroupCode(req.GetGroupCode())
		if err := h.world.Groups().Todo(code, req.GetSequence(), rq.session.uin, step); err != nil {
			return nil, err
		}
		todo, err := h.world.Groups().TodoOf(code, rq.session.uin)
		return &oidbpb.GroupTodoResp{Info: todoInfo(code, todo)}, err
	}
}

func (h *life) getTodo(rq *request, req *oidbpb.GetGroupTodoReq) (*oidbpb.GetGroupTodoResp, error) {
	code := message.GroupCode(req.GetGroupCode())
	todo, err := h.world.Groups().TodoOf(code, rq.session.uin)
	return &oidbpb.GetGroupTodoResp{Info: todoInfo(code, todo)}, err
}

// todoInfo is nil where there is no to-do.
func todoInfo(code message.GroupCode, t *world.Todo) *oidbpb.GroupTodoInfo {
	if t == nil {
		return nil
	}
	return &oidbpb.GroupTodoInfo{
		GroupCode: uint64(code), Sequence: t.Sequence, Random: t.Random, Uin: uint64(t.By.UIN), Nickname: t.By.Nickname,
		Title: t.Title, CreateTime: uint32(t.Time),
	}
}

// clockIn answers in words of ours.
func (h *life) clockIn(rq *request, req *oidbpb.ClockInReq) (*oidbpb.ClockInResp, error) {
	code, err := strconv.ParseUint(req.GetWrite().GetGroupCode(), 10, 64)
	if err != nil {
		return nil, world.Refuse(world.BadRequest, "bad group code")
	}
	signed, err := h.world.Members().SignIn(message.GroupCode(code), rq.session.uin)
	if err != nil {
		return nil, err
	}
	return &oidbpb.ClockInResp{Result: &oidbpb.ClockInResult{
		Ret: &oidbpb.ClockInRet{},
		Done: &oidbpb.ClockInDone{
			Title: "今日已成功打卡", KeepDayText: fmt.Sprintf("已连续打卡%d天", signed.Days),
			Lines:     []string{fmt.Sprintf("今日第%d个打卡", signed.Rank), strconv.FormatInt(signed.Time, 10)},
			DetailUrl: "https://clock-in.sandbox.invalid/",
		},
	}}, nil
}

func (h *life) pinned(rq *request, _ *oidbpb.EmptyResp) (*oidbpb.PinListResp, error) {
	answer := &oidbpb.PinListResp{}
	friends, groups := h.world.Chats().Pinned(rq.session.uin)
	for _, f := range friends {
		answer.Friends = append(answer.Friends, &oidbpb.PinnedFriend{Uid: string(f.UID)})
	}
	for _, code := range groups {
		answer.Groups = append(answer.Groups, &oidbpb.PinnedGroup{GroupCode: uint64(code)})
	}
	return answer, nil
}

// pin pins chats, or takes pins back, where the value of the setting is empty.
func (h *life) pin(rq *request, req *oidbpb.SnsUpdateReq) (*oidbpb.SnsUpdateResp, error) {
	for _, chat := range req.GetBuffers() {
		for _, item := range chat.GetItems() {
			var err error
			on := len(item.GetValue()) > 0
			switch item.GetSnsType() {
			case pinGroup:
				err = h.world.Chats().PinGroup(rq.session.uin, message.GroupCode(chat.GetGroupCode()), on)
			case pinFriend:
				friend, known := h.world.Users().FindByUID(message.UID(chat.GetUid()))
				if !known {
					return nil, world.Refuse(world.NotFound, "no such user")
				}
				err = h.world.Chats().PinFriend(rq.session.uin, friend.UIN, on)
			default:
				err = world.Refuse(world.BadRequest, "unknown setting %d", item.GetSnsType())
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return &oidbpb.SnsUpdateResp{Seq: req.GetSeq()}, nil
}
