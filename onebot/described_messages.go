package onebot

import (
	"libration/gateway/table"
	"libration/internal/text"
)

// A message that bots get and one that they send are described by the table of segments.
const (
	receivedMessage = "message.received"
	sentMessage     = "message.sent"
)

func describedMessages() []described {
	self := only(NapCat, words("message_sent_type", "self", "固定为 self。"))
	return []described{
		{"message/group", text.T("Somebody has written in a group.", "有人在群里发送了消息。"), "S L C N Y",
			messageFields(groupHead(), groupSender()), text.Text{}},
		{"message/private", text.T("A friend, or in a temporary chat a member of a group, has written to the account.", "好友发来消息，或群成员通过临时会话发来消息。"), "S L C N Y",
			messageFields(privateHead(), privateSender()),
			text.T("A temporary chat is answered with `send_private_msg`, to `user_id` alone as frameworks do, or with `sender.group_id` as `group_id`.",
				"回复临时会话用 `send_private_msg`，可像各框架那样只给 `user_id`，也可将 `sender.group_id` 作为 `group_id`。")},
		{"message_sent/group", text.T("The account itself has written in a group, from here or from another device. Only connections with `report_self` get it.",
			"账号自己在群里发送了消息，包括从其他设备发送的。仅在连接设置 `report_self` 时上报。"), "C N Y",
			messageFields(append(groupHead(), only(NapCat, whole64("target_id", "The group.", "群号。")), self), groupSender()),
			text.T("Lagrange reports own messages as `message`.", "Lagrange 将自己的消息上报为 `message`。")},
		{"message_sent/private", text.T("The account itself has written to somebody, from here or from another device. Only connections with `report_self` get it.",
			"账号自己发送了私聊消息，包括从其他设备发送的。仅在连接设置 `report_self` 时上报。"), "C N Y",
			messageFields(append(privateHead(), self), privateSender()),
			text.T("`user_id` is the account, `target_id` the other side.", "`user_id` 是账号自己，`target_id` 是对方。")},
	}
}

func groupHead() []table.Field {
	return []table.Field{
		word("sub_type", "", "", "normal"),
		groupID(),
		words("group_name", "Name of the group; may be empty.", "群名称，可能为空。"),
		given(table.Nothing, "anonymous", "There are no anonymous messages any more.", "匿名消息已不存在。"),
	}
}

func privateHead() []table.Field {
	return []table.Field{
		word("sub_type", "group: a temporary chat.", "group 表示临时会话。", "friend", "group"),
		when(whole64("temp_source", "0: it came by a group.", "0：来自群。"), "in temporary chats", "临时会话中"),
		whole64("target_id", "Whom it went to.", "接收者的 QQ 号。"),
	}
}

// messageFields are what messages of groups and of private chats have in common.
func messageFields(head []table.Field, sender table.Field) []table.Field {
	return append(head,
		whole64("message_id", "Id for actions: 32 bits, often negative.", "供动作使用的消息 id：32 位整数，常为负数。"),
		whole64("message_seq", "Its number in the chat.", "在会话中的序号。"),
		whole64("real_id", "The same number.", "同上，会话中的序号。"),
		words("real_seq", "The same number as a text.", "同上，字符串形式。"),
		whole64("user_id", "Who sent it.", "发送者的 QQ 号。"),
		table.Field{Names: []string{"message"}, Type: &table.Type{Ref: receivedMessage}, Required: true,
			Text: text.T("Segments, or a text with CQ codes: as the connection's `format` says.", "消息段数组，或带 CQ 码的字符串，取决于连接的 `format`。")},
		words("raw_message", "The same as a text with CQ codes.", "同样的内容，为带 CQ 码的字符串。"),
		word("message_format", "What `message` is.", "`message` 的格式。", "array", "string"),
		whole64("font", "0", "固定为 0。"),
		sender,
	)
}

func senderFields(more ...table.Field) table.Field {
	return within("sender", "What is known of who sent it.", "发送者的信息。", append([]table.Field{
		whole64("user_id", "Account number.", "QQ 号。"),
		words("nickname", "Nickname. Private messages do not say it: it is looked up, and empty where that fails.", "昵称。私聊消息不含昵称，需另行查询，查不到时为空。"),
		word("sex", "Messages do not say it.", "消息不含性别。", "unknown"),
		whole64("age", "0: messages do not say.", "消息不含年龄，固定为 0。"),
	}, more...)...)
}

func groupSender() table.Field {
	return senderFields(
		words("card", "Name in the group; may be empty.", "群名片，可能为空。"),
		words("area", "Empty.", "固定为空。"),
		words("level", "Level in the group, a number.", "群等级（数字）。"),
		word("role", "Role in the group.", "群内角色。", "owner", "admin", "member"),
		words("title", "Special title; may be empty.", "专属头衔，可能为空。"),
	)
}

func privateSender() table.Field {
	return senderFields(
		words("card", "Name in the group of a temporary chat, where known; else empty.", "临时会话中为群名片（已知时），其他情况为空。"),
		when(groupID(), "in temporary chats", "临时会话中"),
	)
}
