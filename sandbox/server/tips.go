package server

import (
	"net/url"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Templates of grey tips of business type 1 (docs/protocol/events.md 6).
const (
	tipTemplate   = 1
	tipRestricted = 10214
)

// honorTemplates are the templates of honours. Of others no push is known.
var honorTemplates = map[world.Honor]uint64{world.HonorPerformer: 1052, world.HonorTalkative: 1053, world.HonorEmotion: 1067}

// unlockURL is where a restricted account would be unlocked; it is ours, and goes nowhere.
const unlockURL = "https://unlock.sandbox.invalid/"

func template(id uint64, params ...string) *pushpb.GroupNotify {
	return &pushpb.GroupNotify{GrayTip: &pushpb.GeneralGrayTip{
		BusinessType: tipTemplate, BusinessId: 1, ControlFlag: 7, C2CType: 1, TemplateId: id, Params: tipParams(params...),
	}}
}

func (p *pushes) honorChanged(h *world.HonorChanged) {
	if id := honorTemplates[h.Honor]; id != 0 {
		p.tip(h.InGroup, template(id, "nick", h.Member.Nickname, "uin", uinText(h.Member.UIN)))
	}
}

// luckyKing has no service type: it is not known.
func (p *pushes) luckyKing(h *world.LuckyKing) {
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{NotifyType: 1, RedPacket: &pushpb.GroupRedPacketTip{
		ShowLatest: 1, SenderUin: uint64(h.Sender.UIN), LuckyFlag: 1, LuckyUin: uint64(h.Member.UIN),
	}})
}

func (p *pushes) textTip(h *world.TextTip) {
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		NotifyType: 1, EventParam: encode(&pushpb.GroupTextParam{ShowLatest: 1, Text: h.Text}),
	})
}

func (p *pushes) memberEntered(h *world.MemberEntered) {
	detail := &pushpb.GroupEntryDetail{
		MemberUin: uint64(h.Member.UIN), GroupCode: uint64(h.Group), Style: &pushpb.GroupEntryStyle{StyleId: h.Style},
	}
	p.all(h.InGroup, p.accountEvent(accountEntered, h.Member.UIN, h.Member.UID, &pushpb.GroupAppPush{
		SubCommand: 1,
		Body:       encode(&pushpb.GroupAppBody{GroupCode: uint64(h.Group), Info: &pushpb.GroupAppInfo{Detail: encode(detail)}}),
	}))
}

func (p *pushes) albumUpdated(h *world.AlbumUpdated) {
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		NotifyType: 38, ServiceType: proto.Uint32(37),
		Album: &pushpb.GroupAlbumUpdate{F1Unk: 6, Args: url.Values{"i": {h.Image}}.Encode()},
	})
}

func (p *pushes) robotAdded(h *world.RobotAdded) {
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		NotifyType: 39, ServiceType: proto.Uint32(38),
		BotAdded: &pushpb.GroupBotAdded{GroupCode: uint64(h.Group), BotUid: proto.String(string(h.Robot.UID))},
	})
}

// restricted goes to the account alone. That it may send again nothing says.
func (p *pushes) restricted(h *world.Restricted) {
	if !h.On {
		return
	}
	p.tip(world.InGroup{Group: h.Group, Members: []message.UIN{h.User.UIN}}, template(tipRestricted, "ftype", "群消息", "unlock_url", unlockURL))
}

// Event types of who types, as in a capture, and of who speaks (docs/protocol/events.md
// 5.2).
const (
	inputVoice = 0
	inputText  = 1
	inputEnds  = 2
)

func (p *pushes) typing(h *world.Typing) {
	item := &pushpb.InputStatusItem{TimeoutSeconds: 5, Timestamp: uint64(p.world.Now().Unix()), EventType: inputEnds}
	switch h.Input {
	case world.InputText:
		item.EventType, item.Wording = inputText, []byte("对方正在输入...")
	case world.InputVoice:
		item.EventType, item.Wording = inputVoice, []byte("对方正在讲话...")
	}
	p.to(h.To, p.accountEvent(accountTyping, h.From.UIN, h.From.UID, &pushpb.InputStatus{
		FromUin: uint64(h.From.UIN), ToUin: uint64(h.To.UIN), Item: item,
	}))
}

func (p *pushes) voiceText(h *world.VoiceText) {
	m := h.Message
	body := &pushpb.VoiceTextBody{
		MessageUid: elements.MsgUID(m.Random), ChatType: 2, Text: h.Text, SenderUin: uint64(m.Sender.UIN), PeerUin: uint64(m.To),
	}
	if m.Group != 0 {
		body.ChatType, body.PeerUin = 1, uint64(m.Group)
	}
	p.to(h.User, p.accountEvent(accountVoiceText, h.User.UIN, h.User.UID, &pushpb.VoiceTextResult{F1Unk: 1, Body: body}))
}

// onlineFile writes the bytes that are known of such a notice (docs/protocol/events.md 5.2).
func (p *pushes) onlineFile(h *world.OnlineFile) {
	content := make([]byte, 18)
	content[15] = 101
	if h.Folder {
		content[15] = 136
	}
	command := uint64(elements.CmdOnlineFileRefused)
	switch h.End {
	case world.OnlineFileRefused:
		content[17] = 230
	case world.OnlineFileCancelled:
		content[17] = 225
	default:
		command = elements.CmdOnlineFileDone
	}
	p.to(h.To, p.event(typeFriend, command, uint64(h.From.UIN), string(h.From.UID), content))
}
