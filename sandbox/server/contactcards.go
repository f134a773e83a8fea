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
	card, err := userCard(u.world, message.UIN(req.GetUin()), req.GetJumpUrl())
	return &oidbpb.FriendContactArkResp{Ark: card}, err
}

func userCard(w *world.World, uin message.UIN, jumpURL string) (string, error) {
	user, known := w.Users().Find(uin)
	if !known {
		return "", world.Refuse(world.NotFound, "no such user")
	}
	return contact{
		Avatar: avatarURL(user.UIN) + "640", Contact: fmt.Sprintf("账号：%d", user.UIN), JumpURL: jumpURL,
		Nickname: user.Nickname, Tag: "推荐联系人",
	}.card()
}

func (h *groups) contactCard(_ *request, req *oidbpb.GroupContactArkReq) (*oidbpb.GroupContactArkResp, error) {
	card, err := groupCard(h.world, message.GroupCode(req.GetGroupCode()))
	return &oidbpb.GroupContactArkResp{Ark: card}, err
}

func groupCard(w *world.World, code message.GroupCode) (string, error) {
	group, known := w.Groups().Find(code)
	if !known {
		return "", world.Refuse(world.NotFound, "no such group")
	}
	return contact{
		Contact: fmt.Sprintf("群号：%d", group.Code), Nickname: group.Name, Tag: "推荐群聊",
	}.card()
}
