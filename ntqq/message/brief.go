package message

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBrief is how many characters of content [Brief] shows.
const maxBrief = 70

// What stands for content that has no text of its own (docs/protocol/messages.md 10.4).
const (
	briefFace    = "[表情]"
	briefPicture = "[图片]"
	briefVoice   = "[语音]"
	briefVideo   = "[视频]"
	briefFile    = "[文件]"
	briefCard    = "[卡片消息]"
	briefForward = "[聊天记录]"
	briefOther   = "[暂不支持该消息类型]"
)

// Brief returns what stands for content where there is little room, such as in the card of
// a forward: texts, "[图片]" for a picture, "[骰子]" for a die. It has at most 70
// characters.
func Brief(c Content) string {
	var b strings.Builder
	for _, seg := range c {
		if seg != nil && b.Len() < maxBrief*utf8.UTFMax {
			b.WriteString(firstRunes(seg.brief(), maxBrief))
		}
	}
	return firstRunes(b.String(), maxBrief)
}

// firstRunes returns the first n characters of a text.
func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

func (t *TextSegment) brief() string { return t.Text }

func (a *AtSegment) brief() string {
	switch {
	case a.Display != "":
		return a.Display
	case a.All:
		return AtAllText
	}
	return "@" + strconv.FormatUint(uint64(a.UIN), 10)
}

func (f *FaceSegment) brief() string {
	switch f.ID {
	case FaceDice:
		return "[骰子]"
	case FaceRPS:
		return "[猜拳]"
	}
	return briefFace
}

func (m *MarketFaceSegment) brief() string {
	if m.Summary == "" {
		return briefFace
	}
	return m.Summary
}

func (*ReplySegment) brief() string { return "" }

func (l *LightAppSegment) brief() string {
	if prompt := l.Prompt(); prompt != "" {
		return prompt
	}
	return briefCard
}

func (*XMLSegment) brief() string { return briefCard }

func (*ContactSegment) brief() string { return briefCard }

func (l *LocationSegment) brief() string { return "[Location]" + l.Address }

func (f *ForwardSegment) brief() string {
	if f.Prompt == "" {
		return briefForward
	}
	return f.Prompt
}

func (*LongMessageSegment) brief() string { return briefOther }

func (*MarkdownSegment) brief() string { return briefOther }

func (f *FlashFileSegment) brief() string { return briefFile }

func (*KeyboardSegment) brief() string { return briefOther }

func (*PokeSegment) brief() string { return briefOther }

func (*RedPacketSegment) brief() string { return briefOther }

// brief tells also of media that could not be understood.
func (u *UnknownSegment) brief() string {
	switch u.Element {
	case "custom_face", "not_online_image", "common_elem 48/10", "common_elem 48/20":
		return briefPicture
	case "video_file", "common_elem 48/11", "common_elem 48/21":
		return briefVideo
	case ElementPtt, "common_elem 48/12", "common_elem 48/22":
		return briefVoice
	case ElementFileContent, "trans_elem":
		return briefFile
	}
	return briefOther
}
