package server

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// envelope is an encoded MsgPush but for its receiver (routing head 5 and 6), so
// that a push to many members is encoded once.
type envelope struct {
	head []byte // routing head, fields 1 to 4
	tail []byte // routing head, fields 7 and 8
	rest []byte // common message, fields 2 and 3

	// to and uid are the receiver that the push names to everybody, in private chats. With
	// 0 it names to each its own.
	to  message.UIN
	uid message.UID
}

// newEnvelope encodes a message, which it takes apart: do not use m afterwards.
func newEnvelope(m *messagepb.CommonMessage) *envelope {
	r := m.GetRoutingHead()
	e := &envelope{
		tail: encode(&messagepb.RoutingHead{C2C: r.C2C, Group: r.Group}),
		to:   message.UIN(r.GetToUin()), uid: message.UID(r.GetToUid()),
	}
	r.C2C, r.Group, r.ToUin, r.ToUid = nil, nil, 0, nil
	m.RoutingHead = nil
	e.head, e.rest = encode(r), encode(m)
	return e
}

// payload returns the MsgPush for one receiver.
func (e *envelope) payload(to message.UIN, uid message.UID) []byte {
	if e.to != 0 {
		to, uid = e.to, e.uid
	}
	routing := len(e.head) + len(e.tail) +
		1 + protowire.SizeVarint(uint64(to)) + 1 + protowire.SizeBytes(len(uid))
	common := 1 + protowire.SizeBytes(routing) + len(e.rest)
	b := make([]byte, 0, 1+protowire.SizeBytes(common)+2)
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(common))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(routing))
	b = append(b, e.head...)
	b = protowire.AppendTag(b, 5, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(to))
	b = protowire.AppendTag(b, 6, protowire.BytesType)
	b = protowire.AppendString(b, string(uid))
	b = append(b, e.tail...)
	b = append(b, e.rest...)
	b = protowire.AppendTag(b, 3, protowire.VarintType)
	return protowire.AppendVarint(b, 1)
}

// encode never fails: all texts of a world were checked to be UTF-8, and the fast
// encoder takes the others as they came.
func encode(m proto.Message) []byte {
	b, err := pb.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}
