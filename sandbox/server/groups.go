package server

import (
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// unknownGroup is the result of an entry about a group that is not known, as in a
// vector; the real numbers are not known.
const unknownGroup = 72

// adminMax is how many admins a group can have (docs/protocol/operations.md 7.4).
const adminMax = 10

// muteAllTime is the mute time of a group in which only admins may speak.
const muteAllTime = 1<<32 - 1

// groups answers what is asked about groups and their members.
type groups struct {
	world *world.World
	page  int // of a member list
}

func (h *groups) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.GroupList, h.groupList)
	rpc.Handle(mux, rpc.GroupInfo, h.ownGroupInfo)
	rpc.Handle(mux, rpc.AnyGroupInfo, h.anyGroupInfo)
	rpc.Handle(mux, rpc.StrangerGroupInfo, h.anyGroupInfo)
	rpc.Handle(mux, rpc.GroupMembers, h.groupMembers)
	rpc.Handle(mux, rpc.GroupMemberOrAll, h.groupMember)
	rpc.Handle(mux, rpc.GroupContactCard, h.contactCard)
	rpc.Handle(mux, rpc.GroupNotices, h.noticeList)
	rpc.Handle(mux, rpc.FilteredNotices, h.filteredNotices)
	rpc.Handle(mux, rpc.AnswerNotice, h.answerNotice)
	rpc.Handle(mux, rpc.AnswerFilteredNotice, h.answerFiltered)
	rpc.Handle(mux, rpc.InviteToGroup, h.invite)
	h.handleManagement(mux)
}

// wireRole is a role as the protocol numbers it (docs/protocol/operations.md 4.4).
func wireRole(r message.Role) uint32 {
	switch r {
	case message.RoleOwner:
		return 1
	case message.RoleAdmin:
		return 2
	}
	return 0
}

func (h *groups) uidOf(uin message.UIN) string {
	user, _ := h.world.Users().Find(uin)
	return string(user.UID)
}

func (h *groups) groupList(rq *request, _ *oidbpb.GroupListReq) (*oidbpb.GroupListResp, error) {
	answer := &oidbpb.GroupListResp{}
	for _, g := range h.world.Groups().Of(rq.session.uin) {
		me, member := h.world.Members().Find(g.Code, rq.session.uin)
		if !member {
			continue // left a moment ago
		}
		info := &oidbpb.GroupListInfo{
			Owner: &oidbpb.GroupListOwner{Uid: h.uidOf(g.Owner)}, CreatedTime: uint32(g.CreateTime),
			MemberMax: g.MemberMax, MemberCount: g.MemberCount, GroupName: g.Name,
			MuteAllExpireTime: proto.Uint32(0), Description: proto.String(""), Question: proto.String(g.Question),
			Announcement: proto.String(""),
		}
		if g.MuteAll {
			info.MuteAllExpireTime = proto.Uint32(muteAllTime)
		}
		view := h.world.Groups().View(g.Code, rq.session.uin)
		answer.Groups = append(answer.Groups, &oidbpb.GroupListEntry{
			GroupCode: uint64(g.Code),
			Info:      info,
			Person: &oidbpb.GroupListPerson{
				LastSpeakTime: proto.Uint32(uint32(me.LastSpeak)), MemberRole: wireRole(me.Role), Remark: proto.String(view.Remark),
				MuteExpireTime: proto.Uint32(uint32(me.MuteUntil)), LatestSeq: uint32(g.LastSequence), MsgMask: max(view.Mask, 1),
			},
		})
	}
	return answer, nil
}

// ownGroupInfo is 0x88d_0: only for groups the caller is in.
func (h *groups) ownGroupInfo(rq *request, req *oidbpb.GroupInfoReq) (*oidbpb.GroupInfoResp, error) {
	return h.groupInfo(rq, req, true)
}

// anyGroupInfo is 0x88d_14 and 0x88d_110: for all groups.
func (h *groups) anyGroupInfo(rq *request, req *oidbpb.GroupInfoReq) (*oidbpb.GroupInfoResp, error) {
	return h.groupInfo(rq, req, false)
}

// groupInfo answers with every field there is, whatever was asked for
// (docs/protocol/operations.md 7.1 rule 9).
func (h *groups) groupInfo(rq *request, req *oidbpb.GroupInfoReq, own bool) (*oidbpb.GroupInfoResp, error) {
	answer := &oidbpb.GroupInfoResp{}
	for _, asked := range req.GetGroups() {
		code := message.GroupCode(asked.GetGroupCode())
		g, known := h.world.Groups().Find(code)
		me, member := h.world.Members().Find(code, rq.session.uin)
		if !known || own && !member {
			answer.Groups = append(answer.Groups, &oidbpb.GroupInfoRespEntry{
				GroupCode: uint64(code), Result: proto.Uint32(unknownGroup),
			})
			continue
		}
		changes := h.world.Members().ChangeSeq(code)
		info := &oidbpb.GroupInfo{
			OwnerUid: h.uidOf(g.Owner), CreateTime: uint32(g.CreateTime), MemberMax: g.MemberMax,
			MemberCount: g.MemberCount, Name: g.Name, GroupCode: uint64(code), LatestSeq: proto.Uint32(uint32(g.LastSequence)),
			AdminMax: adminMax, ActiveMemberCount: g.MemberCount, MuteMeTime: uint32(me.MuteUntil),
			MemberListChangeSeq: changes, MemberCardSeq: changes,
		}
		if latest := h.world.History().OfGroup(code, g.LastSequence, g.LastSequence); len(latest) > 0 {
			info.LastMsgTime = uint32(latest[0].Time)
		}
		if g.MuteAll {
			info.MuteAllTime = muteAllTime
		}
		answer.Groups = append(answer.Groups, &oidbpb.GroupInfoRespEntry{
			GroupCode: uint64(code), Result: proto.Uint32(0), Info: info,
		})
	}
	return answer, nil
}

// groupMembers answers one page, ordered by uin. The cookie is the first uin of
// the next page as text; it is absent at the end.
func (h *groups) groupMembers(rq *request, req *oidbpb.GroupMemberListReq) (*oidbpb.GroupMemberListResp, error) {
	code := message.GroupCode(req.GetGroupCode())
	answer, err := h.memberAnswer(rq, code)
	if err != nil {
		return nil, err
	}
	var first uint64
	if cookie := string(req.GetCookie()); cookie != "" {
		if first, err = strconv.ParseUint(cookie, 10, 64); err != nil {
			return nil, world.Refuse(world.BadRequest, "bad cookie")
		}
	}
	members, next := h.world.Members().Page(code, message.UIN(first), h.page)
	if next != 0 {
		answer.Cookie = []byte(uinText(next))
	}
	for _, m := range members {
		answer.Members = append(answer.Members, memberEntry(m))
	}
	return answer, nil
}

// groupMember answers for one member, or as the list when none is named.
func (h *groups) groupMember(rq *request, req *oidbpb.GroupMemberReq) (*oidbpb.GroupMemberListResp, error) {
	if req.GetMember() == nil {
		list, err := rpc.GroupMembers.DecodeRequest(rq.Body)
		if err != nil {
			return nil, err
		}
		return h.groupMembers(rq, list)
	}
	code := message.GroupCode(req.GetGroupCode())
	answer, err := h.memberAnswer(rq, code)
	if err != nil {
		return nil, err
	}
	user, err := h.user(req.GetMember().GetUid())
	if err != nil {
		return nil, err
	}
	m, member := h.world.Members().Find(code, user.UIN)
	if !member {
		return nil, world.Refuse(world.NotMember, "%d is not a member of group %d", user.UIN, code)
	}
	answer.Members = []*oidbpb.GroupMember{memberEntry(m)}
	return answer, nil
}

// user finds whom a request names.
func (h *groups) user(uid string) (world.User, error) {
	user, known := h.world.Users().FindByUID(message.UID(uid))
	if !known {
		return user, world.Refuse(world.NotFound, "no such user")
	}
	return user, nil
}

// memberAnswer is an answer without members, for members only.
func (h *groups) memberAnswer(rq *request, code message.GroupCode) (*oidbpb.GroupMemberListResp, error) {
	g, known := h.world.Groups().Find(code)
	if !known {
		return nil, world.Refuse(world.NotFound, "no group %d", code)
	}
	if _, member := h.world.Members().Find(code, rq.session.uin); !member {
		return nil, world.Refuse(world.NotMember, "not a member of group %d", code)
	}
	changes := h.world.Members().ChangeSeq(code)
	return &oidbpb.GroupMemberListResp{
		GroupCode: uint64(code), MemberCount: g.MemberCount, MemberListChangeSeq: changes, MemberCardSeq: changes,
	}, nil
}

// memberEntry writes zeros and empty texts too, where some client needs them
// (docs/protocol/operations.md 7.1 rules 4 and 14).
func memberEntry(m world.Member) *oidbpb.GroupMember {
	entry := &oidbpb.GroupMember{
		Id:         &oidbpb.GroupMemberId{Uid: string(m.User.UID), Uin: uint64(m.User.UIN)},
		MemberName: m.User.Nickname, Card: &oidbpb.GroupMemberCard{Card: proto.String(m.Card)},
		Level:   &oidbpb.GroupMemberLevel{Level: proto.Uint32(m.Level)},
		Field13: proto.Uint32(1), JoinTime: proto.Uint32(uint32(m.JoinTime)), LastMsgTime: proto.Uint32(uint32(m.LastSpeak)),
		MuteUntil: proto.Uint32(uint32(m.MuteUntil)), Permission: wireRole(m.Role),
	}
	if m.Role == message.RoleOwner {
		entry.Field13 = proto.Uint32(2)
	}
	if m.Title != "" {
		entry.SpecialTitle = proto.String(m.Title)
	}
	return entry
}
