package server

import (
	"slices"

	"libration/internal/pb/oidbpb"
	"libration/sandbox/world"
)

// noticePage is the most entries that one answer has, whatever was asked for (our value).
const noticePage = 50

// noticeList is 0x10c0_1.
func (h *groups) noticeList(rq *request, req *oidbpb.GroupNoticeListReq) (*oidbpb.GroupNoticeListResp, error) {
	return h.notices(rq, req, false)
}

// filteredNotices is 0x10c0_2.
func (h *groups) filteredNotices(rq *request, req *oidbpb.GroupNoticeListReq) (*oidbpb.GroupNoticeListResp, error) {
	return h.notices(rq, req, true)
}

// notices answers one page, newest first, from the sequence on that is asked for. The next
// page begins with next_start_sequence, 0 at the end (docs/protocol/operations.md 3.3).
func (h *groups) notices(rq *request, req *oidbpb.GroupNoticeListReq, filtered bool) (*oidbpb.GroupNoticeListResp, error) {
	answer := &oidbpb.GroupNoticeListResp{}
	list := h.world.Notices().Of(rq.session.uin, filtered)
	if len(list) > 0 {
		answer.NewLatestSequence = list[0].Sequence
	}
	if start := req.GetStartSequence(); start != 0 {
		i := slices.IndexFunc(list, func(n world.Notice) bool { return n.Sequence <= start })
		if i < 0 {
			return answer, nil
		}
		list = list[i:]
	}
	if page := int(min(req.GetCount(), noticePage)); len(list) > page {
		answer.NextStartSequence = list[page].Sequence
		list = list[:page]
	}
	for _, n := range list {
		answer.Notices = append(answer.Notices, noticeEntry(n))
	}
	return answer, nil
}

func noticeEntry(n world.Notice) *oidbpb.GroupNotice {
	state := uint32(n.State)
	entry := &oidbpb.GroupNotice{
		Sequence: n.Sequence, Type: uint32(n.Kind), State: &state, Time: uint32(n.Time), Comment: n.Comment,
		Group:  &oidbpb.GroupNoticeGroup{GroupCode: uint64(n.Group), GroupName: n.GroupName},
		Target: &oidbpb.GroupNoticeUser{Uid: string(n.Target.UID), Name: n.Target.Nickname},
	}
	if n.Inviter.UIN != 0 {
		entry.Inviter = &oidbpb.GroupNoticeUser{Uid: string(n.Inviter.UID), Name: n.Inviter.Nickname}
	}
	if n.Operator.UIN != 0 {
		entry.Operator = &oidbpb.GroupNoticeUser{Uid: string(n.Operator.UID), Name: n.Operator.Nickname}
	}
	return entry
}
