package server

import (
	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxOneWay is how many one-way friends an answer has at most (our choice).
const maxOneWay = 500

// oneWayFriends is docs/protocol/operations.md 3.2. It must be answered, also with an empty
// list: one client asks with each refresh of its friends (7.1 rule 13).
func (u *users) oneWayFriends(rq *request, req *oidbpb.WebSsoReq) (*oidbpb.WebSsoResp, error) {
	return webSSO(req, func(asked struct {
		UIN   message.UIN `json:"uint64_uin"`
		Count uint32      `json:"uint32_req_num"`
	}) (any, error) {
		if asked.UIN != rq.session.uin {
			return nil, world.Refuse(world.NoPermission, "%d is another account", asked.UIN)
		}
		list := u.world.Friends().OneWay(asked.UIN)
		most := maxOneWay
		if asked.Count > 0 {
			most = int(min(asked.Count, maxOneWay))
		}
		answer := oneWayList{Friends: []oneWayFriend{}}
		for _, f := range list[:min(len(list), most)] {
			answer.Friends = append(answer.Friends, oneWayFriend{
				f.UIN, []byte(f.Nickname), f.Age, f.Sex, []byte(requestSource), f.UID,
			})
		}
		return answer, nil
	})
}

type oneWayList struct {
	webSSOResult
	Friends []oneWayFriend `json:"rpt_block_list"`
}

type oneWayFriend struct {
	UIN      message.UIN `json:"uint64_uin"`
	Nickname []byte      `json:"bytes_nick"`
	Age      uint32      `json:"uint32_age"`
	Sex      uint32      `json:"uint32_sex"`
	Source   []byte      `json:"bytes_source"`
	UID      message.UID `json:"str_uid"`
}

func (u *users) deleteOneWayFriends(rq *request, req *oidbpb.WebSsoReq) (*oidbpb.WebSsoResp, error) {
	return webSSO(req, func(asked struct {
		Users []message.UIN `json:"uin_list"`
	}) (any, error) {
		if len(asked.Users) == 0 || len(asked.Users) > maxOneWay {
			return nil, world.Refuse(world.BadRequest, "%d accounts in the request", len(asked.Users))
		}
		return webSSOResult{}, u.world.Friends().DeleteOneWay(rq.session.uin, asked.Users...)
	})
}
