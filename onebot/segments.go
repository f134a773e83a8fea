package onebot

import (
	"context"
	"slices"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// segmentRow is one type of segment. The array format and CQ codes share it.
type segmentRow struct {
	name           string    // the type
	received, sent text.Text // its data, for the guides; received is empty for one that is only sent
	arrayOnly      []string  // data that CQ codes do not have
	typed          []string  // data that is JSON, not text, in the array format
	refused        bool      // it is not sent: read returns an error, which says why
	of             string    // message.Segment.Name of what show gets; "" when it is never received
	// show appends the data of a received segment; ok is false when that is not of this
	// type. All rows that say ok give a segment.
	show func(w *writer, chat message.Chat, part message.Segment, data []field) (shown []field, ok bool)
	// read returns what is sent to a chat, nil when the segment says nothing. It may ask
	// the service.
	read func(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error)
}

// segmentType is the row of a type that is received as a P.
func segmentType[P message.Segment](
	name string, received, sent text.Text,
	show func(w *writer, chat message.Chat, part P, data []field) ([]field, bool),
	read func(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error),
) segmentRow {
	var of P
	return segmentRow{name: name, received: received, sent: sent, of: of.Name(), read: read,
		show: func(w *writer, chat message.Chat, part message.Segment, data []field) ([]field, bool) {
			return show(w, chat, part.(P), data)
		}}
}

// sentAs is the row of a type that arrives as something else, if at all.
func sentAs(
	name string, sent text.Text,
	read func(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error),
) segmentRow {
	return segmentRow{name: name, sent: sent, read: read}
}

// neverSent is the row of a type that cannot be sent, and why.
func neverSent(name string, why text.Text) segmentRow {
	return segmentRow{name: name, sent: text.T("fails with 1400: %s", "返回 1400：%s").Fill(why), refused: true,
		read: func(context.Context, reader, message.Chat, segment) (message.Segment, error) {
			return nil, badParams(text.T("segment %s cannot be sent: %s", "消息段 %s 不能发送：%s").Fill(name, why))
		}}
}

// onlyReceived is the row of a type that is received as a P and cannot be sent.
func onlyReceived[P message.Segment](
	name string, received, why text.Text,
	show func(w *writer, chat message.Chat, part P, data []field) ([]field, bool),
) segmentRow {
	refused := neverSent(name, why)
	row := segmentType(name, received, refused.sent, show, refused.read)
	row.refused = true
	return row
}

// howUnknown is why most of them are not sent: what is not known is not made up.
var howUnknown = text.T("how it is sent is not known", "发送方式未知")

// onlyInArrays leaves data out of a row's CQ codes.
func (r segmentRow) onlyInArrays(data ...string) segmentRow {
	r.arrayOnly = data
	return r
}

// asJSON says which data of a row is written as JSON in the array format: what show gives
// for it is JSON.
func (r segmentRow) asJSON(data ...string) segmentRow {
	r.typed = data
	return r
}

// segmentRows is every type of segment. docs/protocol/onebot11.md d.4 has all that
// other services know.
func segmentRows() []segmentRow {
	return []segmentRow{
		segmentType("text", text.Same("`text`"), text.Same("`text`"), showText, readText),
		// Bots match "[CQ:at,qq=1]" in texts: a code has no name.
		segmentType("at",
			text.T("`qq` (number or `all`; 0: unknown, with `uid` when that is known), `name` (array format only)",
				"`qq`（QQ 号或 `all`；0 表示未知，此时若已知则有 `uid`）、`name`（仅数组格式）"),
			text.T("`qq` (`target` works too), or `uid`; `name` to show another one", "`qq`（也可以写 `target`）或 `uid`；`name` 可指定显示的名称"),
			showAt, readAt).onlyInArrays("name"),
		segmentType("face",
			text.T("`id`; `large` = `true` for the animated form, `resultId` when that shows a result, `chainCount` (a number) when it is thrown several times",
				"`id`；大表情（动画）带 `large` = `true`，有结果时带 `resultId`，连续扔出时带 `chainCount`（数字）"),
			text.T("`id`; `large` (`sub_type` = 3 works too) for the animated form, `chainCount` to throw it several times; `resultId` counts in a forward only",
				"`id`；`large`（也可以写 `sub_type` = 3）表示大表情（动画），`chainCount` 表示连续扔出的次数；`resultId` 只在合并转发中有效"),
			showFace, readFace).asJSON("chainCount"),
		segmentType("dice", text.Same("`result`"), drawn, showDice, readDice),
		segmentType("rps", text.Same("`result`"), drawn, showRPS, readRPS),
		segmentType("reply",
			text.T("`id` of the quoted message, 0 when the quote names none", "被引用消息的 `id`；无法得知时为 0"),
			text.T("`id` of a message of the same chat, or `seq`, its `message_seq`; with `text`, `qq` (`user_id` works too), `time` and `seq` instead of `id` the quote says what you write. Goes to the front, the first of several counts",
				"同一会话中消息的 `id`，或 `seq`（其 `message_seq`）；不写 `id` 而写 `text`、`qq`（也可以写 `user_id`）、`time` 和 `seq` 时，引用的内容由您指定。自动放在最前面，有多个时取第一个"),
			showReply, readReply),
		segmentType("image",
			text.T("%s; `sub_type` (a number, `subType` too), `summary`, `type` = `flash`",
				"%s；`sub_type`（数字，同 `subType`）、`summary`、`type` = `flash`").Fill(mediumReceived),
			text.T("%s; `sub_type` (`subType` works too; 1: a sticker), `summary` (what lists of chats show); `type` = `flash` fails with 1400: how one is sent is not known",
				"%s；`sub_type`（也可以写 `subType`；1 表示表情）、`summary`（会话列表中显示的文字）；`type` = `flash` 返回 1400：发送方法未知").Fill(mediumSent),
			showImage, readImage).asJSON("sub_type", "subType").onlyInArrays("file_size", "filename", "subType"),
		segmentType("record", mediumReceived, text.T("%s%s", "%s%s").Fill(mediumSent, standsAlone), showRecord, readRecord).
			onlyInArrays("file_size", "filename"),
		segmentType("video", mediumReceived,
			text.T("%s; `cover` (`thumb` works too), a picture in any of these forms%s", "%s；`cover`（也可以写 `thumb`）为封面，写法同 `file`%s").Fill(mediumSent, standsAlone),
			showVideo, readVideo).onlyInArrays("file_size", "filename"),
		segmentType("file",
			text.T("`file` (its name; `file_name` and `name` too), `file_id`, `file_size` (`size` too), `url` (for some hours; empty where the service does not say it), of a group's file `busid`, of a private one `file_hash`",
				"`file`（文件名，同 `file_name`、`name`）、`file_id`、`file_size`（同 `size`）、`url`（数小时内有效；服务器未给出时为空）；群文件带 `busid`，私聊文件带 `file_hash`"),
			text.T("`file_id` of a file that is there, which is forwarded, or `file` in the forms of `image`, which is uploaded, and `name`; `busid` = 104 for a temporary file of the group%s",
				"已有文件的 `file_id`（转发该文件），或 `file`（上传，写法同 `image`）和 `name`；`busid` = 104 表示群的临时文件%s").Fill(standsAlone),
			showFile, readFile),
		segmentType("mface",
			text.T("`emoji_id`, `emoji_package_id` (a number), `key`, `summary`, `url`", "`emoji_id`、`emoji_package_id`（数字）、`key`、`summary`、`url`"),
			text.T("`emoji_id`, `emoji_package_id`; `key`, looked up when it is missing; `summary`, what lists of chats show", "`emoji_id`、`emoji_package_id`；`key` 省略时自动查询；`summary` 是会话列表中显示的文字"),
			showMarketFace, readMarketFace).asJSON("emoji_package_id"),
		segmentType("json",
			text.T("`data`, a text; `resid` = 1 for one of the older form. Shared links, music, mini apps and contacts are such cards", "`data`（字符串）；旧式卡片带 `resid` = 1。链接分享、音乐、小程序、名片都是这种卡片"),
			text.T("`data`, a text or an object; `resid` for the older form", "`data`，字符串或对象；`resid` 表示旧式卡片"),
			showJSON, readJSON),
		segmentType("xml",
			text.Same("`data`, `service_id`"),
			text.T("`data`; `service_id`=35 (`resid` works too)", "`data`；`service_id`=35（也可以写 `resid`）"),
			showXML, readXML),
		segmentType("markdown", text.Same("`content`"),
			text.T("`content`; from ordinary accounts people see it inside forwards only", "`content`；普通账号发送的 markdown 只能在合并转发中显示"),
			showMarkdown, readMarkdown),
		segmentType("keyboard",
			text.T("`rows` (an array; JSON in CQ codes), `bot_app_id` when it has one", "`rows`（数组；CQ 码中为 JSON）；有 `bot_app_id` 时带上"),
			text.T("`rows`, or `content` with them; `bot_app_id`", "`rows`，或带 `rows` 的 `content`；`bot_app_id`"),
			showKeyboard, readKeyboard).asJSON("rows"),
		segmentType("location",
			text.Same("`lat`, `lon`, `title`, `content`"),
			text.T("`lat`, `lon`; `title`, `content` (the address)", "`lat`、`lon`；`title`、`content`（地址）"),
			showLocation, readLocation),
		segmentType("contact",
			text.T("as `json`", "以 `json` 收到"),
			text.T("`type` (`qq` or `group`), `id`", "`type`（`qq` 或 `group`）、`id`"),
			showContact, readContact),
		segmentType("forward",
			text.T("`id`, for `get_forward_msg`", "`id`，用于 `get_forward_msg`"),
			text.T("`id` of a forward that exists, or of a message with one", "已有合并转发的 `id`，或包含它的消息的 id"),
			showForward, readForward),
		segmentType("longmsg",
			text.T("`id`, for `get_forward_msg`", "`id`，用于 `get_forward_msg`"),
			text.T("`id` of a long text that exists", "已有长文本的 `id`"),
			showLongMessage, readLongMessage),
		segmentType("poke",
			text.T("`type`, `id` (-1), `name`, `strength`; a special one has `special` = `true` and `count` in place of `strength`",
				"`type`、`id`（-1）、`name`、`strength`；特殊戳一戳没有 `strength`，而有 `special` = `true` 和 `count`"),
			text.T("`type` (1 to 6; with `special` 1 to 12), `strength`, `count`, `name`; with `qq` and nothing else it is a double click on that one's picture (`send_poke`), and `message_id` is 0",
				"`type`（1 到 6；带 `special` 时 1 到 12）、`strength`、`count`、`name`；只有 `qq` 时相当于双击其头像（`send_poke`），`message_id` 为 0"),
			showPoke, readPoke),
		onlyReceived("redbag", text.Same("`title`"), howUnknown, showRedPacket),
		onlyReceived("flash_file", text.Same("`title`, `file_set_id`, `scene_type`"), howUnknown, showFlashFile),
		{name: nodeType, read: readNode, received: text.T("by `get_forward_msg` only", "仅由 `get_forward_msg` 返回"), sent: text.T(
			"`user_id` (`uin`), `nickname` (`name`), `time`, `content`, or the `id` of a message; see [Forwards](#forwards)",
			"`user_id`（`uin`）、`nickname`（`name`）、`time`、`content`，或消息的 `id`；见[合并转发](#合并转发)")},
		onlyReceived("unknown",
			text.T("`element`, what the protocol calls it, such as `custom_elem`", "`element`：协议中的名称，例如 `custom_elem`"),
			text.T("it has no more than a name", "只有名称，没有内容"), showUnknown),
		sentAs("share", text.T("`url`, `title`: sent as a text of the two", "`url`、`title`：以这两项组成的文本发送"), readShare),
		sentAs("music", text.T(
			"`type` (`qq`, `163`, `xm`, …) and `id`, or `url`, `audio`, `title`, and for `custom` these alone; `content` (the singer), `image`. Needs a card signer; arrives as `json`",
			"`type`（`qq`、`163`、`xm` 等）和 `id`，或 `url`、`audio`、`title`（`custom` 只用后者）；`content`（歌手）、`image`。需要卡片签名服务；对方收到 `json`"), readMusic),
		sentAs("shake", text.T("nothing: a `poke` of type 1", "无需参数：即类型为 1 的 `poke`"), readShake),
		// The feature is gone; old bots still send it.
		sentAs("anonymous", text.T("accepted, without effect: the feature is gone", "可以发送，但没有任何效果：该功能已下线"),
			func(context.Context, reader, message.Chat, segment) (message.Segment, error) { return nil, nil }),
		neverSent("miniapp", text.T("how one is made is not known; one that exists is sent as `json`", "生成方式未知；已有的小程序卡片请用 `json` 发送")),
		neverSent("tts", howUnknown),
		neverSent("cardimage", howUnknown),
		neverSent("gift", text.T("the feature is gone", "该功能已下线")),
	}
}

// segmentTable finds rows. It is made once and only read.
type segmentTable struct {
	types map[string]*segmentRow   // by the type
	shows map[string][]*segmentRow // by message.Segment.Name
	// sendable are the types that can be sent, for people to read.
	sendable string
}

func newSegmentTable() *segmentTable {
	t := &segmentTable{types: map[string]*segmentRow{}, shows: map[string][]*segmentRow{}}
	var sendable []string
	for _, r := range segmentRows() {
		t.types[r.name] = &r
		if r.show != nil {
			t.shows[r.of] = append(t.shows[r.of], &r)
		}
		if !r.refused {
			sendable = append(sendable, r.name)
		}
	}
	t.sendable = strings.Join(sendable, ", ")
	return t
}

// appendSegments appends the OneBot form of a received message's content, as the array
// format has it. It uses the memory of what dst had before.
func (w *writer) appendSegments(dst []segment, chat message.Chat, c message.Content) []segment {
	for _, part := range c {
		if part == nil {
			continue
		}
		for _, r := range w.segments.shows[part.Name()] {
			n := len(dst)
			if n < cap(dst) {
				dst = dst[:n+1]
			} else {
				dst = append(dst, segment{})
			}
			seg := &dst[n]
			data, ok := r.show(w, chat, part, seg.data[:0])
			if seg.data = data; !ok {
				dst = dst[:n]
				continue
			}
			seg.kind, seg.row = r.name, r
		}
	}
	return dst
}

// appendSegmentsJSON appends segments in the array format. All values are texts but those
// that the segment's row says are not.
func appendSegmentsJSON(dst []byte, segments []segment) []byte {
	dst = append(dst, '[')
	for i, s := range segments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":`...)
		dst = appendString(dst, s.kind)
		dst = append(dst, `,"data":{`...)
		for j, f := range s.data {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, f.key)
			dst = append(dst, ':')
			if s.row != nil && slices.Contains(s.row.typed, f.key) {
				dst = append(dst, f.value...)
				continue
			}
			dst = appendString(dst, f.value)
		}
		dst = append(dst, '}', '}')
	}
	return append(dst, ']')
}

// segmentGuide returns the guides' table of segments.
func segmentGuide(l Language) string {
	var b strings.Builder
	b.WriteString(text.T("| segment | received | sent |\n|---|---|---|\n", "| 消息段 | 接收 | 发送 |\n|---|---|---|\n").In(l))
	for _, r := range segmentRows() {
		received := r.received
		if r.show == nil && received == (text.Text{}) {
			received = text.T("never", "不会出现")
		}
		b.WriteString("| `" + r.name + "` | " + received.In(l) + " | " + r.sent.In(l) + " |\n")
	}
	return b.String()
}

// number reads a data value that is a whole number from 0 to most; 0 when it is absent.
func (s segment) number(name string, most uint64) (uint64, error) {
	written := s.get(name)
	if written == "" {
		return 0, nil
	}
	n, err := integer(written)
	if err != nil || n < 0 || uint64(n) > most {
		return 0, badSegment(s, name, text.T("must be a whole number from 0 to %d", "必须是 0 到 %d 的整数").Fill(most))
	}
	return uint64(n), nil
}

// flag reads a data value that is a boolean; false when it is absent.
func (s segment) flag(name string) (bool, error) {
	written := s.get(name)
	if written == "" {
		return false, nil
	}
	b, err := boolean(written)
	if err != nil {
		return false, badSegment(s, name, text.T("must be true or false", "必须是布尔值"))
	}
	return b, nil
}

// typeOf is what OneBot calls a segment: of several types the first.
func typeOf(seg message.Segment) string {
	for _, r := range segmentRows() {
		if r.of == seg.Name() {
			return r.name
		}
	}
	return seg.Name()
}
