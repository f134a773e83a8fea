package onebot

import (
	"libration/gateway/table"
	"libration/internal/text"
)

// unconfirmed is said of events that nobody has seen from the service itself.
var unconfirmed = text.T("*Unconfirmed*: not yet seen from the real service.", "*未证实*：尚未在真实服务中见过。")

func describedNotices() []described {
	return []described{
		{"notice/group_recall", text.T("A message of a group was recalled.", "群消息被撤回。"), "S L C N Y", fields(
			groupID(), user("Who wrote the message.", "消息的发送者。"), operator(), aboutMessage(), tip()), text.Text{}},
		{"notice/friend_recall", text.T("A message of a private chat was recalled.", "私聊消息被撤回。"), "S L C N Y", fields(
			user("The friend, whoever recalled.", "好友，无论谁撤回。"), operator(), aboutMessage(), tip()), text.Text{}},
		{"notice/group_increase", text.T("Somebody has come into a group, or the account has.", "有人或账号自己加入了群。"), "S L C N Y", fields(
			word("sub_type", "invite: a member brought them in.", "invite 表示由成员邀请。", "approve", "invite"),
			groupID(), operator(), user("Who has come.", "新成员。")), text.Text{}},
		{"notice/group_decrease", text.T("Somebody has left a group, or the account has.", "有人或账号自己离开了群。"), "S L C N Y", fields(
			word("sub_type", "kick_me: the account was removed. disband: the group was dissolved.", "kick_me 表示账号自己被移出，disband 表示群被解散。", "leave", "kick", "kick_me", "disband"),
			groupID(), operator(), user("Who has left; with kick_me and disband the account.", "离开者；kick_me 和 disband 时是本账号。")),
			text.T("LuckyLillia reports a dissolved group as `group_dismiss`.", "LuckyLillia 将群解散上报为 `group_dismiss`。")},
		{"notice/group_admin", text.T("A member has become an admin, or is one no longer.", "成员被设为或取消管理员。"), "S L C N Y", fields(
			word("sub_type", "", "", "set", "unset"), groupID(), user("The member.", "该成员。")), text.Text{}},
		{"notice/group_ban", text.T("A member, or the whole group, was muted or may write again.", "成员或全员被禁言，或被解除禁言。"), "S L C N Y", fields(
			word("sub_type", "", "", "ban", "lift_ban"), groupID(), operator(),
			user("The member. 0 without `user_uid`: everybody.", "被禁言的成员；为 0 且没有 `user_uid` 时为全员。"),
			whole64("duration", "Seconds; 0: lifted; -1: everybody, until lifted.", "秒数；0 表示解除，-1 表示全员禁言直到解除。")), text.Text{}},
		{"notice/group_name_change", text.T("A group has a new name.", "群名称被修改。"), "L", fields(
			groupID(), words("name", "The new name.", "新名称。"), operator()), text.Text{}},
		{"notice/notify/group_name", text.T("A group has a new name.", "群名称被修改。"), "N", fields(
			groupID(), user("Who renamed it.", "修改者。"), words("name_new", "The new name.", "新名称。")), text.Text{}},
		{"notice/notify/title", text.T("A member has a new special title.", "成员获得了新的专属头衔。"), "C N Y", fields(
			groupID(), user("The member.", "该成员。"), words("title", "The title.", "头衔。")), text.Text{}},
		{"notice/group_card", text.T("A member has a new name in the group: seen with the member's next message, where the member was known.",
			"成员的群名片有变：在该成员下一次发言时发现，且此前已知其名片。"), "C N Y", fields(
			groupID(), user("The member.", "该成员。"),
			words("card_new", "The new name; may be empty.", "新名片，可能为空。"), words("card_old", "The old one.", "旧名片。")), text.Text{}},
		{"notice/friend_add", text.T("There is a new friend: they have accepted the account's request. When the account accepts one, it is sent only where the service hints at it.",
			"有了新好友：对方同意了本账号的请求。本账号同意他人的请求时，仅在服务器有提示时上报。"), "S L C N Y", fields(
			user("The friend.", "好友。")), text.Text{}},
		{"notice/notify/poke", text.T("Somebody, or the account, has poked somebody.", "有人或账号自己戳了戳。"), "S L C N Y", fields(
			inGroups(), user("Who poked.", "谁戳的。"), person("target", "Whom.", "戳了谁。"),
			whole64("sender_id", "The same as `user_id`.", "同 `user_id`。"),
			words("action", "What they did, such as 戳了戳.", "动作文字，如“戳了戳”。"),
			words("suffix", "What follows the name.", "名称之后的文字。"),
			words("action_img_url", "A picture of it.", "动作图片的地址。"),
			only(NapCat, list("raw_info", "The grey line in parts; of a friend the two `qq` only.", "灰字提示的各部分；好友戳一戳只有两个 `qq`。", object(
				word("type", "", "", "qq", "img", "nor"),
				when(words("uid", "Text id.", "uid。"), "type qq", "type 为 qq 时"),
				when(words("col", "Empty.", "固定为空。"), "type qq", "type 为 qq 时"),
				when(words("nm", "Empty.", "固定为空。"), "type qq", "type 为 qq 时"),
				when(words("tp", "Empty.", "固定为空。"), "type qq", "type 为 qq 时"),
				when(words("src", "The picture.", "图片地址。"), "type img", "type 为 img 时"),
				when(words("jp", "Empty.", "固定为空。"), "type img", "type 为 img 时"),
				when(words("txt", "Text.", "文字。"), "type nor", "type 为 nor 时"))))), text.Text{}},
		{"notice/notify/poke_recall", text.T("Somebody has taken a poke back. Whom was poked the service does not say.", "有人撤回了戳一戳。服务器不说明戳的是谁。"), "Y", fields(
			inGroups(), user("Who took it back.", "谁撤回的。"),
			when(whole64("sender_id", "The other side; 0 when only the text id is known.", "对方；仅知 uid 时为 0。"), "in private chats", "私聊中"),
			when(words("sender_uid", "Text id of the same.", "对应的 uid。"), "in private chats, when the number is 0 and the text id is known", "私聊中，号码为 0 且已知 uid 时")), text.Text{}},
		{"notice/notify/honor", text.T("A member has got an honour of the group.", "成员获得了群荣誉。"), "S C", fields(
			groupID(), words("honor_type", "`talkative`, `performer` or `emotion`.", "荣誉类型：`talkative`、`performer` 或 `emotion`。"), user("The member.", "该成员。")), unconfirmed},
		{"notice/notify/gray_tip", text.T("A group shows another grey line.", "群里出现其他灰字提示。"), "N", fields(
			groupID(), whole64("user_id", "0", "固定为 0。"), whole64("message_id", "0", "固定为 0。"),
			words("busi_id", "Kind of tip, a number.", "提示类型（数字）。"),
			words("content", "The text, or the template.", "文本或模板。"),
			within("raw_info", "The rest.", "其余内容。",
				whole64("business_type", "Kind of business.", "业务类型。"),
				whole64("template_id", "The template.", "模板编号。"),
				given(table.Object, "params", "Texts for the template, by their names.", "模板参数，按名称给出的字符串。"))), text.Text{}},
		{"notice/notify/lucky_king", text.T("Somebody has drawn most of a red packet.", "群红包的手气最佳已产生。"), "S C", fields(
			groupID(), user("Who sent the red packet.", "发红包者。"), person("target", "Who drew most.", "手气最佳者。"),
			whole64("sender_id", "The same as `user_id`.", "同 `user_id`。")), unconfirmed},
		{"notice/notify/input_status", text.T("A friend types or speaks, or has stopped.", "好友正在输入或说话，或已停止。"), "N", fields(
			user("The friend.", "好友。"), whole64("group_id", "0", "固定为 0。"),
			words("status_text", "What the service says of it; may be empty.", "服务器给出的文字，可能为空。"),
			whole64("event_type", "1: types; 0: speaks; others, such as 2, end it.", "1 打字，0 说话；其他值如 2 表示结束。")), unconfirmed},
		{"notice/group_upload", text.T("A file was uploaded to a group: beside its message. Not of the account's own.", "群文件上传，与消息一同上报。不含本账号上传的。"), "S L C N Y", fields(
			groupID(), user("Who uploaded it.", "上传者。"), file(
				whole64("busid", "102: permanent; 104: temporary.", "102 永久，104 临时。"), downloadURL())), text.Text{}},
		{"notice/offline_file", text.T("A friend has sent a file: beside its message. Not of the account's own.", "收到私聊文件，与消息一同上报。不含本账号发送的。"), "L C", fields(
			user("Who sent it.", "发送者。"), file(words("hash", "For `get_private_file_url`.", "用于 `get_private_file_url`。"), downloadURL())), text.Text{}},
		{"notice/online_file_send/receive", text.T("The other side has taken a file that is handed over between devices that are online.", "对方接收了在线文件。"), "N", person("peer", "The other side.", "对方。"), unconfirmed},
		{"notice/online_file_send/refuse", text.T("The other side has refused such a file.", "对方拒绝了在线文件。"), "N", person("peer", "The other side.", "对方。"), unconfirmed},
		{"notice/online_file_receive/cancel", text.T("The other side has cancelled such a file.", "对方取消了在线文件。"), "N", person("peer", "The other side.", "对方。"), unconfirmed},
		{"notice/client_status", text.T("Another device of the account has come online, or has gone.", "本账号的其他设备上线或下线。"), "C", fields(
			yesNo("online", "Whether it has come.", "是否上线。"),
			within("client", "The device.", "设备。",
				whole64("app_id", "Number of its session.", "会话编号。"),
				words("device_name", "Its name.", "名称。"), words("device_kind", "Its platform.", "平台。"))), text.Text{}},
		{"notice/notify/profile_like", text.T("Somebody has liked the account's profile.", "有人给账号点赞。"), "N Y", fields(
			operator(), words("operator_nick", "Nickname.", "昵称。"), whole64("times", "How many likes.", "点赞数。")), text.Text{}},
		{"notice/bot_online", text.T("The account is online, for the first time or again.", "账号上线或重新上线。"), "L", fields(
			word("reason", "Login: the first time.", "首次为 Login。", "Login", "Reconnect")), text.Text{}},
		{"notice/bot_offline", text.T("The account is online no longer.", "账号离线。"), "L N", fields(
			whole64("user_id", "The account.", "登录的账号。"), words("tag", "The session's stage, such as `reconnecting`, `kicked` or `stopped`.", "会话状态，如 `reconnecting`、`kicked`、`stopped`。"),
			words("message", "Why; after a kick the server's words.", "原因；被踢时为服务器的原话。")), text.Text{}},
	}
}

func tip() table.Field {
	return words("tip", "What the service adds to the grey line; may be empty.", "服务器附加的提示文字，可能为空。")
}

func downloadURL() table.Field {
	return words("url", "Where it can be downloaded, for some hours; may be empty.", "下载地址，数小时内有效，可能为空。")
}

func file(more ...table.Field) table.Field {
	return within("file", "The file.", "文件。", append([]table.Field{
		words("id", "Id for actions.", "供动作使用的 id。"), words("name", "Its name.", "文件名。"), whole64("size", "Bytes.", "字节数。"),
	}, more...)...)
}

func describedLife() []described {
	return []described{
		{"notice/reaction", text.T("Somebody has reacted to a message of a group, or has taken that back.", "有人对群消息作出表情回应，或撤回了回应。"), "L", fields(
			word("sub_type", "", "", "add", "remove"), groupID(), aboutMessage(), operator(),
			words("code", "Number of a face, or code point of a character.", "表情编号，或字符的码位。"),
			whole64("count", "How many have reacted so, after that.", "之后共有多少人这样回应。")), text.Text{}},
		{"notice/group_msg_emoji_like", text.T("Somebody has reacted to a message of a group, or has taken that back.", "有人对群消息作出表情回应，或撤回了回应。"), "N Y", fields(
			groupID(), user("Who reacted.", "回应者。"), aboutMessage(),
			words("message_seq", "Number of the message in the group.", "消息在群中的序号。"),
			list("likes", "One element.", "只有一项。", object(
				words("emoji_id", "Number of a face, or code point of a character.", "表情编号，或字符的码位。"),
				whole64("count", "How many have reacted so, after that.", "之后共有多少人这样回应。"))),
			yesNo("is_add", "Whether it is a new reaction.", "是否为新的回应。")), text.Text{}},
		{"notice/essence", text.T("A message has become one of the best of its group, or is one no longer.", "群消息被设为或取消精华。"), "L C N Y", fields(
			word("sub_type", "", "", "add", "delete"), groupID(), person("sender", "Who wrote the message.", "消息的发送者。"),
			user("The same.", "同上。"), operator(), aboutMessage()), text.Text{}},
	}
}

func describedRequests() []described {
	comment := words("comment", "What they wrote; may be empty.", "附言，可能为空。")
	group := words("flag", "For `set_group_add_request`; good for as long as the request waits.", "用于 `set_group_add_request`；请求待处理期间一直有效。")
	return []described{
		{"request/friend", text.T("Somebody wants to be a friend.", "有人请求加为好友。"), "S L C N Y", fields(
			user("Who asks.", "请求者。"), comment,
			words("flag", "For `set_friend_add_request`: the text id of who asks.", "用于 `set_friend_add_request`：请求者的 uid。"),
			words("via", "Where the request came from; may be empty.", "请求来源，可能为空。")), text.Text{}},
		{"request/group/add", text.T("Somebody wants into a group that the account manages, or a member wants somebody in.", "有人申请加入账号管理的群，或成员邀请他人加入。"), "S L C N Y", fields(
			groupID(), user("Who asks or is invited.", "申请人或被邀请人。"),
			whole64("invitor_id", "Who invites them; 0: nobody.", "邀请人；没有时为 0。"), comment, group), text.Text{}},
		{"request/group/invite", text.T("The account is invited into a group.", "账号被邀请加入群。"), "S L C N Y", fields(
			groupID(), user("Who invites.", "邀请人。"),
			whole64("invitor_id", "0", "固定为 0。"), words("comment", "Empty.", "固定为空。"), group),
			text.T("The card that friends get with an invitation is not told as a message.", "好友收到的群邀请卡片不作为消息上报。")},
	}
}

func describedMeta() []described {
	status := Table().Find("get_status").Result()
	return []described{
		{"meta_event/lifecycle", text.T("The first frame of a WebSocket (connect); a webhook is taken into use (enable), or is given up in order (disable).",
			"WebSocket 的第一帧（connect）；webhook 开始使用（enable）或正常停止（disable）。"), "S L C N Y", fields(
			word("sub_type", "", "", "connect", "enable", "disable")), text.Text{}},
		{"meta_event/heartbeat", text.T("From time to time, where a connection has a heartbeat.", "连接设置心跳时定期发送。"), "S L C N Y", fields(
			table.Field{Names: []string{"status"}, Type: status, Required: true, Text: text.T("The account's real state, as `get_status` returns it.", "账号的真实状态，同 `get_status`。")},
			whole64("interval", "Milliseconds between two.", "间隔毫秒数。")), text.Text{}},
	}
}
