package onebot

import (
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

func essenceActions() []row {
	return []row{
		table.Of("get_essence_msg_list", lagrange, Lookups, text.T("Lists the best messages of a group, the latest choice first: at most 1,000.", "返回群精华消息列表，最近设置的在前，最多 1000 条。"),
			getEssenceMsgList, table.Fails(cause("GET_ESSENCE_LIST_FOUND", apiError.Text), noGroup, webLogin)),
	}
}

type essenceObject struct {
	Sender       message.UIN      `json:"sender_id" en:"Who sent it." zh:"发送者的 QQ 号。"`
	SenderNick   string           `json:"sender_nick" en:"Nickname of who sent it." zh:"发送者的昵称。"`
	SenderTime   int64            `json:"sender_time" en:"When it was sent, Unix seconds." zh:"发送时间，Unix 秒。"`
	Operator     message.UIN      `json:"operator_id" en:"Who chose it." zh:"设为精华者的 QQ 号。"`
	OperatorNick string           `json:"operator_nick" en:"Nickname of who chose it." zh:"设为精华者的昵称。"`
	OperatorTime int64            `json:"operator_time" en:"When it was chosen, Unix seconds." zh:"设为精华的时间，Unix 秒。"`
	ID           messageID        `json:"message_id"`
	Sequence     uint64           `json:"msg_seq" en:"Its number in the group." zh:"在群中的序号。"`
	Random       uint32           `json:"msg_random" en:"Its random number." zh:"消息的随机数。"`
	Content      []messageSegment `json:"content" en:"Its segments, as the list has them: texts, faces, pictures and files." zh:"列表给出的消息段：文本、表情、图片和文件。"`
}

func getEssenceMsgList(ctx context.Context, a *account, p oneGroupParams) (table.Encoded[[]essenceObject], error) {
	list, err := a.client.Messages().Essences(ctx, p.Group)
	if err != nil {
		return nil, err
	}
	chat := message.Chat{Kind: message.Group, Group: p.Group}
	r := a.writer.renders.Get().(*rendering)
	defer a.writer.release(r)
	b := []byte{'['}
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"sender_id":`...)
		b = strconv.AppendUint(b, uint64(e.Sender), 10)
		b = textField(b, "sender_nick", e.SenderName)
		b = intField(b, "sender_time", e.Time)
		b = uintField(b, "operator_id", e.Operator)
		b = textField(b, "operator_nick", e.OperatorName)
		b = intField(b, "operator_time", e.OperatorTime)
		b = intField(b, "message_id", a.gateway.ID(chat, e.Sequence))
		b = uintField(b, "msg_seq", e.Sequence)
		b = uintField(b, "msg_random", e.Random)
		r.segments = a.writer.appendSegments(r.segments[:0], chat, e.Content)
		b = append(appendSegmentsJSON(key(b, "content"), r.segments), '}')
	}
	return append(b, ']'), nil
}
