package server

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// unknownCommandPush is a push of a command that does not exist.
const unknownCommandPush = "trpc.test.Unknown.Push"

// unknown makes the pushes of docs/protocol/events.md 9.1 point 6 for an account, from
// the first of its groups if it has any.
func (p *pushes) unknown(uin message.UIN) []Push {
	user, known := p.world.Users().Find(uin)
	if !known {
		return nil
	}
	var code message.GroupCode
	if groups := p.world.Groups().Of(uin); len(groups) > 0 {
		code = groups[0].Code
	}
	_, low := p.numbers()
	random := binary.BigEndian.AppendUint64(nil, low<<32|low)
	text := noticeContent(noticeText, &pushpb.GroupNotify{GroupCode: uint64(code), ServiceType: proto.Uint32(17)})
	payload := func(kind, sub uint64, content []byte) []byte {
		return p.event(kind, sub, uint64(uin), string(user.UID), content).payload(uin, user.UID)
	}
	whole := payload(typeNotice, noticeText, text)
	list := []Push{
		{Payload: payload(typeNotice, 99, random)},
		{Payload: payload(typeNotice, noticeText, text)},
		{Payload: payload(999, 0, random)},
		{Payload: random, Command: unknownCommandPush},
		{Payload: whole[:len(whole)/2]}, // truncated
		{Payload: payload(typeNotice, noticeRecall, random[:3])},
	}
	for i := range list {
		list[i].To = uin
		if list[i].Command == "" {
			list[i].Command = rpc.PushMessage
		}
	}
	return list
}
