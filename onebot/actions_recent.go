package onebot

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func recentActions() []row {
	return []row{
		table.Of("get_recent_contact", rare, Lookups,
			text.T("Lists the chats that had a message last, each with its newest, by the message store.", "返回最近会话及各自的最新消息，来自消息库。"),
			getRecentContact),
	}
}

type recentParams struct {
	Count whole `param:"count,default=10" en:"How many, at most 100." zh:"会话数量，最多 100。"`
}

const maxRecent = 100

// recentContact is a chat. M is its message.
type recentContact[M any] struct {
	Last       M      `json:"lastestMsg" en:"The newest message, as get_msg returns it." zh:"最新消息，格式与 get_msg 相同。"`
	Peer       string `json:"peerUin" en:"Number of the group or the other side." zh:"群号或对方的 QQ 号。"`
	Remark     string `json:"remark" en:"What the account calls them." zh:"备注名。"`
	Time       string `json:"msgTime" en:"When the message was sent, Unix seconds." zh:"消息时间，Unix 秒。"`
	Kind       uint32 `json:"chatType" en:"1: a friend, 2: a group, 100: somebody through a group." zh:"1 为好友，2 为群，100 为群临时会话。"`
	ID         string `json:"msgId" en:"The message_id, as a text." zh:"message_id 的文本。"`
	SenderName string `json:"sendNickName" en:"Nickname of the sender." zh:"发送者昵称。"`
	SenderCard string `json:"sendMemberName" en:"Name of the sender in the group." zh:"发送者的群名片。"`
	PeerName   string `json:"peerName" en:"Name of the group or the other side; may be empty." zh:"群名称或对方的昵称，可为空。"`
}

func getRecentContact(ctx context.Context, a *account, p recentParams) (table.Encoded[[]recentContact[messageObject]], error) {
	ids, err := a.gateway.Recent(ctx, int(min(max(p.Count, 0), maxRecent)))
	if err != nil {
		return nil, unreadable(err)
	}
	done, err := takes(ctx, a.paging)
	if err != nil {
		return nil, err
	}
	defer done()
	// Without the lists there are no remarks.
	friends, _ := a.client.Friends().List(ctx, false)
	groups, _ := a.client.Groups().List(ctx, false)
	list := []recentContact[json.RawMessage]{}
	size := 0
	for _, id := range ids {
		m, err := a.gateway.Message(id)
		if err != nil || m == nil || size > maxPaged { // trimmed a moment ago
			continue
		}
		c := recentContact[json.RawMessage]{
			Last: a.writer.object(a.completed(ctx, m), id), Time: strconv.FormatInt(m.Time, 10),
			ID: strconv.Itoa(int(id)), SenderName: m.Sender.Nickname, SenderCard: m.Sender.Card,
		}
		size += len(c.Last)
		c.about(m, friends, groups)
		list = append(list, c)
	}
	return json.Marshal(list)
}

// The kinds of chats, as NapCat numbers them.
const (
	recentFriend = 1
	recentGroup  = 2
	recentTemp   = 100
)

// about fills in whose chat it is.
func (c *recentContact[M]) about(m *message.Message, friends []ntqq.Friend, groups []ntqq.Group) {
	if m.Chat.Kind == message.Group {
		c.Kind, c.Peer, c.PeerName = recentGroup, strconv.FormatUint(uint64(m.Chat.Group), 10), m.GroupName
		if i := slices.IndexFunc(groups, func(g ntqq.Group) bool { return g.Code == m.Chat.Group }); i >= 0 {
			c.PeerName, c.Remark = groups[i].Name, groups[i].Remark
		}
		return
	}
	c.Kind, c.Peer = recentFriend, strconv.FormatUint(uint64(m.Chat.Peer), 10)
	if m.Chat.Kind == message.Temp {
		c.Kind = recentTemp
	}
	if m.Sender.UIN == m.Chat.Peer {
		c.PeerName = m.Sender.Nickname
	}
	if i := slices.IndexFunc(friends, func(f ntqq.Friend) bool { return f.UIN == m.Chat.Peer }); i >= 0 {
		c.PeerName, c.Remark = friends[i].Nickname, friends[i].Remark
	}
}
