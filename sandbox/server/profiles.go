package server

import (
	"encoding/binary"
	"encoding/hex"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// profiles answers what accounts say of themselves, and who likes them.
type profiles struct {
	*users
	checks *checks
}

func (p *profiles) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.SetProfile, p.set)
	rpc.Handle(mux, rpc.ConfirmSwitch, p.confirmSwitch)
	rpc.Handle(mux, rpc.LoginDays, p.loginDays)
	rpc.Handle(mux, rpc.FriendStatuses, p.statuses)
	rpc.Handle(mux, rpc.LikeProfile, p.like)
	rpc.Handle(mux, rpc.Likes, p.likes)
	rpc.Handle(mux, rpc.LikeCount, p.likeCount)
	rpc.Handle(mux, rpc.ShowInput, p.showInput)
}

// set changes the caller's profile. A key that is not known to be written is refused
// (docs/protocol/operations.md 7.2).
func (p *profiles) set(rq *request, req *oidbpb.ModifySelfProfileReq) (*oidbpb.EmptyResp, error) {
	var edits []func(*world.User, *world.Details)
	for _, b := range req.GetBytesValues() {
		text := pb.Text(b.GetValue())
		switch {
		case b.GetKey() == keyNickname:
			edits = append(edits, func(u *world.User, _ *world.Details) { u.Nickname = text })
		case b.GetKey() == keySign:
			edits = append(edits, func(u *world.User, _ *world.Details) { u.Sign = text })
		case b.GetKey() == keyPlace && string(b.GetValue()) == string(make([]byte, 12)):
			edits = append(edits, func(_ *world.User, d *world.Details) { d.Country, d.Region, d.City = "", "", "" })
		default:
			return nil, world.Refuse(world.BadRequest, "property %d cannot be set so", b.GetKey())
		}
	}
	for _, n := range req.GetNumbers() {
		value := n.GetValue()
		switch {
		case n.GetKey() == keySex && value <= world.SexHidden:
			edits = append(edits, func(u *world.User, _ *world.Details) { u.Sex = uint32(value) })
		case n.GetKey() == keyBirthday && value <= 0xFFFFFFFF:
			day := world.Date{Year: uint16(value >> 16), Month: uint8(value >> 8), Day: uint8(value)}
			edits = append(edits, func(_ *world.User, d *world.Details) { d.Birthday = day })
		default:
			return nil, world.Refuse(world.BadRequest, "property %d cannot be set so", n.GetKey())
		}
	}
	return &oidbpb.EmptyResp{}, p.world.Users().Edit(rq.session.uin, func(u *world.User, d *world.Details) {
		for _, edit := range edits {
			edit(u, d)
		}
	})
}

func (p *profiles) confirmSwitch(rq *request, req *oidbpb.ConfirmSwitchReq) (*oidbpb.EmptyResp, error) {
	guid := req.GetBody().GetDevice().GetGuid()
	if len(guid) != 16 {
		return nil, world.Refuse(world.BadRequest, "no device is named by %d bytes", len(guid))
	}
	p.checks.confirmLogins(rq.session.uin, hex.EncodeToString(guid), !req.GetBody().GetAutoLogin())
	return &oidbpb.EmptyResp{}, nil
}

// loginDays leaves out who is nobody.
func (p *profiles) loginDays(_ *request, req *oidbpb.WebSsoReq) (*oidbpb.WebSsoResp, error) {
	return webSSO(req, func(asked struct {
		Of struct {
			Users []message.UIN `json:"uint64_request_uin"`
		} `json:"msg_req_basic_info"`
	}) (any, error) {
		if len(asked.Of.Users) > maxAskedUsers {
			return nil, world.Refuse(world.BadRequest, "more than %d users", maxAskedUsers)
		}
		type days struct {
			UIN  message.UIN `json:"uint64_uin"`
			Days uint32      `json:"uint32_login_days"`
		}
		list := []days{}
		for _, uin := range asked.Of.Users {
			if _, known := p.world.Users().Find(uin); known {
				list = append(list, days{uin, p.world.Users().Details(uin).LoginDays})
			}
		}
		return map[string]any{"msg_rsp_basic_info": map[string]any{"rpt_msg_basic_info": list}}, nil
	})
}

// statuses writes the numbers as in profiles, which is ours.
func (p *profiles) statuses(rq *request, _ *oidbpb.FriendsStatusReq) (*oidbpb.FriendsStatusResp, error) {
	answer := &oidbpb.FriendsStatusResp{}
	for _, f := range p.world.Friends().List(rq.session.uin) {
		answer.List = append(answer.List, &oidbpb.FriendStatus{
			Uid: string(f.User.UID), Status: uint32(statusOf(p.world.Users().Status(f.User.UIN))),
		})
	}
	return answer, nil
}

func (p *profiles) like(rq *request, req *oidbpb.ProfileLikeReq) (*oidbpb.EmptyResp, error) {
	peer, err := p.find(req.GetTargetUid())
	if err != nil {
		return nil, err
	}
	return &oidbpb.EmptyResp{}, p.world.Users().Like(peer, rq.session.uin, req.GetCount())
}

// likesPage is how many entries an answer has at most.
const likesPage = 30

func (p *profiles) likes(rq *request, req *oidbpb.ProfileLikeListReq) (*oidbpb.ProfileLikeListResp, error) {
	uin, err := p.find(req.GetSelfUid())
	if err != nil {
		return nil, err
	}
	if uin != rq.session.uin {
		return nil, world.Refuse(world.NoPermission, "only one's own likes are listed")
	}
	given := req.GetDirection() == 0
	list, err := p.world.Users().Likes(uin, given)
	if err != nil {
		return nil, err
	}
	info := &oidbpb.ProfileLikeInfo{TargetUid: req.GetSelfUid()}
	if !given {
		info.Received = &oidbpb.ProfileLikeReceived{TotalCount: totalLikes(list)}
	}
	start := int(min(max(req.GetStart(), 0), int64(len(list))))
	end := min(start+int(min(req.GetCount(), likesPage)), len(list))
	answer := &oidbpb.ProfileLikeListResp{Info: info}
	if end < len(list) {
		answer.NextStart = uint32(end)
	}
	var users []*oidbpb.ProfileLikeUser
	for _, l := range list[start:end] {
		vip := p.world.Users().Details(l.User.UIN).VIP
		users = append(users, &oidbpb.ProfileLikeUser{
			Uid: string(l.User.UID), Src: likeSource, LatestTime: uint32(l.Latest), Count: l.Times, VotedToday: l.Today,
			Nick: l.User.Nickname, Gender: l.User.Sex, Age: l.User.Age,
			IsVip: vip != world.VIP{}, IsSvip: vip.Super,
		})
	}
	if given {
		info.Given = &oidbpb.ProfileLikeGiven{Users: users}
	} else {
		info.Received.Users = users
	}
	return answer, nil
}

// likeSource is where likes come from (docs/protocol/operations.md 3.1).
const likeSource = 71

func totalLikes(list []world.Likes) (total uint32) {
	for _, l := range list {
		total += l.Times
	}
	return total
}

func (p *profiles) likeCount(_ *request, req *oidbpb.ProfileLikeCountReq) (*oidbpb.ProfileLikeCountResp, error) {
	uin, err := p.find(req.GetUid())
	if err != nil {
		return nil, err
	}
	list, err := p.world.Users().Likes(uin, false)
	return &oidbpb.ProfileLikeCountResp{Info: &oidbpb.ProfileLikeInfo{
		TargetUid: req.GetUid(), Received: &oidbpb.ProfileLikeReceived{TotalCount: totalLikes(list)},
	}}, err
}

func (p *profiles) showInput(rq *request, req *oidbpb.InputStatusReq) (*oidbpb.InputStatusResp, error) {
	peer, err := p.find(req.GetBody().GetToUid())
	if err != nil {
		return nil, err
	}
	input := world.InputEnds
	switch req.GetBody().GetEventType() {
	case inputText:
		input = world.InputText
	case inputVoice:
		input = world.InputVoice
	}
	return &oidbpb.InputStatusResp{Body: &oidbpb.InputStatusResult{}}, p.world.Users().Type(rq.session.uin, peer, input)
}

// userValues are the properties of a user that are messages.
func (u *users) userValues(uin message.UIN, d world.Details) (map[uint32][]byte, error) {
	labels := &oidbpb.UserLabelsValue{}
	for _, l := range d.Labels {
		labels.Labels = append(labels.Labels, &oidbpb.UserLabel{Content: l})
	}
	// Two clients need its body to be there, be it empty.
	business := &oidbpb.UserBusinessValue{Body: &oidbpb.UserBusinessBody{}}
	if d.VIP != (world.VIP{}) {
		business.Body.List = []*oidbpb.UserBusiness{{
			Type: 1, Level: d.VIP.Level, IsYear: bit(d.VIP.Year), IsPro: bit(d.VIP.Super), Icon1: proto.String(vipIcon),
		}}
	}
	values := map[uint32]proto.Message{
		keyAvatar: &oidbpb.UserAvatarValue{Url: proto.String(avatarURL(uin))}, keyLabels: labels, keyBusiness: business,
	}
	if s := u.world.Users().Status(uin); s.Extended == world.StatusCustom {
		values[keyCustom] = &oidbpb.UserCustomStatusValue{FaceId: s.Face, Text: &s.Text}
	}
	encoded := map[uint32][]byte{}
	for key, value := range values {
		b, err := pb.Marshal(value)
		if err != nil {
			return nil, err
		}
		encoded[key] = b
	}
	return encoded, nil
}

// vipIcon is ours, and leads nowhere.
const vipIcon = "https://vip.sandbox.invalid/icon.png"

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// birthday is property 20031.
func birthday(d world.Date) []byte {
	return append(binary.BigEndian.AppendUint16(nil, d.Year), d.Month, d.Day)
}

// statusOf is property 27372 (docs/protocol/operations.md 4.1): a tenth of the
// status or, in status 10, the extended one with its bytes apart.
func statusOf(chosen world.Status) uint64 {
	switch {
	case chosen.Status == 0:
		return 1
	case chosen.Status == world.StatusOnline && chosen.Extended != 0:
		return uint64(chosen.Extended&0xFF00 | chosen.Extended&0xFF<<16)
	}
	return uint64(max(chosen.Status/10, 1))
}
