package message

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBrief(t *testing.T) {
	for want, c := range map[string]Content{
		"":                    {nil, &ReplySegment{Sequence: 1}},
		"hello @Anne @12":     {Text("hello "), &AtSegment{UIN: 5, Display: "@Anne"}, Text(" "), At(12)},
		AtAllText:             {AtAll()},
		"[表情][骰子][猜拳]two":     {Face(1), Face(FaceDice), Face(FaceRPS), Text("two")},
		"[开心]":                {&MarketFaceSegment{Summary: "[开心]"}},
		"[聊天记录]":              {Forward(Node{})},
		"[转发]":                {&ForwardSegment{Prompt: "[转发]"}},
		"[图片][视频][语音][文件]":    {&UnknownSegment{Element: "common_elem 48/20"}, &UnknownSegment{Element: "video_file"}, &UnknownSegment{Element: ElementPtt}, &UnknownSegment{Element: "trans_elem"}},
		"[文件] a.zip[文件]":      {File(nil, "a.zip"), &FileSegment{}},
		"[暂不支持该消息类型]":         {&PokeSegment{}},
		"[Location]Main Road": {&LocationSegment{Title: "Home", Address: "Main Road"}},
	} {
		if got := Brief(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBriefIsShort(t *testing.T) {
	long := strings.Repeat("长", 10000)
	many := make(Content, 10000)
	for i := range many {
		many[i] = Text("文字")
	}
	for _, c := range []Content{{Text(long)}, many, {Text("x"), Text(long)}} {
		if got := Brief(c); utf8.RuneCountInString(got) != 70 || !utf8.ValidString(got) {
			t.Errorf("got %d characters: %q", utf8.RuneCountInString(got), got)
		}
	}
	for _, seg := range All() { // each says something, empty or not
		Brief(Content{seg})
	}
}
