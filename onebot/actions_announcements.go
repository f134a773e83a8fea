package onebot

import (
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

func announcementActions() []row {
	deleted := text.T("Takes an announcement of a group down. The owner and admins may.", "删除群公告，需要群主或管理员权限。")
	deleting := table.Fails(cause("DELETE_NOTICE_FAILED", apiError.Text), noGroup, webLogin)
	return []row{
		table.Of("_send_group_notice", lagrange, Sends, text.T("Puts an announcement up in a group. The owner and admins may.", "发布群公告，需要群主或管理员权限。"),
			sendGroupNotice, table.Fails(cause("SEND_NOTICE_FAILED", apiError.Text), with(mediaCauses, noGroup, webLogin)...)),
		table.Of("_get_group_notice", lagrange, Lookups, text.T("Lists the newest announcements of a group, at most 20, and marks them as read.", "返回最新的群公告（最多 20 条），并标为已读。"),
			getGroupNotice, table.Fails(cause("GET_NOTICE_FAILED", apiError.Text), noGroup, webLogin)),
		table.Of("_del_group_notice", lagrange, Sends, deleted, delGroupNotice, deleting),
		table.Of("_delete_group_notice", rare, Sends, deleted, delGroupNotice, deleting),
	}
}

type sendNoticeParams struct {
	Group     message.GroupCode `param:"group_id"`
	Content   string            `param:"content,optional" en:"The text." zh:"公告内容。"`
	Image     string            `param:"image,optional" en:"A picture: a file that was received, file:// and the path, http(s)://, base64:// or data:." zh:"图片：收到过的 file、file:// 加路径、http(s)://、base64:// 或 data URI。"`
	Pinned    bool              `param:"pinned,default=false" en:"Whether it is listed first." zh:"是否置顶。"`
	Type      whole             `param:"type,default=1" en:"1, or 20: those who join are shown it." zh:"1；20 表示发给新成员。"`
	Newcomers bool              `param:"send_new_member,default=false" en:"The same as type 20." zh:"同 type 20：是否发给新成员。"`
	Confirm   bool              `param:"confirm_required,default=true" en:"Whether members are asked to confirm that they have read it." zh:"是否需要成员确认收到。"`
	EditCard  bool              `param:"is_show_edit_card,default=false" en:"Whether members are asked to change their card." zh:"是否引导成员修改群名片。"`
	TipWindow bool              `param:"tip_window_type|tip_window,default=false" en:"How it pops up, as the service counts: 0 or 1." zh:"弹窗方式，服务器的编号：0 或 1。"`
}

type noticeID struct {
	ID string `json:"notice_id" en:"Id of the announcement." zh:"公告 id。"`
}

func sendGroupNotice(ctx context.Context, a *account, p sendNoticeParams) (noticeID, error) {
	if p.Content == "" && p.Image == "" {
		return noticeID{}, &table.Wrong{Name: "content", What: missing}
	}
	n := ntqq.NewAnnouncement{
		Text: p.Content, Pinned: p.Pinned, Newcomers: p.Newcomers || p.Type == 20,
		AnnouncementSettings: ntqq.AnnouncementSettings{EditCard: p.EditCard, Confirm: p.Confirm},
	}
	if p.TipWindow {
		n.TipWindow = 1
	}
	if p.Image != "" {
		image, err := a.image(ctx, "image", p.Image, media.FetchOptions{})
		if err != nil {
			return noticeID{}, err
		}
		n.Picture = image
	}
	id, err := a.client.Announcements().Publish(ctx, p.Group, n)
	return noticeID{id}, err
}

type noticeInfo struct {
	ID       string        `json:"notice_id" en:"Id of the announcement." zh:"公告 id。"`
	Sender   message.UIN   `json:"sender_id" en:"Who put it up." zh:"发布者。"`
	Time     int64         `json:"publish_time" en:"When, Unix seconds." zh:"发布时间，Unix 秒。"`
	Message  noticeMessage `json:"message" en:"What it says." zh:"公告内容。"`
	Settings noticeOptions `json:"settings" en:"How members are shown it." zh:"公告设置。"`
	Readers  int           `json:"read_num" en:"How many members have read it." zh:"已读人数。"`
}

type noticeMessage struct {
	Text   string        `json:"text" en:"The text." zh:"文字。"`
	Images []noticeImage `json:"images" en:"The pictures." zh:"图片。"`
	Image  []noticeImage `json:"image" en:"The same, as another service calls it." zh:"同上，另一服务的字段名。"`
}

type noticeImage struct {
	ID     string `json:"id" en:"Id of the picture." zh:"图片 id。"`
	Height string `json:"height" en:"Height in pixels, as text." zh:"高度，像素（字符串）。"`
	Width  string `json:"width" en:"Width in pixels, as text." zh:"宽度，像素（字符串）。"`
}

type noticeOptions struct {
	EditCard  bool   `json:"is_show_edit_card" en:"Whether members are asked to change their card." zh:"是否引导成员修改群名片。"`
	TipWindow uint32 `json:"tip_window_type" en:"How it pops up, as the service counts." zh:"弹窗方式，服务器的编号。"`
	Tip       bool   `json:"tip_window" en:"Whether that is not 0." zh:"弹窗方式是否不为 0。"`
	Confirm   bool   `json:"confirm_required" en:"Whether members are asked to confirm that they have read it." zh:"是否需要成员确认收到。"`
	Pinned    bool   `json:"pinned" en:"Whether it is listed first." zh:"是否置顶。"`
	Newcomers bool   `json:"send_new_member" en:"Whether those who join are shown it." zh:"是否发给新成员。"`
}

func getGroupNotice(ctx context.Context, a *account, p oneGroupParams) ([]noticeInfo, error) {
	all, err := a.client.Announcements().List(ctx, p.Group)
	if err != nil {
		return nil, err
	}
	list := make([]noticeInfo, 0, len(all))
	for _, n := range all {
		info := noticeInfo{
			ID: n.ID, Sender: n.Sender, Time: n.Time, Message: noticeMessage{Text: n.Text, Images: []noticeImage{}}, Readers: n.Readers,
			Settings: noticeOptions{
				EditCard: n.EditCard, TipWindow: n.TipWindow, Tip: n.TipWindow != 0, Confirm: n.Confirm, Pinned: n.Pinned, Newcomers: n.Newcomers,
			},
		}
		for _, i := range n.Pictures {
			info.Message.Images = append(info.Message.Images, noticeImage{i.ID, side(i.Height), side(i.Width)})
		}
		info.Message.Image = info.Message.Images
		list = append(list, info)
	}
	return list, nil
}

func side(pixels uint32) string { return strconv.FormatUint(uint64(pixels), 10) }

type noticeParams struct {
	Group message.GroupCode `param:"group_id"`
	ID    string            `param:"notice_id" en:"Id of the announcement." zh:"公告 id。"`
}

func delGroupNotice(ctx context.Context, a *account, p noticeParams) (table.None, error) {
	return table.None{}, a.client.Announcements().Delete(ctx, p.Group, p.ID)
}
