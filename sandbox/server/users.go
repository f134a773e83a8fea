package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxAskedUsers is how many users one request may name.
const maxAskedUsers = 200

// users answers what is asked about people.
type users struct {
	world *world.World
	page  int // of the friend list
}

func (u *users) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.FriendList, u.friendList)
	rpc.Handle(mux, rpc.UserByUIDOrUINs, u.userInfo)
	rpc.Handle(mux, rpc.UsersByUID, u.userInfos)
	rpc.Handle(mux, rpc.OneWayFriends, u.oneWayFriends)
	rpc.Handle(mux, rpc.DeleteOneWayFriend, u.deleteOneWayFriends)
	rpc.Handle(mux, rpc.DeleteFriend, u.deleteFriend)
	rpc.Handle(mux, rpc.SetFriendRemark, u.setRemark)
	rpc.Handle(mux, rpc.SetFriendCategory, u.setCategory)
	rpc.Handle(mux, rpc.SearchUser, u.search)
	rpc.Handle(mux, rpc.AddFriendSetting, u.addSetting)
	rpc.Handle(mux, rpc.AddFriend, u.addFriend)
	rpc.Handle(mux, rpc.FriendRequests, u.friendRequests)
	rpc.Handle(mux, rpc.AnswerFriendRequest, u.answerFriend)
	rpc.Handle(mux, rpc.FilteredFriendRequests, u.filteredRequests)
	rpc.Handle(mux, rpc.AcceptFilteredFriend, u.acceptFiltered)
	rpc.Handle(mux, rpc.ContactCard, u.contactCard)
}

// Property keys (docs/protocol/operations.md 4.1).
const (
	keyAvatar     = 101
	keySign       = 102
	keyRemark     = 103
	keyLabels     = 104
	keyLevel      = 105
	keyBusiness   = 107
	keyNickname   = 20002
	keyCountry    = 20003
	keyRegion     = 20004
	keySex        = 20009
	keyMail       = 20011
	keyPhone      = 20016
	keyCity       = 20020
	keySchool     = 20021
	keyRegistered = 20026
	keyBirthday   = 20031
	keyPlace      = 20032
	keyAge        = 20037
	keyStatus     = 27372
	keyQID        = 27394
	keyCustom     = 27406
)

// friendList answers one page, ordered by uin. Nobody's list is empty, as some
// clients fail on that: who has no friends is its own
// (docs/protocol/operations.md 7.1 rules 2 to 5, 7).
func (u *users) friendList(rq *request, req *oidbpb.FriendListReq) (*oidbpb.FriendListResp, error) {
	uin := rq.session.uin
	friends := u.world.Friends().List(uin)
	if len(friends) == 0 {
		if self, ok := u.world.Users().Find(uin); ok {
			friends = []world.Friendship{{User: self}}
		}
	}
	answer := &oidbpb.FriendListResp{
		Seq: 1, IsEnd: proto.Uint32(0), Time: proto.Int64(u.world.Now().Unix()), SelfUin: proto.Uint64(uint64(uin)),
		Categories: categories(friends),
	}
	cookie := &oidbpb.FriendListCookie{}
	if err := pb.Unmarshal(req.GetCookie(), cookie); err != nil {
		return nil, world.Refuse(world.BadRequest, "bad cookie")
	}
	for _, f := range friends {
		if uint64(f.User.UIN) < cookie.GetNextUin() {
			continue
		}
		if len(answer.Friends) == u.page {
			next, err := pb.Marshal(&oidbpb.FriendListCookie{NextUin: proto.Uint64(uint64(f.User.UIN))})
			if err != nil {
				return nil, err
			}
			answer.Cookie = next
			return answer, nil
		}
		answer.Friends = append(answer.Friends, friendEntry(f))
	}
	answer.IsEnd = proto.Uint32(1)
	return answer, nil
}

func friendEntry(f world.Friendship) *oidbpb.Friend {
	return &oidbpb.Friend{
		Uid: string(f.User.UID), Uin: uint64(f.User.UIN), CategoryId: proto.Int32(f.Category),
		Biz: map[int32]*oidbpb.FriendBizData{1: {
			Numbers: map[int32]int32{keySex: int32(f.User.Sex), keyAge: int32(f.User.Age)},
			Strings: map[int32][]byte{
				keySign: []byte(f.User.Sign), keyRemark: []byte(f.Remark),
				keyNickname: []byte(f.User.Nickname), keyQID: []byte(f.User.QID),
			},
		}},
	}
}

// categories lists the default category and all that are in use.
func categories(friends []world.Friendship) []*oidbpb.FriendCategory {
	count := map[int32]int32{0: 0}
	for _, f := range friends {
		count[f.Category]++
	}
	var list []*oidbpb.FriendCategory
	for _, id := range slices.Sorted(maps.Keys(count)) {
		name := "我的好友"
		if id != 0 {
			name = fmt.Sprintf("分组 %d", id)
		}
		list = append(list, &oidbpb.FriendCategory{Id: id, Name: name, MemberCount: count[id], SortId: id})
	}
	return list
}

// userInfo answers 0xfe1_2 in both forms: field 1 is a text id, or one number or
// several (docs/protocol/operations.md 2).
func (u *users) userInfo(rq *request, byUIN *oidbpb.UserInfosByUinReq) (*oidbpb.UserInfosResp, error) {
	// Read as the other form, a text id is a list of numbers, and numbers are a text
	// that is not UTF-8 or no id.
	byUID, err := rpc.UserByUID.DecodeRequest(rq.Body)
	if err == nil && strings.HasPrefix(byUID.GetUid(), "u_") {
		user, known := u.world.Users().FindByUID(message.UID(byUID.GetUid()))
		return u.userRecords(rq, 1, func(int) (world.User, bool) { return user, known })
	}
	return u.userRecords(rq, len(byUIN.GetUins()), func(i int) (world.User, bool) {
		return u.world.Users().Find(message.UIN(byUIN.GetUins()[i]))
	})
}

// userInfos answers 0xfe1_8, several text ids at once.
func (u *users) userInfos(rq *request, req *oidbpb.UserInfosByUidReq) (*oidbpb.UserInfosResp, error) {
	return u.userRecords(rq, len(req.GetUids()), func(i int) (world.User, bool) {
		return u.world.Users().FindByUID(message.UID(req.GetUids()[i]))
	})
}

// userRecords answers with one record for each of count users, in order. Unknown
// ones are left out; when nobody is known, that is a refusal.
func (u *users) userRecords(rq *request, count int, user func(int) (world.User, bool)) (*oidbpb.UserInfosResp, error) {
	if count > maxAskedUsers {
		return nil, world.Refuse(world.BadRequest, "more than %d users", maxAskedUsers)
	}
	remarks := map[message.UIN]string{}
	for _, f := range u.world.Friends().List(rq.session.uin) {
		remarks[f.User.UIN] = f.Remark
	}
	answer := &oidbpb.UserInfosResp{}
	for i := range count {
		asked, known := user(i)
		if !known {
			continue
		}
		record, err := u.userRecord(asked, remarks[asked.UIN])
		if err != nil {
			return nil, err
		}
		answer.Bodies = append(answer.Bodies, record)
	}
	if len(answer.Bodies) == 0 {
		return nil, world.Refuse(world.NotFound, "no such user")
	}
	return answer, nil
}

// userRecord answers with every property there is, whatever was asked for
// (docs/protocol/operations.md 7.1 rule 6).
func (u *users) userRecord(user world.User, remark string) (*oidbpb.UserInfoBody, error) {
	details := u.world.Users().Details(user.UIN)
	values, err := u.userValues(user.UIN, details)
	if err != nil {
		return nil, err
	}
	return &oidbpb.UserInfoBody{
		Uid: string(user.UID), Uin: uint64(user.UIN),
		Properties: &oidbpb.UserProperties{
			Numbers: []*oidbpb.NumberProperty{
				{Key: keyLevel, Value: uint64(user.Level)},
				{Key: keySex, Value: uint64(user.Sex)},
				{Key: keyRegistered, Value: uint64(user.RegisterTime)},
				{Key: keyAge, Value: uint64(user.Age)},
				{Key: keyStatus, Value: statusOf(u.world.Users().Status(user.UIN))},
			},
			BytesValues: []*oidbpb.BytesProperty{
				text(keyAvatar, values[keyAvatar]),
				text(keySign, []byte(user.Sign)),
				text(keyRemark, []byte(remark)),
				text(keyLabels, values[keyLabels]),
				text(keyBusiness, values[keyBusiness]),
				text(keyNickname, []byte(user.Nickname)),
				text(keyCountry, []byte(details.Country)),
				text(keyRegion, []byte(details.Region)),
				text(keyMail, []byte(details.Mail)),
				text(keyPhone, []byte(details.Phone)),
				text(keyCity, []byte(details.City)),
				text(keySchool, []byte(details.School)),
				text(keyBirthday, birthday(details.Birthday)),
				text(keyQID, []byte(user.QID)),
				text(keyCustom, values[keyCustom]),
			},
		},
	}, nil
}

// avatarURL is where a picture is, but for its size.
func avatarURL(uin message.UIN) string {
	return fmt.Sprintf("https://q1.qlogo.cn/g?b=qq&nk=%d&s=", uin)
}

// text makes a property whose value is written even when it is empty: a client
// that reads an absent one as null would fail on it.
func text(key uint32, value []byte) *oidbpb.BytesProperty {
	return &oidbpb.BytesProperty{Key: key, Value: append([]byte{}, value...)}
}
