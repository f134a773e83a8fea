package onebot

import (
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

func messageActions() []row {
	return []row{
		table.Of("send_msg", standard, Sends, text.T("Sends a message to a group or a friend.", "发送消息到群或好友。"),
			sendMsg, table.Fails(sendFailed, with(sendCauses, noGroup, noFriend, noMember, tempChat)...)),
		table.Of("send_group_msg", standard, Sends, text.T("Sends a message to a group.", "发送群消息。"),
			sendGroupMsg, table.Fails(sendFailed, with(sendCauses, noGroup)...)),
		table.Of("send_private_msg", standard, Sends, text.T("Sends a message to a friend, or to a member of a group.", "发送消息给好友，或群成员（临时会话）。"),
			sendPrivateMsg, table.Fails(sendFailed, with(sendCauses, noFriend, noGroup, noMember, tempChat)...)),
		table.Of("delete_msg", standard, Sends, text.T("Recalls a message.", "撤回消息。"),
			deleteMsg, table.Fails(recallFailed, noMessage, noGroup, noFriend, notOurs, tooLate)),
		table.Of("get_msg", standard, Local,
			text.T("Returns a message, as in events and always in the array format. One that is not stored is fetched, when it is named by its chat and number, or its id was given out.",
				"返回一条消息，内容与事件相同，始终为数组格式。消息库中没有的消息，若给出会话和序号，或其 id 由本服务给出过，则从服务器获取。"),
			getMsg, table.Fails(apiError, noMsg, noGroup, noFriend)),
		table.Of(quickAction, standard, Sends,
			text.T("Answers an event, as the answer of a webhook does: replies, recalls its message, mutes or removes its sender, decides a request.", "对事件执行快速操作，与 webhook 的响应相同：回复、撤回、禁言或移出发送者、处理请求。"),
			handleQuickOperation, table.Fails(apiError, with(sendCauses, noGroup, noFriend, tempChat, noMember, notSupported, sendFailed, notOurs, tooLate, recallFailed,
				banFailed, kickFailed, answerFailed, noFlag, onlyAccepted)...)),
	}
}

// messageIDResult is the data of the send actions.
type messageIDResult struct {
	MessageID int32 `json:"message_id" en:"Id of the message that was sent." zh:"已发送消息的 id。"`
}

func (r messageIDResult) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"message_id":`...)
	return append(strconv.AppendInt(dst, int64(r.MessageID), 10), '}')
}

// messageParams are the message that an action sends.
type messageParams struct {
	Message    unread `param:"message" en:"A text with CQ codes, an array of segments, or one segment." zh:"带 CQ 码的字符串、消息段数组，或单个消息段。"`
	AutoEscape bool   `param:"auto_escape,default=false" en:"Whether a text is sent as written, with what looks like CQ codes in it." zh:"字符串是否原样发送，不解析其中的 CQ 码。"`
	forwardLooks
}

// chatParams say where to a message goes.
type chatParams struct {
	Kind  string `param:"message_type,optional" enum:"private,group" en:"Where to. Without it to the group when group_id is given, else to the friend." zh:"发送到哪里。省略时，有 group_id 则发到群，否则发给好友。"`
	Group target `param:"group_id,optional" en:"Number of the group; with private, of one that both are in, to somebody who is no friend. Without it a temporary chat is answered by the group of its newest message." zh:"群号；私聊且对方不是好友时，为双方都在的群。省略时，通过对方最近一条临时消息的来源群回复。"`
	User  target `param:"user_id,optional" en:"Number of the friend." zh:"好友的 QQ 号。"`
}

func (p *chatParams) chat() (message.Chat, error) {
	if p.Kind == "group" || p.Kind == "" && (p.Group.number != 0 || p.Group.err != nil) {
		group, err := p.Group.required("group_id")
		return message.Chat{Kind: message.Group, Group: message.GroupCode(group)}, err
	}
	user, err := p.User.required("user_id")
	return message.Chat{Kind: message.Friend, Peer: message.UIN(user)}, err
}

type sendMsgParams struct {
	chatParams
	messageParams
}

func sendMsg(ctx context.Context, a *account, p sendMsgParams) (messageIDResult, error) {
	chat, err := p.chat()
	if err != nil {
		return messageIDResult{}, err
	}
	if chat.Kind == message.Friend {
		chat = private(chat.Peer, message.GroupCode(p.Group.number))
	}
	return a.sendParams(ctx, chat, p.messageParams)
}

type privateMsgParams struct {
	User  message.UIN       `param:"user_id" en:"Number of the friend." zh:"好友的 QQ 号。"`
	Group message.GroupCode `param:"group_id,optional" en:"To somebody who is no friend: a group that both are in. Without it a temporary chat is answered by the group of its newest message." zh:"对方不是好友时：双方都在的群。省略时，通过对方最近一条临时消息的来源群回复。"`
	messageParams
}

func sendPrivateMsg(ctx context.Context, a *account, p privateMsgParams) (messageIDResult, error) {
	return a.sendParams(ctx, private(p.User, p.Group), p.messageParams)
}

type groupMsgParams struct {
	Group message.GroupCode `param:"group_id"`
	messageParams
}

func sendGroupMsg(ctx context.Context, a *account, p groupMsgParams) (messageIDResult, error) {
	return a.sendParams(ctx, message.Chat{Kind: message.Group, Group: p.Group}, p.messageParams)
}

type messageIDParams struct {
	Message messageID `param:"message_id"`
}

func deleteMsg(ctx context.Context, a *account, p messageIDParams) (table.None, error) {
	return table.None{}, a.recall(ctx, int32(p.Message))
}

// messageObject is a message. Which fields it has depends on its chat.
type messageObject struct {
	Time       int64             `json:"time" en:"When it was sent, Unix seconds." zh:"发送时间，Unix 秒。"`
	Self       message.UIN       `json:"self_id" en:"The account." zh:"登录的账号。"`
	PostType   string            `json:"post_type" enum:"message,message_sent" en:"message_sent: the account sent it." zh:"message_sent 表示由本账号发送。"`
	Group      bool              `json:"group" en:"Whether it is a group's." zh:"是否为群消息。"`
	LongID     string            `json:"message_id_v2" en:"Its chat and its number, in hexadecimal digits, as go-cqhttp has it." zh:"会话和序号的十六进制，与 go-cqhttp 相同。"`
	Kind       string            `json:"message_type" enum:"private,group" en:"Kind of chat." zh:"会话类型。"`
	SubType    string            `json:"sub_type" enum:"normal,friend,group" en:"Of a group's: normal. Of a private one: friend, or group when it is temporary." zh:"群消息为 normal；私聊为 friend，临时会话为 group。"`
	TempSource int32             `json:"temp_source,omitempty" en:"Temporary chats: 0." zh:"临时会话：0。"`
	Target     message.UIN       `json:"target_id,omitempty" en:"Private chats: whom it went to. Flavour napcat, own messages in groups: the group." zh:"私聊：接收者的 QQ 号。flavour 为 napcat 时，自己的群消息：群号。"`
	ID         messageID         `json:"message_id"`
	Sequence   uint64            `json:"message_seq" en:"Its number in the chat." zh:"在会话中的序号。"`
	RealID     uint64            `json:"real_id" en:"The same number." zh:"同上，会话中的序号。"`
	RealSeq    string            `json:"real_seq" en:"The same number as a text." zh:"同上，字符串形式。"`
	SentType   string            `json:"message_sent_type,omitempty" en:"Flavour napcat, own messages: self." zh:"flavour 为 napcat 时，自己的消息：self。"`
	User       message.UIN       `json:"user_id" en:"Who sent it." zh:"发送者的 QQ 号。"`
	GroupID    message.GroupCode `json:"group_id,omitempty" en:"Groups: number of the group." zh:"群消息：群号。"`
	GroupName  string            `json:"group_name,omitempty" en:"Groups: name of the group." zh:"群消息：群名称。"`
	Anonymous  *table.None       `json:"anonymous,omitempty" en:"Groups: always null." zh:"群消息：始终为 null。"`
	Message    []messageSegment  `json:"message" en:"Its segments." zh:"消息段。"`
	RawMessage string            `json:"raw_message" en:"The same as a text with CQ codes." zh:"同样的内容，为带 CQ 码的字符串。"`
	Format     string            `json:"message_format" en:"array" zh:"固定为 array。"`
	Font       int32             `json:"font" en:"0" zh:"固定为 0。"`
	Sender     messageSender     `json:"sender" en:"What is known of who sent it." zh:"发送者的信息。"`
}

type messageSegment struct {
	Type string         `json:"type" en:"Its type." zh:"类型。"`
	Data map[string]any `json:"data" en:"Its values: texts but where the page of segments says otherwise." zh:"内容，除消息段页面中注明的以外，值均为字符串。"`
}

type messageSender struct {
	User     message.UIN       `json:"user_id"`
	Nickname string            `json:"nickname" en:"Nickname; may be empty in private chats." zh:"昵称，私聊中可能为空。"`
	Sex      string            `json:"sex" en:"unknown: messages do not say." zh:"消息不含性别，固定为 unknown。"`
	Age      int32             `json:"age" en:"0: messages do not say." zh:"消息不含年龄，固定为 0。"`
	Card     string            `json:"card" en:"Groups and temporary chats: the name in the group; else empty." zh:"群消息和临时会话：群名片，其他情况为空。"`
	Area     string            `json:"area,omitempty" en:"Groups: empty." zh:"群消息：固定为空。"`
	Level    string            `json:"level,omitempty" en:"Groups: level in the group." zh:"群消息：群等级。"`
	Role     string            `json:"role,omitempty" enum:"owner,admin,member" en:"Groups: role in the group." zh:"群消息：群内角色。"`
	Title    string            `json:"title,omitempty" en:"Groups: special title." zh:"群消息：专属头衔。"`
	Group    message.GroupCode `json:"group_id,omitempty" en:"Temporary chats: the group that it came by." zh:"临时会话：来源群号。"`
}

type getMsgParams struct {
	Message  *messageID        `param:"message_id"`
	Group    message.GroupCode `param:"group_id,optional" en:"Without message_id: the group of the message." zh:"没有 message_id 时：消息所在的群。"`
	User     message.UIN       `param:"user_id,optional" en:"Without both: the other side of its private chat." zh:"没有以上两项时：消息所在私聊的对方。"`
	Sequence whole             `param:"message_seq,optional" en:"Its number in that chat." zh:"消息在该会话中的序号。"`
}

func getMsg(ctx context.Context, a *account, p getMsgParams) (table.Encoded[messageObject], error) {
	if p.Message != nil { // 0 is the id of a quote that names none: there is no such message
		id := int32(*p.Message)
		m, err := a.message(ctx, id, noMsg)
		if err != nil {
			return nil, err
		}
		return a.writer.object(a.completed(ctx, m), id), nil
	}
	chat := message.Chat{Kind: message.Group, Group: p.Group}
	switch {
	case p.Sequence <= 0 || p.Group == 0 && p.User == 0:
		return nil, &table.Wrong{Name: "message_id", What: missing}
	case p.Group == 0:
		chat = message.Chat{Kind: message.Friend, Peer: p.User}
	}
	id := a.gateway.ID(chat, uint64(p.Sequence))
	m, err := a.numbered(ctx, chat, uint64(p.Sequence))
	if err == nil && m == nil {
		err = noSuchMessage(noMsg, id)
	}
	if err != nil {
		return nil, err
	}
	return a.writer.object(a.completed(ctx, m), id), nil
}
