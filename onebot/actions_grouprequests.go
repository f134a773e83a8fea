package onebot

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

func groupRequestActions() []row {
	return []row{
		table.Of("set_group_add_request", standard, Sends, text.T(
			"Decides about a request to join a group, or about an invitation.", "处理加群请求或群邀请。"),
			setGroupAddRequest, table.Fails(answerFailed, noFlag)),
		table.Of("get_group_requests", lagrange, Lookups, text.T(
			"Lists the requests about groups that wait for a decision, as events.", "以事件的形式返回待处理的加群请求和群邀请。"),
			getGroupRequests, table.Fails(answerFailed)),
		table.Of("get_group_system_msg", common, Lookups, text.T(
			"Lists the newest requests about groups, decided or not.", "返回最近的加群请求和群邀请，包括已处理的。"),
			getGroupSystemMsg, table.Fails(answerFailed)),
		table.Of("get_group_ignore_add_request", common, Lookups, text.T(
			"Lists the newest requests to join that the service has filtered.", "返回最近被过滤的加群请求。"),
			getGroupIgnoreAddRequest, table.Fails(answerFailed)),
		table.Of("get_group_ignored_notifies", rare, Lookups, text.T(
			"Lists the newest requests about groups that the service has filtered.", "返回最近被过滤的加群通知。"),
			getGroupIgnoredNotifies, table.Fails(answerFailed)),
	}
}

// groupFlag is the flag of a request: {sequence}-{group}-{kind}-{0|1 filtered}, as Lagrange
// has it. One whose sequence was not found has 0 there, and at the end the text id of who
// asks. So it needs no memory.
func groupFlag(r ntqq.GroupRequest) string {
	filtered := 0
	if r.Filtered {
		filtered = 1
	}
	flag := fmt.Sprintf("%d-%d-%d-%d", r.Sequence, r.Group, r.Kind, filtered)
	if r.Sequence == 0 {
		flag += "-" + string(r.Asker)
	}
	return flag
}

// parseGroupFlag reads a flag. Other services' programs give the sequence alone.
func parseGroupFlag(flag string) (ntqq.GroupRequest, bool) {
	parts := strings.SplitN(flag, "-", 5)
	numbers := [4]uint64{}
	for i, part := range parts[:min(len(parts), len(numbers))] {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return ntqq.GroupRequest{}, false
		}
		numbers[i] = n
	}
	r := ntqq.GroupRequest{
		Sequence: numbers[0], Group: message.GroupCode(numbers[1]), Kind: ntqq.GroupNoticeKind(numbers[2]), Filtered: numbers[3] == 1,
	}
	if len(parts) == 5 {
		r.Asker = message.UID(parts[4])
	}
	switch {
	case len(parts) == 1:
		return r, r.Sequence != 0
	case len(parts) < 3 || !r.Kind.IsRequest() || numbers[3] > 1 || len(r.Asker) > event.MaxUID:
		return r, false
	case len(parts) == 5: // an invitation may be of somebody who is not known
		return r, r.Sequence == 0 && (r.Asker != "" || r.Kind == ntqq.NoticeInvitation)
	}
	return r, r.Sequence != 0
}

type groupAnswerParams struct {
	Flag    string `param:"flag" en:"From the event, or a request_id." zh:"事件中的 flag，也可以是 request_id。"`
	SubType string `param:"sub_type|type,optional" en:"Not needed: the flag says it." zh:"可省略，flag 中已包含。"`
	Approve bool   `param:"approve,default=true" en:"Accept it; else refuse it." zh:"是否同意。"`
	Reason  string `param:"reason,optional" en:"For who asks, when it is refused." zh:"拒绝理由，仅拒绝时有效。"`
}

func setGroupAddRequest(ctx context.Context, a *account, p groupAnswerParams) (table.None, error) {
	r, ok := parseGroupFlag(p.Flag)
	if !ok {
		return table.None{}, failure(noFlag)
	}
	verdict := ntqq.Refuse
	if p.Approve {
		verdict, p.Reason = ntqq.Accept, ""
	}
	return table.None{}, a.client.Requests().AnswerGroup(ctx, r, verdict, p.Reason)
}

// tellJoinRequest tells of somebody who asks to join.
func tellJoinRequest(_ *writer, b []byte, e *event.GroupJoinRequest) []byte {
	r, _ := ntqq.GroupRequestOf(e)
	return requestFields(b, r, e.Applicant, 0, e.Comment)
}

// tellInvitedJoin tells of somebody whom a member wants in: who is invited asks.
func tellInvitedJoin(_ *writer, b []byte, e *event.GroupInvitedJoinRequest) []byte {
	r, _ := ntqq.GroupRequestOf(e)
	return requestFields(b, r, e.Target, e.Inviter.UIN, e.Comment)
}

// tellInvitation tells that the account itself is invited.
func tellInvitation(_ *writer, b []byte, e *event.GroupInvitation) []byte {
	r, _ := ntqq.GroupRequestOf(e)
	return requestFields(b, r, e.Inviter, 0, "")
}

func requestFields(b []byte, r ntqq.GroupRequest, user event.Person, inviter message.UIN, comment string) []byte {
	b = uintField(b, "group_id", r.Group)
	b = personField(b, "user", user)
	b = uintField(b, "invitor_id", inviter)
	b = textField(b, "comment", comment)
	return textField(b, "flag", groupFlag(r))
}

// groupRequest is a request as its event has it.
type groupRequest struct {
	Time        int64             `json:"time" en:"When it came, Unix seconds." zh:"请求时间，Unix 秒。"`
	SelfID      message.UIN       `json:"self_id"`
	PostType    string            `json:"post_type" enum:"request" en:"request" zh:"固定为 request。"`
	RequestType string            `json:"request_type" enum:"group" en:"group" zh:"固定为 group。"`
	SubType     string            `json:"sub_type" enum:"add,invite" en:"add, or invite: the account itself is invited." zh:"add：加群请求；invite：邀请机器人入群。"`
	GroupID     message.GroupCode `json:"group_id"`
	UserID      message.UIN       `json:"user_id" en:"Who asks; of invite who invites." zh:"申请人；invite 时为邀请人。"`
	InvitorID   message.UIN       `json:"invitor_id" en:"Who invites user_id; 0: nobody." zh:"邀请 user_id 的人，没有时为 0。"`
	Comment     string            `json:"comment" en:"What was written with it." zh:"验证信息。"`
	Flag        string            `json:"flag" en:"For set_group_add_request." zh:"用于 set_group_add_request。"`
}

func getGroupRequests(ctx context.Context, a *account, _ table.None) ([]groupRequest, error) {
	notices, err := a.client.Requests().Groups(ctx, 0)
	if err != nil {
		return nil, err
	}
	list := []groupRequest{}
	for _, n := range notices {
		if n.State != ntqq.NoticePending {
			continue
		}
		r := groupRequest{
			Time: n.Time, SelfID: a.client.Self().UIN, PostType: "request", RequestType: "group", SubType: "add",
			GroupID: n.Group, UserID: n.Target.UIN, InvitorID: n.Inviter.UIN, Comment: n.Comment, Flag: groupFlag(n.Request()),
		}
		if n.Kind == ntqq.NoticeInvitation {
			r.SubType, r.UserID, r.InvitorID = "invite", n.Inviter.UIN, 0
		}
		list = append(list, r)
	}
	return list, nil
}

type systemMsg struct {
	Invited []invitedRequest `json:"invited_requests" en:"Invitations of the account." zh:"邀请机器人入群的请求。"`
	Again   []invitedRequest `json:"InvitedRequest" en:"The invitations, once more." zh:"邀请机器人入群的请求，同上。"`
	Join    []joinRequest    `json:"join_requests" en:"Requests to join." zh:"加群请求。"`
}

type invitedRequest struct {
	ID          uint64            `json:"request_id" en:"Sequence of the request; a flag, too." zh:"请求序号，也可用作 flag。"`
	InvitorUIN  message.UIN       `json:"invitor_uin" en:"Who invites." zh:"邀请人。"`
	InvitorNick string            `json:"invitor_nick" en:"Nickname of who invites." zh:"邀请人昵称。"`
	Nick        string            `json:"requester_nick" en:"The same." zh:"同上。"`
	Message     string            `json:"message" en:"What was written with it." zh:"验证信息。"`
	GroupID     message.GroupCode `json:"group_id"`
	GroupName   string            `json:"group_name" en:"Name of the group." zh:"群名称。"`
	Checked     bool              `json:"checked" en:"It was decided." zh:"是否已处理。"`
	Actor       message.UIN       `json:"actor" en:"Who decided; 0: nobody, or it is not known." zh:"处理者，未处理或未知时为 0。"`
	Filtered    bool              `json:"is_filtered" en:"The service has filtered it." zh:"是否被过滤。"`
}

type joinRequest struct {
	ID            uint64            `json:"request_id" en:"Sequence of the request; a flag, too." zh:"请求序号，也可用作 flag。"`
	RequesterUIN  message.UIN       `json:"requester_uin" en:"Who asks." zh:"申请人。"`
	RequesterNick string            `json:"requester_nick" en:"Nickname of who asks." zh:"申请人昵称。"`
	InvitorUIN    message.UIN       `json:"invitor_uin" en:"Who invites who asks; 0: nobody. With the flavour napcat who asks is here, too: its records have no requester_uin." zh:"邀请人，没有时为 0；flavour 为 napcat 时为申请人，因为 NapCat 的记录中没有 requester_uin。"`
	InvitorNick   string            `json:"invitor_nick" en:"Nickname of who invites." zh:"邀请人昵称。"`
	Message       string            `json:"message" en:"What was written with it." zh:"验证信息。"`
	GroupID       message.GroupCode `json:"group_id"`
	GroupName     string            `json:"group_name" en:"Name of the group." zh:"群名称。"`
	Checked       bool              `json:"checked" en:"It was decided." zh:"是否已处理。"`
	Actor         message.UIN       `json:"actor" en:"Who decided; 0: nobody, or it is not known." zh:"处理者，未处理或未知时为 0。"`
	Filtered      bool              `json:"is_filtered" en:"The service has filtered it." zh:"是否被过滤。"`
}

type countParams struct {
	Count whole `param:"count,default=50" en:"How many entries of the lists are read, at most 1000." zh:"读取的通知条数，最多 1000。"`
}

// systemMessages reads the requests, all of them or the filtered ones.
func systemMessages(ctx context.Context, a *account, count whole, filtered bool) (systemMsg, error) {
	list := systemMsg{Invited: []invitedRequest{}, Again: []invitedRequest{}, Join: []joinRequest{}}
	notices, err := a.client.Requests().Groups(ctx, int(min(max(count, 1), 1000)))
	if err != nil {
		return list, err
	}
	for _, n := range notices {
		checked := n.State != ntqq.NoticePending
		switch {
		case filtered && !n.Filtered:
		case n.Kind == ntqq.NoticeInvitation:
			list.Invited = append(list.Invited, invitedRequest{
				n.Sequence, n.Inviter.UIN, n.Inviter.Name, n.Inviter.Name, n.Comment, n.Group, n.GroupName, checked, n.Operator.UIN, n.Filtered,
			})
		default:
			if n.Inviter.UIN == 0 && a.writer.flavour&NapCat != 0 {
				n.Inviter = n.Target
			}
			list.Join = append(list.Join, joinRequest{
				n.Sequence, n.Target.UIN, n.Target.Name, n.Inviter.UIN, n.Inviter.Name, n.Comment,
				n.Group, n.GroupName, checked, n.Operator.UIN, n.Filtered,
			})
		}
	}
	list.Again = list.Invited
	return list, nil
}

func getGroupSystemMsg(ctx context.Context, a *account, p countParams) (systemMsg, error) {
	return systemMessages(ctx, a, p.Count, false)
}

func getGroupIgnoredNotifies(ctx context.Context, a *account, p countParams) (systemMsg, error) {
	return systemMessages(ctx, a, p.Count, true)
}

func getGroupIgnoreAddRequest(ctx context.Context, a *account, p countParams) ([]joinRequest, error) {
	list, err := systemMessages(ctx, a, p.Count, true)
	return list.Join, err
}
