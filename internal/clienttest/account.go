package clienttest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/message"
)

// Time is when messages are sent, Unix seconds.
const Time = 1700000000

// Account is a service with one account: it answers calls from its fields and notes
// what was sent. Its lists are filled before it is used; it is safe for concurrent use
// then.
type Account struct {
	Friends []ntqq.Friend
	Groups  []ntqq.Group
	Members []ntqq.Member // of all groups
	Users   []ntqq.User
	// Before, when set, runs before each call is answered. Its error is the answer, in
	// the packet's head.
	Before func() error
	// Refuse, when set, runs before each operation. With an error it is refused, where
	// its answer has its result.
	Refuse func() error
	// Sending, when set, runs before a message is noted and answered.
	Sending func(*message.Message)
	// LookUp, when set, answers instead of Users.
	LookUp func(ntqq.UIN) (ntqq.User, error)
	// Reactions, when set, returns a page of those who reacted to a message, and the
	// cookie of the next page.
	Reactions func(cookie string) (users []ntqq.UIN, next string)

	once sync.Once
	mux  rpc.Mux[struct{}]

	mu       sync.Mutex // guards what follows
	calls    int
	sent     []*message.Message
	recalled []uint64
}

// UIDOf is the text id of everybody but the account itself.
func UIDOf(uin ntqq.UIN) ntqq.UID { return ntqq.UID(fmt.Sprintf("u_%d", uin)) }

// uinOf is the number of a text id where only that is known.
func uinOf(uin ntqq.UIN, uid ntqq.UID) ntqq.UIN {
	if digits, ok := strings.CutPrefix(string(uid), "u_"); ok && uin == 0 {
		n, err := strconv.ParseUint(digits, 10, 64)
		if err == nil {
			return ntqq.UIN(n)
		}
	}
	return uin
}

// Calls returns how many calls came.
func (a *Account) Calls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// Sent returns the messages that were sent, as others see them.
func (a *Account) Sent() []*message.Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.sent)
}

// Recalled returns the sequences of the messages that were taken back.
func (a *Account) Recalled() []uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.recalled)
}

// Answer is an [Answer].
func (a *Account) Answer(command string, payload []byte) ([]byte, error) {
	a.once.Do(a.handle)
	a.mu.Lock()
	a.calls++
	a.mu.Unlock()
	if a.Before != nil {
		if err := a.Before(); err != nil {
			return nil, err
		}
	}
	return a.mux.Serve(struct{}{}, command, payload)
}

func (a *Account) handle() {
	handle(a, rpc.FriendList, a.friendList)
	handle(a, rpc.GroupList, a.groupList)
	handle(a, rpc.GroupMembers, a.memberList)
	handle(a, rpc.GroupMember, a.member)
	handle(a, rpc.UserByUIN, a.user)
	handle(a, rpc.SendMessage, a.send)
	handle(a, rpc.RecallGroup, func(_ struct{}, req *messagepb.GroupRecallReq) (*messagepb.GroupRecallResp, error) {
		a.recall(req.GetInfo().GetSequence())
		return &messagepb.GroupRecallResp{}, nil
	})
	handle(a, rpc.RecallFriend, func(_ struct{}, req *messagepb.C2CRecallReq) (*messagepb.C2CRecallResp, error) {
		a.recall(req.GetInfo().GetNtMsgSeq())
		return &messagepb.C2CRecallResp{}, nil
	})
	if a.Reactions != nil {
		handle(a, rpc.ReactionUsers, func(_ struct{}, req *oidbpb.ReactionUsersReq) (*oidbpb.ReactionUsersResp, error) {
			users, next := a.Reactions(req.GetCookie())
			resp := &oidbpb.ReactionUsersResp{Cookie: &next}
			for _, uin := range users {
				resp.Users = append(resp.Users, &oidbpb.ReactionUser{Uin: uint64(uin)})
			}
			return resp, nil
		})
	}
	handle(a, rpc.PeerSequence, func(struct{}, *messagepb.GetPeerSeqReq) (*messagepb.GetPeerSeqResp, error) {
		return &messagepb.GetPeerSeqResp{}, nil
	})
}

func handle[Req, Resp proto.Message](a *Account, op *rpc.Op[Req, Resp], h func(struct{}, Req) (Resp, error)) {
	rpc.Handle(&a.mux, op, func(s struct{}, req Req) (Resp, error) {
		if a.Refuse != nil {
			if err := a.Refuse(); err != nil {
				var none Resp
				return none, err
			}
		}
		return h(s, req)
	})
}

func (a *Account) recall(sequence uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recalled = append(a.recalled, sequence)
}

func (a *Account) friendList(struct{}, *oidbpb.FriendListReq) (*oidbpb.FriendListResp, error) {
	resp := &oidbpb.FriendListResp{}
	for _, f := range a.Friends {
		resp.Categories = append(resp.Categories, &oidbpb.FriendCategory{Id: f.Category, Name: f.CategoryName})
		resp.Friends = append(resp.Friends, &oidbpb.Friend{
			Uin: uint64(f.UIN), Uid: string(UIDOf(f.UIN)), CategoryId: proto.Int32(f.Category),
			Biz: map[int32]*oidbpb.FriendBizData{1: {Strings: map[int32][]byte{
				20002: []byte(f.Nickname), 103: []byte(f.Remark), 27394: []byte(f.QID), 102: []byte(f.Sign),
			}}},
		})
	}
	return resp, nil
}

func (a *Account) groupList(struct{}, *oidbpb.GroupListReq) (*oidbpb.GroupListResp, error) {
	resp := &oidbpb.GroupListResp{}
	for _, g := range a.Groups {
		resp.Groups = append(resp.Groups, &oidbpb.GroupListEntry{
			GroupCode: uint64(g.Code),
			Info: &oidbpb.GroupListInfo{
				GroupName: g.Name, CreatedTime: uint32(g.CreateTime), MemberCount: g.MemberCount, MemberMax: g.MemberMax,
				Owner: &oidbpb.GroupListOwner{Uid: string(g.OwnerUID)},
			},
			Person: &oidbpb.GroupListPerson{Remark: proto.String(g.Remark)},
		})
	}
	return resp, nil
}

func memberEntry(m ntqq.Member) *oidbpb.GroupMember {
	return &oidbpb.GroupMember{
		Id:         &oidbpb.GroupMemberId{Uin: uint64(m.UIN), Uid: string(UIDOf(m.UIN))},
		MemberName: m.Nickname, Card: &oidbpb.GroupMemberCard{Card: proto.String(m.Card)}, SpecialTitle: proto.String(m.Title),
		Level: &oidbpb.GroupMemberLevel{Level: proto.Uint32(m.Level)}, Permission: uint32(m.Role),
		JoinTime: proto.Uint32(uint32(m.JoinTime)), LastMsgTime: proto.Uint32(uint32(m.LastSpeak)), MuteUntil: proto.Uint32(uint32(m.MuteUntil)),
	}
}

func (a *Account) memberList(_ struct{}, req *oidbpb.GroupMemberListReq) (*oidbpb.GroupMemberListResp, error) {
	resp := &oidbpb.GroupMemberListResp{GroupCode: req.GetGroupCode()}
	for _, m := range a.Members {
		if uint64(m.Group) == req.GetGroupCode() {
			resp.Members = append(resp.Members, memberEntry(m))
		}
	}
	if len(resp.Members) == 0 {
		return nil, &rpc.Refused{Code: 1, Message: "no such group"}
	}
	return resp, nil
}

func (a *Account) member(_ struct{}, req *oidbpb.GroupMemberReq) (*oidbpb.GroupMemberResp, error) {
	for _, m := range a.Members {
		if uint64(m.Group) == req.GetGroupCode() && string(UIDOf(m.UIN)) == req.GetMember().GetUid() {
			return &oidbpb.GroupMemberResp{GroupCode: req.GetGroupCode(), Member: memberEntry(m)}, nil
		}
	}
	return nil, &rpc.Refused{Code: 1, Message: "no such member"}
}

func (a *Account) user(_ struct{}, req *oidbpb.UserInfoByUinReq) (*oidbpb.UserInfoResp, error) {
	if a.LookUp != nil {
		u, err := a.LookUp(ntqq.UIN(req.GetUin()))
		if err != nil {
			return nil, err
		}
		return userAnswer(u)
	}
	for _, u := range a.Users {
		if uint64(u.UIN) == req.GetUin() {
			return userAnswer(u)
		}
	}
	return nil, &rpc.Refused{Code: 1, Message: "no such user"}
}

func userAnswer(u ntqq.User) (*oidbpb.UserInfoResp, error) {
	avatar, err := pb.Marshal(&oidbpb.UserAvatarValue{Url: proto.String(strings.TrimSuffix(u.AvatarURL, "640"))})
	if err != nil {
		return nil, err
	}
	number := func(key uint32, v uint64) *oidbpb.NumberProperty { return &oidbpb.NumberProperty{Key: key, Value: v} }
	text := func(key uint32, v []byte) *oidbpb.BytesProperty { return &oidbpb.BytesProperty{Key: key, Value: v} }
	return &oidbpb.UserInfoResp{Body: &oidbpb.UserInfoBody{
		Uid: string(UIDOf(u.UIN)), Uin: uint64(u.UIN),
		Properties: &oidbpb.UserProperties{
			Numbers: []*oidbpb.NumberProperty{
				number(20009, uint64(u.Sex)), number(20037, uint64(u.Age)), number(105, uint64(u.Level)),
				number(20026, uint64(u.RegisterTime)), number(27372, uint64(u.Status)),
			},
			BytesValues: []*oidbpb.BytesProperty{
				text(20002, []byte(u.Nickname)), text(102, []byte(u.Sign)), text(27394, []byte(u.QID)),
				text(103, []byte(u.Remark)), text(101, avatar),
			},
		},
	}}, nil
}

// send notes a message. The first gets the sequence 101, the next 102.
func (a *Account) send(_ struct{}, req *messagepb.PbSendMsgReq) (*messagepb.PbSendMsgResp, error) {
	m, err := a.received(req)
	if err != nil {
		return nil, err
	}
	if a.Sending != nil {
		a.Sending(m)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m.Sequence = uint64(101 + len(a.sent))
	a.sent = append(a.sent, m)
	resp := &messagepb.PbSendMsgResp{SendTime: proto.Uint64(Time)}
	if m.Chat.Kind == message.Group {
		resp.GroupSequence = proto.Uint64(m.Sequence)
	} else {
		resp.PrivateSequence = proto.Uint64(m.Sequence)
	}
	return resp, nil
}

// received is a message as others see it.
func (a *Account) received(req *messagepb.PbSendMsgReq) (*message.Message, error) {
	cm := &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(UIN), FromUid: proto.String(string(UID))},
		ContentHead: &messagepb.ContentHead{
			Type: 82, Random: proto.Uint64(uint64(req.GetRandom())), Sequence: proto.Uint64(1), Time: proto.Uint64(Time),
		},
		Body: req.GetBody(),
	}
	if group := req.GetRoutingHead().GetGroup(); group != nil {
		cm.RoutingHead.Group = &messagepb.RoutingGroup{GroupCode: group.GetGroupCode()}
	} else {
		uid := req.GetRoutingHead().GetC2C().GetPeerUid()
		cm.RoutingHead.ToUin = uint64(uinOf(0, ntqq.UID(uid)))
		cm.RoutingHead.ToUid, cm.RoutingHead.C2C = proto.String(uid), &messagepb.RoutingC2C{}
		cm.ContentHead.Type, cm.ContentHead.NtMsgSeq = 166, proto.Uint64(1)
	}
	m, err := elements.ParseCommon(cm, UIN)
	if err != nil {
		return nil, err
	}
	for _, seg := range m.Content { // the service names people in both ways
		switch seg := seg.(type) {
		case *message.AtSegment:
			seg.UIN = uinOf(seg.UIN, seg.UID)
		case *message.ReplySegment:
			seg.SenderUIN = uinOf(seg.SenderUIN, seg.SenderUID)
		}
	}
	return m, nil
}
