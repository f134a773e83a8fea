package event

import (
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// VoiceTextReady is sent when a voice message was turned into text, as somebody had asked.
type VoiceTextReady struct {
	Chat   message.Chat
	Sender Person // who sent the voice
	// MessageUID names the voice message; its low 32 bits are Message.Random.
	MessageUID uint64
	Text       string
	Time       int64 // Unix seconds
}

func (*VoiceTextReady) Name() string  { return "voice_text_ready" }
func (e *VoiceTextReady) When() int64 { return e.Time }
func (*VoiceTextReady) Stale() Stale  { return Stale{} }
func (e *VoiceTextReady) People() People {
	return People{Group: e.Chat.Group, Members: []*Person{&e.Sender}, Chat: &e.Chat}
}

// voiceInGroup is the chat type of a group.
const voiceInGroup = 1

func (p *push) voiceText() {
	var b pushpb.VoiceTextResult
	if !p.decode(p.content, &b) {
		return
	}
	body := b.GetBody()
	if body.GetMessageUid() == 0 {
		p.incomplete()
		return
	}
	e := &VoiceTextReady{
		Sender: p.byUIN(body.GetSenderUin()), MessageUID: body.GetMessageUid(), Text: body.GetText(), Time: p.time(0),
	}
	if body.GetChatType() == voiceInGroup {
		e.Chat = message.Chat{Kind: message.Group, Group: message.GroupCode(body.GetPeerUin())}
	} else {
		peer := e.Sender
		if p.isSelf(peer) {
			peer = p.byUIN(body.GetPeerUin())
		}
		e.Chat = message.Chat{Kind: message.Friend, Peer: peer.UIN, PeerUID: peer.UID}
	}
	if e.Chat == (message.Chat{Kind: e.Chat.Kind}) {
		p.incomplete()
		return
	}
	p.emit(e)
}
