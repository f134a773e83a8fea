package onebot

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func historyActions() []row {
	marks := table.Fails(apiError, noMessage, noGroup, noFriend, tempChat)
	return []row{
		table.Of("get_group_msg_history", lagrange, Lookups, text.T(
			"Returns messages of a group, old to new: the newest, or those before or after one. What is fetched is stored.",
			"返回群历史消息，按从旧到新排列：最新的消息，或某条消息之前或之后的消息。获取到的消息会保存到消息库。"),
			getGroupMsgHistory, table.Fails(apiError, noMessage, noGroup)),
		table.Of("get_friend_msg_history", lagrange, Lookups, text.T(
			"Returns messages of a private chat, as get_group_msg_history does.", "返回私聊历史消息，规则与 get_group_msg_history 相同。"),
			getFriendMsgHistory, table.Fails(apiError, noMessage, noFriend)),
		table.Of("mark_msg_as_read", lagrange, Sends, text.T(
			"Marks a chat as read, up to a message or up to its newest.", "将会话标记为已读：到指定消息，或到最新消息为止。"), markMsgAsRead, marks),
		table.Of("mark_group_msg_as_read", rare, Sends, text.T("The same.", "同 mark_msg_as_read。"), markMsgAsRead, marks),
		table.Of("mark_private_msg_as_read", rare, Sends, text.T("The same.", "同 mark_msg_as_read。"), markMsgAsRead, marks),
		table.Of("forward_friend_single_msg", common, Sends, text.T(
			"Sends the content of a message to a friend. In another chat its quote is left out, and its mentions are text.",
			"把一条消息的内容发送给好友。发到其他会话时去掉引用，@ 变为普通文本。"),
			forwardFriendSingleMsg, table.Fails(sendFailed, with(sendCauses, noFriend)...)),
		table.Of("forward_group_single_msg", common, Sends, text.T(
			"Sends the content of a message to a group, as forward_friend_single_msg does.", "把一条消息的内容发送到群，规则与 forward_friend_single_msg 相同。"),
			forwardGroupSingleMsg, table.Fails(sendFailed, with(sendCauses, noGroup)...)),
	}
}

// pageParams say which page of a history is wanted.
type pageParams struct {
	Message  messageID `param:"message_id,optional" en:"The message to begin with, which is included." zh:"起始消息的 id，结果包含该消息。"`
	Sequence whole     `param:"message_seq,optional" en:"The same: a message id, or the number of a message in the chat (message_seq of events). Without both, or with 0: the newest." zh:"同上：消息 id，或消息在会话中的序号（事件中的 message_seq）。两者都省略或为 0 时从最新消息开始。"`
	Count    whole     `param:"count,default=20" en:"How many, at most 1000." zh:"消息数量，最多 1000。"`
	Reverse  *bool     `param:"reverse_order|reverseOrder" en:"false: that message and newer ones. true, or without it: that message and older ones." zh:"false：该消息及更新的消息；true 或省略：该消息及更旧的消息。"`
}

type groupHistoryParams struct {
	Group message.GroupCode `param:"group_id"`
	pageParams
}

type friendHistoryParams struct {
	User message.UIN `param:"user_id" en:"Number of the friend." zh:"好友的 QQ 号。"`
	pageParams
}

type historyResult struct {
	Messages []messageObject `json:"messages" en:"The messages, old to new, as get_msg returns them." zh:"消息列表，从旧到新，格式与 get_msg 相同。"`
}

func getGroupMsgHistory(ctx context.Context, a *account, p groupHistoryParams) (table.Encoded[historyResult], error) {
	return a.history(ctx, message.Chat{Kind: message.Group, Group: p.Group}, p.pageParams)
}

func getFriendMsgHistory(ctx context.Context, a *account, p friendHistoryParams) (table.Encoded[historyResult], error) {
	return a.history(ctx, message.Chat{Kind: message.Friend, Peer: p.User}, p.pageParams)
}

// What pages of histories may take: what a few bytes of a stranger become may be large.
const (
	maxPaging = 8        // at once; more wait
	maxPaged  = 16 << 20 // bytes of one result, about
)

// history fetches a page and stores it, so that its ids can be used. A message that says
// nothing is left out, as it is no event either, and so are those that are too much: the
// ones that are furthest from the beginning.
func (a *account) history(ctx context.Context, chat message.Chat, p pageParams) (table.Encoded[historyResult], error) {
	from, err := a.begin(ctx, chat, p)
	if err != nil {
		return nil, err
	}
	done, err := takes(ctx, a.paging)
	if err != nil {
		return nil, err
	}
	defer done()
	newer := p.Reverse != nil && !*p.Reverse
	found, err := a.client.Messages().History(ctx, chat, ntqq.HistoryQuery{
		From: from, Count: int(min(p.Count, ntqq.MaxHistory)), Newer: newer,
	})
	if err != nil {
		return nil, err
	}
	if !newer || from == 0 {
		slices.Reverse(found)
	}
	var objects [][]byte
	size := 0
	for _, m := range found {
		if len(m.Content) == 0 || size > maxPaged {
			continue
		}
		object := a.writer.object(a.completed(ctx, m), a.gateway.Fetched(m))
		objects = append(objects, object)
		size += len(object)
	}
	if !newer || from == 0 {
		slices.Reverse(objects)
	}
	b := append(make([]byte, 0, size+len(objects)+len(`{"messages":[]}`)), `{"messages":[`...)
	return append(append(b, bytes.Join(objects, []byte(","))...), ']', '}'), nil
}

// begin returns the sequence that a page begins with; 0 is the newest. Some clients put
// a message id into message_seq, one puts its value into both (docs/protocol/onebot11.md
// b.1).
func (a *account) begin(ctx context.Context, chat message.Chat, p pageParams) (uint64, error) {
	in, sequence, found, err := a.place(ctx, int32(p.Message))
	switch {
	case err != nil:
		return 0, err
	case found && !sameChat(in, chat):
		return 0, badParams(text.T("message_id %d is a message of another chat", "message_id %d 是其他会话的消息").Fill(p.Message))
	case found:
		return sequence, nil
	case p.Message != 0 && p.Sequence == 0:
		return 0, noSuchMessage(noMessage, int32(p.Message))
	}
	if math.MinInt32 <= p.Sequence && p.Sequence <= math.MaxInt32 {
		in, sequence, found, err = a.place(ctx, int32(p.Sequence))
		switch {
		case err != nil:
			return 0, err
		case found && sameChat(in, chat):
			return sequence, nil
		}
	}
	if p.Sequence < 0 {
		return 0, noSuchMessage(noMessage, int32(max(p.Sequence, math.MinInt32)))
	}
	return uint64(p.Sequence), nil
}

type markParams struct {
	Message messageID         `param:"message_id,optional" en:"Up to this message." zh:"标记到该消息为止。"`
	Group   message.GroupCode `param:"group_id,optional" en:"Without message_id: the group to mark as read, up to its newest message." zh:"没有 message_id 时：要标记的群，到最新消息为止。"`
	User    message.UIN       `param:"user_id,optional" en:"Without both: the friend whose chat to mark." zh:"没有以上两项时：要标记的私聊好友。"`
}

func markMsgAsRead(ctx context.Context, a *account, p markParams) (none table.None, err error) {
	switch {
	case p.Message != 0:
		var m *message.Message
		if m, err = a.message(ctx, int32(p.Message), noMessage); err == nil {
			err = a.client.Messages().MarkRead(ctx, m)
		}
	case p.Group != 0:
		err = a.client.Messages().MarkChatRead(ctx, message.Chat{Kind: message.Group, Group: p.Group})
	case p.User != 0:
		err = a.client.Messages().MarkChatRead(ctx, message.Chat{Kind: message.Friend, Peer: p.User})
	default:
		err = &table.Wrong{Name: "message_id", What: missing}
	}
	return none, err
}

type forwardFriendParams struct {
	Message messageID   `param:"message_id"`
	User    message.UIN `param:"user_id" en:"Number of the friend." zh:"好友的 QQ 号。"`
}

func forwardFriendSingleMsg(ctx context.Context, a *account, p forwardFriendParams) (messageIDResult, error) {
	return a.sendAgain(ctx, message.Chat{Kind: message.Friend, Peer: p.User}, int32(p.Message))
}

type forwardGroupParams struct {
	Message messageID         `param:"message_id"`
	Group   message.GroupCode `param:"group_id"`
}

func forwardGroupSingleMsg(ctx context.Context, a *account, p forwardGroupParams) (messageIDResult, error) {
	return a.sendAgain(ctx, message.Chat{Kind: message.Group, Group: p.Group}, int32(p.Message))
}

// sendAgain sends the content of a message to a chat.
func (a *account) sendAgain(ctx context.Context, chat message.Chat, id int32) (messageIDResult, error) {
	m, err := a.message(ctx, id, noMessage)
	if err != nil {
		return messageIDResult{}, err
	}
	content := m.Content
	if !sameChat(chat, m.Chat) {
		content = elsewhere(content)
	}
	if len(content) == 0 {
		return messageIDResult{}, failure(emptyMessage)
	}
	sent, err := a.deliver(ctx, chat, content)
	if err != nil {
		return messageIDResult{}, err
	}
	return a.sent(ctx, sent), nil
}

// elsewhere is content for another chat: what it quotes is not there, and whom it
// mentions may not be.
func elsewhere(content message.Content) message.Content {
	out := make(message.Content, 0, len(content))
	for _, seg := range content {
		switch s := seg.(type) {
		case *message.ReplySegment:
		case *message.AtSegment:
			out = append(out, message.Text(cmp.Or(s.Display, "@"+fmt.Sprint(s.UIN))))
		default:
			out = append(out, seg)
		}
	}
	return out
}
