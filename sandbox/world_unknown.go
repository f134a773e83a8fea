package sandbox

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// unknownCommandPush is a push of a command that does not exist.
const unknownCommandPush = "trpc.test.Unknown.Push"

// unknownPushes makes the pushes of docs/protocol/events.md 9.1 point 6 for an
// account, from the first of its groups if it has any.
func (w *World) unknownPushes(uin message.UIN) []Push {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users[uin] == nil {
		return nil
	}
	var code message.GroupCode
	for c, g := range w.groups {
		if g.members[uin] != nil && (code == 0 || c < code) {
			code = c
		}
	}
	random := binary.BigEndian.AppendUint64(nil, w.rng.Uint64())
	text := noticeContent(noticeText, &pushpb.GroupNotify{GroupCode: uint64(code), ServiceType: proto.Uint32(17)})
	payload := func(kind, sub uint64, content []byte) []byte {
		e := w.event(kind, sub, uint64(uin), w.uidOf(uin), content)
		return e.payload(uin, w.uidOf(uin))
	}
	whole := payload(typeNotice, noticeText, text)
	pushes := []Push{
		{Payload: payload(typeNotice, 99, random)},
		{Payload: payload(typeNotice, noticeText, text)},
		{Payload: payload(999, 0, random)},
		{Payload: random, Command: unknownCommandPush},
		{Payload: whole[:len(whole)/2]}, // truncated
		{Payload: payload(typeNotice, noticeRecall, random[:3])},
	}
	for i := range pushes {
		pushes[i].To = uin
		if pushes[i].Command == "" {
			pushes[i].Command = rpc.PushMessage
		}
	}
	return pushes
}
