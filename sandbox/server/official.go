package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// officialOnly writes a segment that only official clients send: our client cannot. nil
// for every other segment.
func officialOnly(seg message.Segment) *messagepb.Elem {
	if s, ok := seg.(*message.RedPacketSegment); ok {
		return &messagepb.Elem{QqWalletMsg: &messagepb.QQWalletMsg{
			Body: &messagepb.QQWalletAioBody{Receiver: &messagepb.QQWalletAioElem{Title: s.Title}},
		}}
	}
	return nil
}

// officialTail is what official clients write behind a segment: text for older ones, and
// an empty element (docs/protocol/messages.md 5.7; the wording is ours).
func officialTail(seg message.Segment) []*messagepb.Elem {
	if s, ok := seg.(*message.FlashFileSegment); ok {
		return []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("[闪传]" + s.Title)}}, {}}
	}
	return nil
}
