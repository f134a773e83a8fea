package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// flashText stands behind a flash picture.
const flashText = "[闪照]"

// officialOnly writes a segment that only official clients send: our client cannot. nil
// for every other segment.
func officialOnly(seg message.Segment) *messagepb.Elem {
	switch s := seg.(type) {
	case *message.RedPacketSegment:
		return &messagepb.Elem{QqWalletMsg: &messagepb.QQWalletMsg{
			Body: &messagepb.QQWalletAioBody{Receiver: &messagepb.QQWalletAioElem{Title: s.Title}},
		}}
	case *message.ImageSegment:
		if s.Flash {
			return flashPicture(s)
		}
	}
	return nil
}

// flashPicture writes a flash picture in the form that every known client reads, in groups
// and private chats (docs/protocol/messages.md 7.2).
func flashPicture(s *message.ImageSegment) *messagepb.Elem {
	return &messagepb.Elem{CommonElem: &messagepb.CommonElem{
		ServiceType: 3,
		PbElem: encode(&messagepb.FlashPicElem{Troop: encode(&messagepb.NotOnlineImage{
			FilePath: []byte(s.Medium.Name), FileLen: uint32(s.Size), PicMd5: s.MD5,
			PicWidth: s.Width, PicHeight: s.Height, ImgType: s.Format,
		})}),
	}}
}

// officialTail is what official clients write behind a segment: text for older ones, and
// an empty element (docs/protocol/messages.md 5.7; the wording is ours).
func officialTail(seg message.Segment) []*messagepb.Elem {
	switch s := seg.(type) {
	case *message.FlashFileSegment:
		return []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("[闪传]" + s.Title)}}, {}}
	case *message.ImageSegment:
		if s.Flash {
			return []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String(flashText)}}}
		}
	}
	return nil
}
