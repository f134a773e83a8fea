package onebot

import (
	"context"
	"math"
	"strconv"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// Causes of failures of what manages groups.
var (
	ownerStays = cause("IS_OWNER", text.T(
		"the account owns the group; only with is_dismiss it leaves, and dissolves the group",
		"账号是群主；仅当 is_dismiss 为 true 时退出并解散该群"))
	noAnonymous = cause("NOT_SUPPORTED", text.T("QQ has no anonymous chat any more", "QQ 已取消匿名聊天"))

	banFailed  = cause("BAN_FAILED", apiError.Text)
	kickFailed = cause("KICK_FAILED", apiError.Text)
)

func manageActions() []row {
	return []row{
		table.Of("set_group_name", standard, Sends, text.T("Renames a group.", "设置群名。"),
			setGroupName, table.Fails(cause("SET_NAME_FAILED", apiError.Text), noGroup)),
		table.Of("set_group_special_title", standard, Sends, text.T("Gives a member a special title; only the owner may.", "设置群成员的专属头衔，仅群主可用。"),
			setGroupSpecialTitle, table.Fails(cause("SET_TITLE_FAILED", apiError.Text), noGroup, noMember)),
		table.Of("set_group_admin", standard, Sends, text.T("Makes a member an admin, or a plain member again; only the owner may.", "设置或取消群管理员，仅群主可用。"),
			setGroupAdmin, table.Fails(cause("SET_ADMIN_FAILED", apiError.Text), noGroup, noMember)),
		table.Of("set_group_ban", standard, Sends, text.T("Mutes a member, or lets them write again.", "禁言群成员，或解除禁言。"),
			setGroupBan, table.Fails(banFailed, noGroup, noMember)),
		table.Of("set_group_whole_ban", standard, Sends, text.T("Lets only the owner and admins write, or everybody again.", "开启或关闭全员禁言。"),
			setGroupWholeBan, table.Fails(banFailed, noGroup)),
		table.Of("set_group_kick", standard, Sends, text.T("Removes a member from a group.", "将成员移出群。"),
			setGroupKick, table.Fails(kickFailed, noGroup, noMember)),
		table.Of("set_group_kick_members", rare, Sends, text.T("Removes several members from a group.", "将多名成员移出群。"),
			setGroupKickMembers, table.Fails(kickFailed, noGroup, noMember)),
		table.Of("batch_delete_group_member", rare, Sends, text.T("Removes several members from a group.", "将多名成员移出群。"),
			batchDeleteGroupMember, table.Fails(kickFailed, noGroup, noMember)),
		table.Of("set_group_leave", standard, Sends, text.T("Leaves a group. With is_dismiss its owner does, too, which dissolves it.", "退出群；群主须带 is_dismiss，群随之解散。"),
			setGroupLeave, table.Fails(cause("LEAVE_FAILED", apiError.Text), noGroup, ownerStays)),
		table.Of("set_group_portrait", lagrange, Sends, text.T("Gives a group another picture; the owner and admins may.", "设置群头像，群主和管理员可用。"),
			setGroupPortrait, table.Fails(cause("SET_PORTRAIT_FAILED", apiError.Text), with(mediaCauses, noGroup)...)),
		table.Of("set_group_remark", common, Sends, text.T("Sets what the account calls a group.", "设置群备注。"),
			setGroupRemark, table.Fails(cause("SET_REMARK_FAILED", apiError.Text), noGroup)),
		table.Of("set_group_msg_mask", rare, Sends, text.T("Sets what the account's clients do with the messages of a group.", "设置群消息的接收方式。"),
			setGroupMsgMask, table.Fails(cause("SET_MASK_FAILED", apiError.Text), noGroup)),
		table.Of("get_group_at_all_remain", common, Lookups, text.T("Returns how often everybody can still be mentioned today.", "返回今日 @全体成员 的剩余次数。"),
			getGroupAtAllRemain, table.Fails(apiError, noGroup)),
		table.Of("get_group_shut_list", common, Lookups, text.T("Lists the members of a group who are muted.", "返回被禁言的群成员。"),
			getGroupShutList, table.Fails(membersFailed, noGroup)),
		table.Of("set_group_anonymous", standard, Sends, text.T("Always fails: QQ has no anonymous chat any more.", "始终失败：QQ 已取消匿名聊天。"),
			setGroupAnonymous, table.Fails(noAnonymous)),
		table.Of("set_group_anonymous_ban", standard, Sends, text.T("Always fails: QQ has no anonymous chat any more.", "始终失败：QQ 已取消匿名聊天。"),
			setGroupAnonymousBan, table.Fails(noAnonymous)),
	}
}

type groupNameParams struct {
	Group message.GroupCode `param:"group_id"`
	Name  string            `param:"group_name" en:"The name." zh:"群名。"`
}

func setGroupName(ctx context.Context, a *account, p groupNameParams) (table.None, error) {
	return table.None{}, a.client.Groups().Rename(ctx, p.Group, p.Name)
}

type titleParams struct {
	Group    message.GroupCode `param:"group_id"`
	User     message.UIN       `param:"user_id"`
	Title    string            `param:"special_title,optional" en:"The title; empty for none. The service takes about 18 bytes." zh:"专属头衔，留空则删除；服务器接受约 18 字节。"`
	Duration whole             `param:"duration,default=-1" en:"Without effect: titles do not expire." zh:"没有作用：头衔不会过期。"`
}

func setGroupSpecialTitle(ctx context.Context, a *account, p titleParams) (table.None, error) {
	return table.None{}, a.client.Members().SetTitle(ctx, p.Group, p.User, p.Title)
}

type adminParams struct {
	Group  message.GroupCode `param:"group_id"`
	User   message.UIN       `param:"user_id"`
	Enable bool              `param:"enable,default=true" en:"Whether they become an admin." zh:"是否设为管理员。"`
}

func setGroupAdmin(ctx context.Context, a *account, p adminParams) (table.None, error) {
	return table.None{}, a.client.Members().SetAdmin(ctx, p.Group, p.User, p.Enable)
}

type banParams struct {
	Group    message.GroupCode `param:"group_id"`
	User     message.UIN       `param:"user_id"`
	Duration whole             `param:"duration,default=1800" en:"For how many seconds; 0 lifts the mute. The service takes at most 30 days." zh:"禁言秒数，0 为解除；服务器最多接受 30 天。"`
}

func setGroupBan(ctx context.Context, a *account, p banParams) (table.None, error) {
	if p.Duration < 0 || p.Duration > math.MaxUint32 {
		return table.None{}, &table.Wrong{Name: "duration", What: text.T("must be 0 to %d", "必须在 0 到 %d 之间").Fill(uint32(math.MaxUint32))}
	}
	return table.None{}, a.client.Members().Mute(ctx, p.Group, p.User, time.Duration(p.Duration)*time.Second)
}

type wholeBanParams struct {
	Group  message.GroupCode `param:"group_id"`
	Enable bool              `param:"enable,default=true" en:"Whether only the owner and admins may write." zh:"是否仅群主和管理员可以发言。"`
}

func setGroupWholeBan(ctx context.Context, a *account, p wholeBanParams) (table.None, error) {
	return table.None{}, a.client.Groups().MuteAll(ctx, p.Group, p.Enable)
}

// kickParams are what the ways to remove members have in common.
type kickParams struct {
	Group  message.GroupCode `param:"group_id"`
	Reject bool              `param:"reject_add_request,default=false" en:"Whether their requests to join again are refused." zh:"是否拒绝此人再次加群。"`
	Reason string            `param:"message,optional" en:"The reason, for the service; clients do not show it." zh:"移出理由，发送给服务器；客户端不显示。"`
}

func (p kickParams) kick(ctx context.Context, a *account, users ...message.UIN) (table.None, error) {
	return table.None{}, a.client.Members().Kick(ctx, p.Group, users, ntqq.Kick{Block: p.Reject, Reason: p.Reason})
}

type kickOneParams struct {
	kickParams
	User message.UIN `param:"user_id"`
}

func setGroupKick(ctx context.Context, a *account, p kickOneParams) (table.None, error) {
	return p.kick(ctx, a, p.User)
}

type kickSeveralParams struct {
	kickParams
	Users []message.UIN `param:"user_id" en:"Who; all of them or, where one is refused, nobody." zh:"成员列表；其中有一人被拒绝时，全部不移出。"`
}

func setGroupKickMembers(ctx context.Context, a *account, p kickSeveralParams) (table.None, error) {
	return p.kick(ctx, a, p.Users...)
}

type batchDeleteParams struct {
	kickParams
	Users []message.UIN `param:"user_ids" en:"Who; all of them or, where one is refused, nobody." zh:"成员列表；其中有一人被拒绝时，全部不移出。"`
}

func batchDeleteGroupMember(ctx context.Context, a *account, p batchDeleteParams) (table.None, error) {
	return p.kick(ctx, a, p.Users...)
}

type leaveParams struct {
	Group   message.GroupCode `param:"group_id"`
	Dismiss bool              `param:"is_dismiss,default=false" en:"Whether an owner may leave, which dissolves the group." zh:"账号是群主时是否解散该群。"`
}

func setGroupLeave(ctx context.Context, a *account, p leaveParams) (table.None, error) {
	return table.None{}, a.client.Groups().Leave(ctx, p.Group, p.Dismiss)
}

// avatarParams are what both ways to set a picture have in common.
type avatarParams struct {
	File  string `param:"file" en:"The picture: a file that was received, file:// and the path, http(s)://, base64:// or data:." zh:"图片：收到过的 file、file:// 加路径、http(s)://、base64:// 或 data URI。"`
	Cache bool   `param:"cache,default=true" en:"Whether what was downloaded before is used again." zh:"是否使用已下载的内容。"`
}

func (p avatarParams) image(ctx context.Context, a *account) (*message.ImageSegment, error) {
	return a.image(ctx, "file", p.File, media.FetchOptions{NoCache: !p.Cache})
}

// image reads a parameter that says which picture is meant.
func (a *account) image(ctx context.Context, name, file string, how media.FetchOptions) (*message.ImageSegment, error) {
	known, source, err := a.reader.media.read(ctx, file, "", how)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return &message.ImageSegment{Medium: message.Medium{Source: source}}, nil
	}
	image, ok := known.(*message.ImageSegment)
	if !ok {
		return nil, &table.Wrong{Name: name, What: otherKind(known)}
	}
	image.Source = a.reader.media.kept(known)
	return image, nil
}

type portraitParams struct {
	Group message.GroupCode `param:"group_id"`
	avatarParams
}

func setGroupPortrait(ctx context.Context, a *account, p portraitParams) (resultObject, error) {
	image, err := p.image(ctx, a)
	if err != nil {
		return resultObject{}, err
	}
	return resultObject{}, a.client.Groups().SetAvatar(ctx, p.Group, image)
}

type remarkParams struct {
	Group  message.GroupCode `param:"group_id"`
	Remark string            `param:"remark,optional" en:"The remark; empty for none." zh:"群备注，留空则删除。"`
}

func setGroupRemark(ctx context.Context, a *account, p remarkParams) (table.None, error) {
	return table.None{}, a.client.Groups().SetRemark(ctx, p.Group, p.Remark)
}

type maskParams struct {
	Group message.GroupCode `param:"group_id"`
	Mask  whole             `param:"mask" en:"1 notify, 2 put into the box of groups, 3 do not receive, 4 receive silently." zh:"1 接收并提醒，2 收进群助手，3 屏蔽，4 接收不提醒。"`
}

func setGroupMsgMask(ctx context.Context, a *account, p maskParams) (table.None, error) {
	if p.Mask < 1 || p.Mask > whole(ntqq.MaskSilent) {
		return table.None{}, &table.Wrong{Name: "mask", What: text.T("must be 1 to 4", "必须在 1 到 4 之间")}
	}
	return table.None{}, a.client.Groups().SetMask(ctx, p.Group, ntqq.Mask(p.Mask))
}

type groupOnly struct {
	Group message.GroupCode `param:"group_id"`
}

type atAllResult struct {
	May     bool   `json:"can_at_all" en:"Whether the account may do it." zh:"账号能否 @全体成员。"`
	Group   uint32 `json:"remain_at_all_count_for_group" en:"How often it is left for all admins of the group." zh:"群内所有管理员的剩余次数。"`
	Account uint32 `json:"remain_at_all_count_for_uin" en:"How often it is left for the account." zh:"账号的剩余次数。"`
}

func getGroupAtAllRemain(ctx context.Context, a *account, p groupOnly) (atAllResult, error) {
	left, err := a.client.Groups().AtAllRemain(ctx, p.Group)
	return atAllResult{left.Allowed, left.Group, left.Account}, err
}

// mutedMember is a member, and what NapCat calls the same facts.
type mutedMember struct {
	memberInfo
	UIN   string `json:"uin" en:"The number, as a text." zh:"QQ 号，为字符串。"`
	Nick  string `json:"nick" en:"The nickname, once more." zh:"昵称，同上。"`
	Named string `json:"cardName" en:"The name in the group, once more." zh:"群名片，同上。"`
	Until int64  `json:"shutUpTime" en:"Until when they are muted, once more." zh:"禁言到期时间，同上。"`
}

func getGroupShutList(ctx context.Context, a *account, p groupOnly) ([]mutedMember, error) {
	members, err := a.client.Members().List(ctx, p.Group, false)
	if err != nil {
		return nil, err
	}
	now, list := a.clock.Now().Unix(), []mutedMember{}
	for _, m := range members {
		if m.MuteUntil > now {
			list = append(list, mutedMember{newMemberInfo(p.Group, m), strconv.FormatUint(uint64(m.UIN), 10), m.Nickname, m.Card, m.MuteUntil})
		}
	}
	return list, nil
}

type anonymousParams struct {
	Group  message.GroupCode `param:"group_id"`
	Enable bool              `param:"enable,default=true" en:"Whether members may be anonymous." zh:"是否允许匿名聊天。"`
}

func setGroupAnonymous(context.Context, *account, anonymousParams) (table.None, error) {
	return table.None{}, failure(noAnonymous)
}

type anonymousBanParams struct {
	Group     message.GroupCode `param:"group_id"`
	Anonymous Params            `param:"anonymous,optional" en:"The anonymous member of an event." zh:"事件中的匿名成员。"`
	Flag      string            `param:"anonymous_flag|flag,optional" en:"Its flag." zh:"匿名成员的 flag。"`
	Duration  whole             `param:"duration,default=1800" en:"For how many seconds." zh:"禁言秒数。"`
}

func setGroupAnonymousBan(context.Context, *account, anonymousBanParams) (table.None, error) {
	return table.None{}, failure(noAnonymous)
}
