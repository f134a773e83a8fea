package server

import (
	"encoding/json"
	"fmt"

	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// contact is what a contact card says.
type contact struct {
	Avatar   string `json:"avatar"`
	Contact  string `json:"contact"`
	JumpURL  string `json:"jumpUrl"`
	Nickname string `json:"nickname"`
	Tag      string `json:"tag"`
}

// card has a form of ours: no contact card of the real service is known
// (docs/protocol/operations.md 7.3).
func (c contact) card() (string, error) {
	text, err := json.Marshal(struct {
		App    string             `json:"app"`
		Desc   string             `json:"desc"`
		View   string             `json:"view"`
		Ver    string             `json:"ver"`
		Prompt string             `json:"prompt"`
		Meta   map[string]contact `json:"meta"`
	}{"com.tencent.contact.lua", "", "contact", "0.0.0.1", "[" + c.Tag + "]" + c.Nickname, map[string]contact{"contact": c}})
	return string(text), err
}

func (u *users) contactCard(_ *request, req *oidbpb.FriendContactArkReq) (*oidbpb.FriendContactArkResp, error) {
	user, known := u.world.Users().Find(message.UIN(req.GetUin()))
	if !known {
		return nil, world.Refuse(world.NotFound, "no such user")
	}
	card, err := contact{
		Avatar: avatarURL(user.UIN) + "640", Contact: fmt.Sprintf("账号：%d", user.UIN), JumpURL: req.GetJumpUrl(),
		Nickname: user.Nickname, Tag: "推荐联系人",
	}.card()
	return &oidbpb.FriendContactArkResp{Ark: card}, err
}

func (h *groups) contactCard(_ *request, req *oidbpb.GroupContactArkReq) (*oidbpb.GroupContactArkResp, error) {
	group, known := h.world.Groups().Find(message.GroupCode(req.GetGroupCode()))
	if !known {
		return nil, world.Refuse(world.NotFound, "no such group")
	}
	card, err := contact{
		Contact: fmt.Sprintf("群号：%d", group.Code), Nickname: group.Name, Tag: "推荐群聊",
	}.card()
	return &oidbpb.GroupContactArkResp{Ark: card}, err
}
