package ntqq

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"libration/internal/elements"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/message"
)

// AIVoices are the service's own voices, which read texts in groups. They are safe for
// concurrent use.
type AIVoices struct{ c *Client }

// AIVoices returns the operations on the service's own voices.
func (c *Client) AIVoices() AIVoices { return AIVoices{c} }

// AIVoiceKind says what a voice does with a text.
type AIVoiceKind uint32

// The values of AIVoiceKind.
const (
	AISpeech AIVoiceKind = 1
	AISong   AIVoiceKind = 2
)

// AIVoiceSort is a part of the service's voices, as people see them.
type AIVoiceSort struct {
	Name   string
	Voices []AIVoice
}

// AIVoice is one of the service's voices.
type AIVoice struct {
	ID   string // what [AIVoices.Send] takes
	Name string
	// PreviewURL is where it can be heard; may be "".
	PreviewURL string
}

// AnyGroup can stand for the group whose voices are listed.
const AnyGroup GroupCode = 42

// List returns the voices for a group, or for [AnyGroup]. The errors are those of
// [Client.Call].
func (v AIVoices) List(ctx context.Context, group GroupCode, kind AIVoiceKind) ([]AIVoiceSort, error) {
	resp, err := call(ctx, v.c, rpc.AIVoices, aiVoicesRequest(group, kind))
	if err != nil {
		return nil, fmt.Errorf("voices of the service: %w", err)
	}
	var list []AIVoiceSort
	for _, sort := range resp.GetGroups() {
		s := AIVoiceSort{Name: sort.GetType()}
		for _, c := range sort.GetCharacters() {
			s.Voices = append(s.Voices, AIVoice{c.GetId(), c.GetName(), c.GetPreviewUrl()})
		}
		list = append(list, s)
	}
	return list, nil
}

func aiVoicesRequest(group GroupCode, kind AIVoiceKind) *oidbpb.AiCharacterListReq {
	return &oidbpb.AiCharacterListReq{GroupCode: uint64(group), ChatType: uint32(kind)}
}

const (
	// aiPause and aiTries are how often the service is asked whether a voice is there
	// (docs/protocol/operations.md 8).
	aiPause = time.Second
	aiTries = 30
	// aiHistory is among how many of the newest messages of the group the voice is looked
	// for.
	aiHistory = 30
)

var (
	errAIVoiceLate = text.Errorf("the service has not made the voice: %v", "服务器没有生成语音：%v", ErrTimeout)
	errNoAIVoice   = text.Errorf("the answer has no voice", "服务器的响应中没有语音")
)

// Send has a voice of the service, by its ID, read or sing a text in a group. The service
// sends it as a message of the account, which is returned. Its Sequence is 0 where it is not
// found in the group. It takes some seconds, 30 at most. The errors are those of
// [Client.Call], and [ErrNoGroup]; a refusal is a [*ServerError].
func (v AIVoices) Send(ctx context.Context, group GroupCode, voice, words string, kind AIVoiceKind) (*message.Message, error) {
	c := v.c
	info, err := c.speak(ctx, aiSpeakRequest(group, voice, words, kind, rand.Uint32()))
	if err != nil {
		return nil, fmt.Errorf("voice %q in group %d: %w", voice, group, c.inGroup(ctx, group, err))
	}
	record := elements.VoiceOf(info)
	if record == nil {
		return nil, errNoAIVoice
	}
	chat := message.Chat{Kind: message.Group, Group: group}
	newest, err := c.Messages().History(ctx, chat, HistoryQuery{Count: aiHistory})
	if err != nil {
		c.log.Debug("the voice of the service is not looked for", "group", group, "err", err)
	}
	for _, m := range slices.Backward(newest) {
		if m.Sender.UIN == c.Self().UIN && isVoice(m, record) {
			return m, nil
		}
	}
	return &message.Message{Chat: chat, Sender: message.Sender{UIN: c.Self().UIN}, Content: message.Content{record}}, nil
}

// speak asks for a voice until it is there. It returns its description.
func (c *Client) speak(ctx context.Context, req *oidbpb.AiRecordReq) (info []byte, err error) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	// The answers may be slow, too.
	for began, try := time.Now(), 0; try < aiTries && time.Since(began) < aiTries*aiPause; try++ {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		resp, err := call(ctx, c, rpc.AISpeak, req)
		if err != nil || len(resp.GetMsgInfo()) > 0 {
			return resp.GetMsgInfo(), err
		}
		pause.Reset(aiPause)
	}
	return nil, errAIVoiceLate
}

func aiSpeakRequest(group GroupCode, voice, words string, kind AIVoiceKind, random uint32) *oidbpb.AiRecordReq {
	return &oidbpb.AiRecordReq{
		GroupCode: uint64(group), VoiceId: voice, Text: words, ChatType: uint32(kind),
		ClientInfo: &oidbpb.AiRecordClientInfo{MsgRandom: random},
	}
}

// isVoice tells whether a message is this voice. The same text may sound the same twice:
// then the newest one is as good.
func isVoice(m *message.Message, voice *message.RecordSegment) bool {
	for _, segment := range m.Content {
		if r, ok := segment.(*message.RecordSegment); ok {
			return r.ID == voice.ID || len(r.MD5) > 0 && bytes.Equal(r.MD5, voice.MD5)
		}
	}
	return false
}
