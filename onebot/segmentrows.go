package onebot

import (
	"context"
	"slices"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

// segmentRows is every type of segment. docs/protocol/onebot11.md d.4 has all that
// other services know.
func segmentRows() []segmentRow {
	return slices.Concat(wordSegments(), mediaSegments(), cardSegments(), otherSegments())
}

// optional is data that may be left out.
func optional(f table.Field) table.Field {
	f.Required = false
	return f
}

// preset is data that is value when it is left out.
func preset(value string, f table.Field) table.Field {
	f.Required, f.Default = false, value
	return f
}

func wordSegments() []segmentRow {
	say := words("text", "What it says. One that is empty says nothing.", "文本内容；为空时没有任何作用。")
	count := when(whole64("chainCount", "How often it was thrown.", "连续扔出的次数。"), "when thrown several times", "连续扔出时")
	result := []table.Field{optional(whole64("result", "Counts in a forward only: else the service decides.", "只在合并转发中有效，其他情况由服务器决定。"))}
	return []segmentRow{
		segmentType("text", fields(words("text", "What it says.", "文本内容。")), fields(optional(say)), showText, readText).like(`{"text":"hello & [good] day"}`),
		// Bots match "[CQ:at,qq=1]" in texts: a code has no name.
		segmentType("at", fields(
			words("qq", "Account number, or `all`; 0: unknown.", "QQ 号或 `all`；0 表示未知。"),
			when(words("uid", "Text id.", "对应的 uid。"), "when `qq` is 0 and it is known", "`qq` 为 0 且已知时"),
			words("name", "What people read; in arrays only.", "显示的文字；仅数组格式。")), fields(
			optional(whole64("qq|target", "Account number, or `all`.", "QQ 号或 `all`。")),
			optional(words("uid", "Text id, in place of `qq`.", "uid，可代替 `qq`。")),
			optional(words("name", "A name to show in place of the real one.", "指定显示的名称。"))),
			showAt, readAt).onlyInArrays("name").like(`{"qq":"20001"}`, `{"uid":"u_AbC","name":"Alice"}`),
		segmentType("face", fields(
			words("id", "Number of the face.", "表情编号。"),
			when(words("large", "true", "固定为 true。"), "of the animated form", "大表情（动画）"),
			when(words("resultId", "What it shows.", "显示的结果。"), "when it shows a result", "有结果时"), count), fields(
			whole64("id", "Number of the face.", "表情编号。"),
			optional(yesNo("large", "The animated form.", "大表情（动画）。")),
			optional(whole64("sub_type", "3: the same, as LuckyLillia has it.", "3 表示同上，与 LuckyLillia 相同。")),
			optional(words("type", "`sticker`: the same, as go-cqhttp has it.", "`sticker` 表示同上，与 go-cqhttp 相同。")),
			optional(whole64("chainCount", "Throws it several times.", "连续扔出的次数。")),
			optional(whole64("resultId", "Counts in a forward only.", "只在合并转发中有效。"))),
			showFace, readFace).like(`{"id":"14"}`, `{"id":"311","large":true}`),
		segmentType("dice", fields(words("result", "1 to 6; 0: not said.", "1 到 6；0 表示未给出。")), result, showDice, readDice).like(`{}`, `{"result":"6"}`),
		segmentType("rps", fields(words("result", "1 to 3; 0: not said.", "1 到 3；0 表示未给出。")), result, showRPS, readRPS).like(`{}`, `{"result":"3"}`),
		segmentType("reply", fields(words("id", "The quoted message; 0 when the quote names none.", "被引用的消息；无法得知时为 0。")), fields(
			optional(whole64("id", "A message of the same chat.", "同一会话中的消息。")),
			optional(whole64("seq", "Its `message_seq`, in place of `id`; also beside `text`.", "其 `message_seq`，可代替 `id`；也与 `text` 一起使用。")),
			optional(words("text", "Without `id`: the quote says this, whatever was said.", "没有 `id` 时：引用的内容由您指定。")),
			optional(whole64("qq|user_id", "With `text`: who said it.", "与 `text` 一起使用：谁说的。")),
			optional(whole64("time", "With `text`: when, Unix seconds.", "与 `text` 一起使用：时间，Unix 秒。"))),
			showReply, readReply).
			noted(text.T("It goes to the front of its message; the first of several counts.", "自动放在消息最前面，有多个时取第一个。")).
			like(`{"id":-1234567}`, `{"seq":5}`, `{"text":"so he said","qq":20001,"time":1700000000,"seq":1}`),
	}
}

func mediaSegments() []segmentRow {
	medium := func(more ...table.Field) []table.Field {
		return append([]table.Field{
			words("file", "A name that can be sent and asked for.", "可以用来发送和查询的名称。"),
			words("url", "Where it can be downloaded; may be empty.", "下载地址，可能为空。"),
			when(words("file_size", "Bytes; in arrays only.", "字节数；仅数组格式。"), "when known", "已知时"),
			when(words("filename", "What its sender called it; in arrays only.", "发送者给出的文件名；仅数组格式。"), "when there is one", "有文件名时"),
		}, more...)
	}
	where := []table.Field{
		optional(words("file", "A `file` that was received, `file://` and the path, `http(s)://`, `base64://`, `data:` or `upload://`.", "收到过的 `file`、`file://` 加路径、`http(s)://`、`base64://`、`data:` 或 `upload://`。")),
		optional(words("url", "In place of a `file` that is missing, or a name that is not known.", "没有 `file` 或该名称未知时使用。")),
		preset("true", yesNo("cache", "Downloads: whether one of before will do.", "下载时：是否使用以前下载的内容。")),
		preset("true", yesNo("proxy", "Downloads: whether a proxy is used.", "下载时：是否使用代理。")),
		optional(whole64("timeout", "Downloads: seconds, at most 3600.", "下载时：秒数，最多 3600。")),
	}
	bytes := append(slices.Clone(where), optional(words("filename|name", "What it is called.", "文件名。")))
	alone := text.T("Nothing else may stand in its message.", "必须单独作为一条消息。")
	return []segmentRow{
		segmentType("image", medium(
			whole64("sub_type", "0: an ordinary one; 1: a sticker; others exist.", "0 普通图片，1 表情，另有其他值。"),
			whole64("subType", "The same; in arrays only.", "同上；仅数组格式。"),
			words("summary", "What lists of chats show; may be empty.", "会话列表中显示的文字，可能为空。"),
			when(words("type", "`flash`", "固定为 `flash`。"), "when it is shown once", "闪照")), append(slices.Clone(bytes),
			optional(whole64("sub_type|subType", "1: a sticker.", "1 表示表情。")),
			optional(words("summary", "What lists of chats show.", "会话列表中显示的文字。")),
			optional(words("type", "`flash` fails with 1400: how one is sent is not known.", "`flash` 返回 1400：发送方法未知。"))),
			showImage, readImage).onlyInArrays("file_size", "filename", "subType").
			like(`{"file":"https://example.com/cat.png","cache":false,"timeout":30}`, `{"file":"base64://aGVsbG8=","sub_type":1,"summary":"[cat]"}`, `{"file":"0123456789ABCDEF0123456789ABCDEF.png","url":"https://example.com/cat.png"}`),
		segmentType("record", medium(), bytes, showRecord, readRecord).onlyInArrays("file_size", "filename").noted(alone).
			like(`{"file":"file:///music/hello.mp3"}`, `{"file":"0123456789ABCDEF0123456789ABCDEF.amr","url":"https://example.com/hello.mp3"}`),
		segmentType("video", medium(), append(slices.Clone(bytes),
			optional(words("cover|thumb", "A picture for it, in any form of `file`.", "封面图片，写法同 `file`。"))),
			showVideo, readVideo).onlyInArrays("file_size", "filename").noted(alone).
			like(`{"file":"file:///videos/cat.mp4","cover":"https://example.com/cat.png"}`, `{"file":"0123456789ABCDEF0123456789ABCDEF.mp4","url":"https://example.com/cat.mp4"}`),
		segmentType("file", fields(
			words("file", "Its name.", "文件名。"), words("file_id", "Id for actions.", "供动作使用的 id。"), words("file_size", "Bytes.", "字节数。"),
			words("file_name", "Its name.", "文件名。"), words("name", "Its name.", "文件名。"), words("size", "Bytes.", "字节数。"),
			words("url", "Where it can be downloaded, for some hours; may be empty.", "下载地址，数小时内有效，可能为空。"),
			when(words("busid", "102: permanent; 104: temporary.", "102 永久，104 临时。"), "in groups", "群聊中"),
			when(words("file_hash", "For `get_private_file_url`.", "用于 `get_private_file_url`。"), "in private chats", "私聊中")), append(slices.Clone(where),
			optional(words("file_id|id", "A file that is there: it is forwarded.", "已有的文件：转发该文件。")),
			optional(words("name|file_name|filename", "What it is called.", "文件名。")),
			optional(whole64("busid", "104: a temporary file of the group. Of a `file_id` that no message named.", "104 表示群的临时文件。用于未在消息中出现过的 `file_id`。")),
			optional(whole64("file_size", "Bytes. Of such a `file_id`.", "字节数。同样用于这种 `file_id`。")),
			optional(words("file_hash", "Of such a `file_id`, in private chats.", "私聊中同样用于这种 `file_id`。"))),
			showFile, readFile).noted(alone).
			like(`{"file":"https://example.com/a.zip","name":"a.zip"}`, `{"file_id":"/0b1c2d3e","name":"a.zip","busid":104,"file_size":5}`, `{"file_id":"00112233445566778899aabbccddeeff","file_hash":"0011223344556677"}`, `{"file":"0123456789ABCDEF0123456789ABCDEF.png","url":"https://example.com/a.zip"}`),
		segmentType("mface", fields(
			words("emoji_id", "The sticker, 32 hexadecimal digits.", "表情，32 位十六进制数。"), whole64("emoji_package_id", "Its pack.", "表情包编号。"),
			words("key", "What who sends it has to know; may be empty.", "发送时需要的 key，可能为空。"),
			words("summary", "What lists of chats show; may be empty.", "会话列表中显示的文字，可能为空。"), words("url", "The picture.", "图片地址。")), fields(
			words("emoji_id", "The sticker, 32 hexadecimal digits.", "表情，32 位十六进制数。"), whole64("emoji_package_id", "Its pack.", "表情包编号。"),
			optional(words("key", "It is looked up when it is missing.", "省略时自动查询。")),
			optional(words("summary", "What lists of chats show.", "会话列表中显示的文字。"))),
			showMarketFace, readMarketFace).like(`{"emoji_id":"0123456789abcdef0123456789abcdef","emoji_package_id":231182}`),
	}
}

func cardSegments() []segmentRow {
	return []segmentRow{
		segmentType("json", fields(
			words("data", "The card, a JSON object as a text.", "卡片内容，字符串形式的 JSON 对象。"),
			when(words("resid", "1", "固定为 1。"), "of the older form", "旧式卡片")), fields(
			words("data", "The card, a JSON object or the same as a text.", "卡片内容，JSON 对象或其字符串形式。"),
			optional(whole64("resid", "Not 0: the older form.", "不为 0 表示旧式卡片。"))),
			showJSON, readJSON).
			noted(text.T("Shared links, music, mini apps and contacts are such cards.", "链接分享、音乐、小程序、名片都是这种卡片。")).
			like(`{"data":{"app":"com.example","prompt":"[app]"}}`),
		segmentType("xml", fields(words("data", "The card.", "卡片内容。"), words("service_id", "Its kind.", "类型。")), fields(
			words("data", "The card.", "卡片内容。"), preset("35", whole64("service_id|resid", "Its kind.", "类型。"))),
			showXML, readXML).like(`{"data":"<msg brief=\"[xml]\"/>"}`),
		segmentType("markdown", fields(words("content", "Markdown.", "Markdown 文本。")), fields(words("content", "Markdown.", "Markdown 文本。")),
			showMarkdown, readMarkdown).
			noted(text.T("From ordinary accounts people see it inside forwards only.", "普通账号发送的 markdown 只能在合并转发中显示。")).like(`{"content":"# title"}`),
		segmentType("keyboard", fields(
			list("rows", "Rows of buttons; in codes JSON.", "按钮的各行；CQ 码中为 JSON。", &table.Type{Kind: table.Object}),
			when(words("bot_app_id", "The robot's.", "机器人的 app id。"), "when it has one", "有时")), fields(
			optional(list("rows", "Rows of buttons.", "按钮的各行。", &table.Type{Kind: table.Object})),
			optional(given(table.Object, "content", "Instead: an object with `rows` and `bot_app_id`.", "可代替以上各项：带 `rows` 和 `bot_app_id` 的对象。")),
			optional(whole64("bot_app_id", "The robot's.", "机器人的 app id。"))),
			showKeyboard, readKeyboard).like(`{"rows":[{"buttons":[{"id":"1","render_data":{"label":"yes","style":1},"action":{"type":2,"data":"yes"}}]}]}`,
			`{"content":{"rows":[{"buttons":[{"id":"1","render_data":{"label":"yes"}}]}],"bot_app_id":102000000}}`),
		segmentType("location", fields(
			words("lat", "Degrees.", "纬度。"), words("lon", "Degrees.", "经度。"), words("title", "Name of the place; may be empty.", "地点名称，可能为空。"), words("content", "Address; may be empty.", "地址，可能为空。")), fields(
			given(table.Number, "lat", "Degrees.", "纬度。"), given(table.Number, "lon", "Degrees.", "经度。"),
			optional(words("title", "Name of the place.", "地点名称。")), optional(words("content", "Address.", "地址。"))),
			showLocation, readLocation).like(`{"lat":39.90469,"lon":116.40717,"title":"Square","content":"Beijing"}`),
		segmentType("contact", fields(
			word("type", "What it recommends.", "推荐的对象。", "qq", "group"), words("id", "Its number.", "号码。")), fields(
			word("type", "What it recommends.", "推荐的对象。", "qq", "group"), whole64("id", "Its number.", "号码。")),
			showContact, readContact).noted(text.T("From others it comes as `json`.", "他人发送的以 `json` 收到。")).like(`{"type":"qq","id":"20001"}`),
		sentAs("share", fields(
			words("url", "The link.", "链接。"), optional(words("title", "Stands before it.", "写在链接之前。"))), readShare).
			noted(text.T("Sent as a text of the two.", "以这两项组成的文本发送。")).like(`{"url":"https://example.com/","title":"Example"}`),
		sentAs("music", fields(
			optional(words("type", "`qq`, `163`, `xm` and others; `custom`: texts of your own. Without it `appid`, `sign` and `package_name`.", "`qq`、`163`、`xm` 等；`custom` 表示内容由您指定。省略时需要 `appid`、`sign` 和 `package_name`。")),
			optional(words("id", "Number of the song.", "歌曲编号。")),
			optional(words("url", "In place of `id`: where a click leads.", "可代替 `id`：点击后打开的地址。")),
			optional(words("audio|voice", "The sound.", "音频地址。")), optional(words("title", "The title.", "标题。")),
			optional(words("content|singer", "The singer.", "歌手。")), optional(words("image", "A picture.", "图片地址。")),
			optional(words("appid", "Handed on to the signer.", "交给签名服务。")), optional(words("sign", "The same.", "同上。")), optional(words("package_name", "The same.", "同上。"))), readMusic).
			noted(text.T("Needs a card signer (`onebot.music_sign_url`); it arrives as `json`.", "需要卡片签名服务（`onebot.music_sign_url`）；对方收到 `json`。")).
			like(`{"type":"163","id":"28949129"}`, `{"type":"custom","url":"https://example.com/","audio":"https://example.com/1.mp3","title":"Tune","content":"Singer"}`, `{"url":"https://example.com/","audio":"https://example.com/1.mp3","title":"Tune","appid":"100497308","sign":"s","package_name":"p"}`),
	}
}

func otherSegments() []segmentRow {
	id := fields(words("id", "For `get_forward_msg`.", "用于 `get_forward_msg`。"))
	return []segmentRow{
		segmentType("forward", id, fields(
			words("id", "A forward that exists, or a message with one.", "已有的合并转发，或包含它的消息。")), showForward, readForward).like(`{"id":"AB/cd+0"}`),
		segmentType("longmsg", id, fields(words("id", "A long text that exists.", "已有的长文本。")), showLongMessage, readLongMessage).like(`{"id":"AB/cd+0"}`),
		{name: nodeType, read: readNode, sent: fields(
			optional(whole64("id|message_id", "A message of any chat: the node is that.", "任意会话中的消息：节点即为该消息。")),
			optional(whole64("user_id|uin", "Otherwise who says it; without it the account.", "否则：发送者，省略时为账号自己。")),
			optional(words("name|nickname", "The name that is shown.", "显示的名称。")),
			optional(whole64("time", "When, Unix seconds; without it now.", "时间，Unix 秒，省略时为当前时间。")),
			optional(table.Field{Names: []string{"content"}, Type: &table.Type{Ref: sentMessage}, Text: text.T("What is said, as a `message`. Nodes in it are a forward within.", "内容，写法与 `message` 相同；其中的节点为嵌套的合并转发。")}),
			optional(words("source", "Of a forward within: the card's title.", "嵌套的合并转发：卡片标题。")),
			optional(list("news", "Of a forward within: the card's lines, texts or `{\"text\"}`.", "嵌套的合并转发：卡片各行，字符串或 `{\"text\"}`。", &table.Type{})),
			optional(words("summary", "Of a forward within: the card's last line.", "嵌套的合并转发：卡片末行。")),
			optional(words("prompt", "Of a forward within: what lists of chats show.", "嵌套的合并转发：会话列表中显示的文字。"))),
			notes: text.T("A message with nodes is a forward. They are received by `get_forward_msg` only.", "带节点的消息是合并转发。节点仅由 `get_forward_msg` 返回。"),
			samples: []string{`{"user_id":20001,"nickname":"Alice","content":[{"type":"text","data":{"text":"hello"}}]}`, `{"id":-1234567}`,
				`{"nickname":"Alice","source":"Talk","news":["Bob: hi"],"summary":"one message","prompt":"[Talk]","content":[{"type":"node","data":{"uin":"20002","name":"Bob","time":"1700000000","content":"hi"}}]}`}},
		segmentType("poke", fields(
			words("type", "Its number.", "编号。"), words("id", "-1: not known.", "-1：未知。"), words("name", "What it is called.", "名称。"),
			when(words("strength", "How strong.", "强度。"), "of ordinary ones", "普通戳一戳"),
			when(words("special", "true", "固定为 true。"), "of special ones", "特殊戳一戳"),
			when(words("count", "How many.", "次数。"), "of special ones", "特殊戳一戳")), fields(
			whole64("type", "1 to 6; with `special` 1 to 12.", "1 到 6；带 `special` 时 1 到 12。"),
			optional(whole64("strength", "How strong.", "强度。")), optional(yesNo("special", "A special one.", "特殊戳一戳。")),
			optional(whole64("count", "How many, of a special one.", "特殊戳一戳的次数。")), optional(words("name", "What it is called.", "名称。")),
			optional(whole64("qq", "Alone in its message, instead: a double click on that one's picture (`send_poke`); `message_id` is then 0.", "单独作为一条消息时可代替以上各项：相当于双击其头像（`send_poke`），此时 `message_id` 为 0。"))),
			showPoke, readPoke).like(`{"type":1}`, `{"type":12,"special":true,"count":3}`),
		sentAs("shake", nil, readShake).noted(text.T("A `poke` of type 1.", "即类型为 1 的 `poke`。")).like(`{}`),
		// The feature is gone; old bots still send it.
		sentAs("anonymous", nil, func(context.Context, reader, message.Chat, segment) (message.Segment, error) { return nil, nil }).
			noted(text.T("Accepted, without effect: the feature is gone.", "可以发送，但没有任何效果：该功能已下线。")),
		onlyReceived("redbag", fields(words("title", "What is written on it.", "红包上的文字。")), howUnknown, showRedPacket),
		onlyReceived("flash_file", fields(words("title", "Its name.", "名称。"), words("file_set_id", "Its id.", "文件集 id。"), words("scene_type", "Its kind, a number.", "类型（数字）。")), howUnknown, showFlashFile),
		onlyReceived("unknown", fields(words("element", "What the protocol calls it, such as `custom_elem`.", "协议中的名称，例如 `custom_elem`。")),
			text.T("it has no more than a name", "只有名称，没有内容"), showUnknown),
		neverSent("miniapp", text.T("how one is made is not known; one that exists is sent as `json`", "生成方式未知；已有的小程序卡片请用 `json` 发送")),
		neverSent("tts", howUnknown),
		neverSent("cardimage", howUnknown),
		neverSent("gift", text.T("the feature is gone", "该功能已下线")),
	}
}
