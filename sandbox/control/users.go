package control

import (
	"encoding/hex"
	"net/http"
	"reflect"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// userView is an account in JSON.
type userView struct {
	UIN      message.UIN `json:"uin"`
	UID      message.UID `json:"uid"`
	Nickname string      `json:"nickname"`
	Sign     string      `json:"sign,omitempty"`
	QID      string      `json:"qid,omitempty"`
	Sex      uint32      `json:"sex"`
	Age      uint32      `json:"age"`
	Level    uint32      `json:"level"`
	detailsView
	// Status is left out where it was never chosen.
	Status statusView `json:"status,omitzero"`
	// Avatar is the SHA-1 of the account's picture in hex; "" for none.
	Avatar string `json:"avatar,omitempty"`
	// Friends and Groups are given by the state only.
	Friends []message.UIN       `json:"friends,omitempty"`
	Groups  []message.GroupCode `json:"groups,omitempty"`
	// PinnedFriends and PinnedGroups are the chats at the top of its list, in the state only.
	PinnedFriends []message.UIN       `json:"pinned_friends,omitempty"`
	PinnedGroups  []message.GroupCode `json:"pinned_groups,omitempty"`
}

// users are the accounts.
type users struct{ world *world.World }

func (h users) view(u world.User) userView {
	v := userView{
		UIN: u.UIN, UID: u.UID, Nickname: u.Nickname, Sign: u.Sign, QID: u.QID,
		Sex: u.Sex, Age: u.Age, Level: u.Level,
		detailsView: viewDetails(h.world.Users().Details(u.UIN)), Status: statusView(h.world.Users().Status(u.UIN)),
	}
	if u.Avatar != (world.Blob{}) {
		v.Avatar = hex.EncodeToString(u.Avatar.SHA1[:])
	}
	return v
}

func (h users) list(*http.Request) (any, error) {
	views := []userView{}
	for _, u := range h.world.Users().List() {
		views = append(views, h.view(u))
	}
	return views, nil
}

func (h users) add(r *http.Request) (any, error) {
	var v userView
	if err := readBody(r, &v); err != nil {
		return nil, err
	}
	if v.Friends != nil || v.Groups != nil {
		return nil, fail(http.StatusBadRequest, "friends and groups are added by their own requests")
	}
	if v.Avatar != "" {
		return nil, fail(http.StatusBadRequest, "an account gives itself its picture")
	}
	if v.Status != (statusView{}) || !reflect.DeepEqual(v.detailsView, detailsView{}) {
		return nil, fail(http.StatusBadRequest, "status and details are set by a change")
	}
	u, err := h.world.Users().Add(world.User{
		UIN: v.UIN, UID: v.UID, Nickname: v.Nickname, Sign: v.Sign, QID: v.QID,
		Sex: v.Sex, Age: v.Age, Level: v.Level,
	})
	return created{h.view(u)}, err
}

func (h users) setPassword(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Password string `json:"password"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Users().SetPassword(uin, body.Password)
}

func (h users) remove(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Users().Remove(uin)
}
