package server

import (
	"slices"
	"strconv"

	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// requestSource is where every request of a sandbox comes from, in words.
const requestSource = "search"

// find finds an account by its text id.
func (u *users) find(uid string) (message.UIN, error) {
	user, known := u.world.Users().FindByUID(message.UID(uid))
	if !known {
		return 0, world.Refuse(world.NotFound, "no such user")
	}
	return user.UIN, nil
}

func (u *users) deleteFriend(rq *request, req *oidbpb.DeleteFriendReq) (*oidbpb.EmptyResp, error) {
	peer, err := u.find(req.GetBody().GetTargetUid())
	if err != nil {
		return nil, err
	}
	return &oidbpb.EmptyResp{}, u.world.Friends().Delete(rq.session.uin, peer, req.GetBody().GetBlock(), req.GetBody().GetBothDelete())
}

func (u *users) setRemark(rq *request, req *oidbpb.SetFriendRemarkReq) (*oidbpb.EmptyResp, error) {
	peer, err := u.find(req.GetUid())
	if err != nil {
		return nil, err
	}
	return &oidbpb.EmptyResp{}, u.world.Friends().SetRemark(rq.session.uin, peer, req.GetRemark())
}

func (u *users) setCategory(rq *request, req *oidbpb.SetFriendCategoryReq) (*oidbpb.EmptyResp, error) {
	peer, err := u.find(req.GetUid())
	if err != nil {
		return nil, err
	}
	return &oidbpb.EmptyResp{}, u.world.Friends().SetCategory(rq.session.uin, peer, int32(min(req.GetCategoryId(), world.MaxCategory+1)))
}

// search is the first step of asking to be a friend: only whether there is such a user
// counts, as the real answer is not known.
func (u *users) search(_ *request, req *oidbpb.SearchUserReq) (*oidbpb.EmptyResp, error) {
	uin, _ := strconv.ParseUint(req.GetTargetUin(), 10, 64)
	return u.known(uin)
}

// addSetting is the second step.
func (u *users) addSetting(_ *request, req *oidbpb.AddFriendSettingReq) (*oidbpb.EmptyResp, error) {
	return u.known(req.GetTargetUin())
}

func (u *users) known(uin uint64) (*oidbpb.EmptyResp, error) {
	if _, known := u.world.Users().Find(message.UIN(uin)); !known {
		return nil, world.Refuse(world.NotFound, "no user %d", uin)
	}
	return &oidbpb.EmptyResp{}, nil
}

// addFriend is the third step.
func (u *users) addFriend(rq *request, req *oidbpb.AddFriendReq) (*oidbpb.EmptyResp, error) {
	return &oidbpb.EmptyResp{}, u.world.Friends().Ask(world.FriendWish{
		From: rq.session.uin, To: message.UIN(req.GetTargetUin()), Text: req.GetVerify(),
		Remark: req.GetRemark(), Category: int32(min(req.GetCategoryId(), world.MaxCategory+1)),
	})
}

// friendRequests lists the requests from and to an account, newest first.
func (u *users) friendRequests(rq *request, req *oidbpb.FriendRequestListReq) (*oidbpb.FriendRequestListResp, error) {
	self, _ := u.world.Users().Find(rq.session.uin)
	page := &oidbpb.FriendRequestPage{Over: 1}
	for _, r := range u.world.Friends().Requests(rq.session.uin) {
		if r.Filtered && r.To.UIN == rq.session.uin {
			continue
		}
		page.Total++
		if page.Total <= req.GetStartIndex() {
			continue
		}
		if uint32(len(page.Requests)) == req.GetRequestCount() {
			page.Over = 0
			continue
		}
		page.Requests = append(page.Requests, requestEntry(self, r))
	}
	return &oidbpb.FriendRequestListResp{Version: 1, Page: page}, nil
}

func requestEntry(self world.User, r world.FriendRequest) *oidbpb.FriendRequest {
	own := r.From.UIN == self.UIN
	entry := &oidbpb.FriendRequest{
		SelfUid: string(self.UID), FriendUid: string(r.From.UID), State: requestState(own, r.State),
		Time: uint32(r.Time), Comment: r.Text, Source: requestSource, IsInitiator: own,
	}
	if own {
		entry.FriendUid = string(r.To.UID)
	}
	return entry
}

// requestState is docs/protocol/operations.md 4.2.
func requestState(own bool, s world.RequestState) uint32 {
	switch s {
	case world.RequestAccepted:
		if own {
			return 5
		}
		return 3
	case world.RequestRefused:
		if own {
			return 6
		}
		return 7
	}
	if own {
		return 13
	}
	return 1
}

// answerFriend answers an ordinary request. Those in the filtered list have an operation of
// their own.
func (u *users) answerFriend(rq *request, req *oidbpb.AnswerFriendRequestReq) (*oidbpb.EmptyResp, error) {
	if a := req.GetAccept(); a != 3 && a != 5 {
		return nil, world.Refuse(world.BadRequest, "answer %d is neither 3 nor 5", a)
	}
	return u.answer(rq.session.uin, req.GetTargetUid(), false, req.GetAccept() == 3)
}

func (u *users) acceptFiltered(rq *request, req *oidbpb.AcceptFilteredFriendRequestReq) (*oidbpb.EmptyResp, error) {
	return u.answer(rq.session.uin, req.GetRequestUid(), true, true)
}

func (u *users) answer(uin message.UIN, uid string, filtered, accept bool) (*oidbpb.EmptyResp, error) {
	from, err := u.find(uid)
	if err != nil {
		return nil, err
	}
	if r, ok := u.world.Friends().Pending(uin, from); !ok || r.Filtered != filtered {
		return nil, world.Refuse(world.NotFound, "no such request")
	}
	return &oidbpb.EmptyResp{}, u.world.Friends().Answer(uin, from, accept)
}

// filteredRequests lists the filtered requests that wait for an answer, newest first.
func (u *users) filteredRequests(rq *request, req *oidbpb.FilteredFriendRequestListReq) (*oidbpb.FilteredFriendRequestListResp, error) {
	list := slices.DeleteFunc(u.world.Friends().Requests(rq.session.uin), func(r world.FriendRequest) bool {
		return !r.Filtered || r.To.UIN != rq.session.uin || r.State != world.RequestPending
	})
	page := &oidbpb.FilteredFriendRequestPage{}
	for _, r := range list[:min(len(list), int(min(req.GetLimit().GetCount(), 1<<10)))] {
		page.Requests = append(page.Requests, &oidbpb.FilteredFriendRequest{
			SourceUid: string(r.From.UID), SourceNick: r.From.Nickname, Comment: r.Text, Source: requestSource, Time: uint64(r.Time),
		})
	}
	return &oidbpb.FilteredFriendRequestListResp{Page: page}, nil
}
