package event

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Commands that the server pushes (docs/protocol/events.md 1).
const (
	CommandMsgPush      = rpc.PushMessage
	CommandKick         = rpc.PushKick
	CommandInfoSyncPush = rpc.PushInfoSync
	CommandPushParams   = rpc.PushParams
)

// Counters are how many pushes gave no event, by the reason, since the decoder was
// made. Except for Duplicate and ShortHeader, each of them gave an [Unknown].
type Counters struct {
	Unknown     uint64 // of a kind that is not known
	Ignored     uint64 // of a known kind without an event
	DecodeError uint64 // the bytes do not parse
	EmptyBody   uint64
	Incomplete  uint64 // a part that an event needs is missing
	Duplicate   uint64 // the server sent them twice
	ShortHeader uint64 // shorter than their header says; they are decoded all the same
}

// Decoder turns pushes into events. Only one goroutine may call Decode. Counters may be
// called from any goroutine.
type Decoder struct {
	self  func() Person
	known *table
	push  push // the one being decoded

	seen   Deduper
	joined recentGroups // the account's own joins
	left   recentGroups // and departures

	devices []Device // the last list; nil: there was none yet

	unknown, ignored, decodeError, emptyBody, incomplete, duplicate, shortHeader atomic.Uint64
}

// NewDecoder returns a decoder. self returns the account; Decode calls it for each
// message push. What self does not know yet is taken from the push where possible.
func NewDecoder(self func() Person) *Decoder { return &Decoder{self: self, known: known} }

// Counters returns the totals so far.
func (d *Decoder) Counters() Counters {
	return Counters{
		Unknown:     d.unknown.Load(),
		Ignored:     d.ignored.Load(),
		DecodeError: d.decodeError.Load(),
		EmptyBody:   d.emptyBody.Load(),
		Incomplete:  d.incomplete.Load(),
		Duplicate:   d.duplicate.Load(),
		ShortHeader: d.shortHeader.Load(),
	}
}

// Decode reads one push: its command, and the payload of the packet. It returns at
// least one event, an [Unknown] where there is no other. For a push that the server has
// sent before it may return none. Events and payload share memory: neither may be
// changed afterwards.
func (d *Decoder) Decode(command string, payload []byte) []Event {
	p := &d.push
	*p = push{d: d, key: Key{Command: command, Type: none, SubType: none, Discriminator: none}, payload: payload}
	defer func() { *p = push{} }() // it keeps nothing of the packet
	if command == CommandMsgPush {
		p.decodeMsgPush()
	} else {
		p.run(d.known.commands[command])
	}
	return p.events
}

// push is one push being decoded.
type push struct {
	d       *Decoder
	key     Key
	payload []byte

	self    Person
	raw     []byte // the encoded message, and the message
	common  *messagepb.CommonMessage
	route   *messagepb.RoutingHead
	head    *messagepb.ContentHead
	content []byte // body.msg_content

	// What split has read of the content, for the rows of its parts.
	notify *pushpb.GroupNotify
	item   *pushpb.ProfileSyncItem
	tip    grayTip
	inner  *pushpb.GroupInvitedJoinInner

	events []Event
}

func (p *push) emit(events ...Event) { p.events = append(p.events, events...) }

// fail reports the push as one that gave no event; at most once per key.
func (p *push) fail(reason UnknownReason, err error) {
	for _, e := range p.events {
		if u, ok := e.(*Unknown); ok && u.Key == p.key {
			return
		}
	}
	switch reason {
	case ReasonUnknown:
		p.d.unknown.Add(1)
	case ReasonDecode:
		p.d.decodeError.Add(1)
	case ReasonEmpty:
		p.d.emptyBody.Add(1)
	case ReasonIncomplete:
		p.d.incomplete.Add(1)
	case ReasonIgnored:
		p.d.ignored.Add(1)
	}
	p.emit(&Unknown{Key: p.key, Reason: reason, Err: err, Payload: p.payload})
}

func (p *push) unknown()              { p.fail(ReasonUnknown, nil) }
func (p *push) ignore()               { p.fail(ReasonIgnored, nil) }
func (p *push) incomplete()           { p.fail(ReasonIncomplete, nil) }
func (p *push) undecodable(err error) { p.fail(ReasonDecode, err) }

// decode reads b into m; when it cannot, the push is undecodable.
func (p *push) decode(b []byte, m proto.Message) bool {
	err := pb.Unmarshal(b, m)
	if err != nil {
		p.undecodable(err)
	}
	return err == nil
}

// decodeMsgPush follows the order of work of docs/protocol/events.md 3.1.
func (p *push) decodeMsgPush() {
	raw, err := commonMessage(p.payload)
	if err != nil {
		p.undecodable(err)
		return
	}
	if len(raw) > elements.MaxRaw {
		p.undecodable(fmt.Errorf("a message of %d bytes; at most %d are read", len(raw), elements.MaxRaw))
		return
	}
	cm := new(messagepb.CommonMessage)
	if !p.decode(raw, cm) {
		return
	}
	p.common, p.raw = cm, raw
	p.route, p.head, p.content = cm.GetRoutingHead(), cm.GetContentHead(), cm.GetBody().GetMsgContent()
	p.key.Type = int64(p.head.GetType())
	p.self = p.d.self()
	k := kind{p.key.Type, none, none}
	if k.typ == typeAccount || k.typ == typeGroup {
		p.key.SubType = int64(p.head.GetSubType())
		k.sub = p.key.SubType
	}
	r := p.d.known.pushes[k]
	if r != nil && r.chat {
		r.decode(p)
		return
	}
	if cm.GetBody() == nil || cm.GetBody().MsgContent == nil {
		p.fail(ReasonEmpty, nil)
		return
	}
	random := p.head.GetRandom()
	if random == 0 {
		random = p.head.GetMsgUid() & 0xFFFFFFFF
	}
	if p.d.seen.Seen(p.route.GetFromUin(), p.head.GetSequence(), random) {
		p.d.duplicate.Add(1)
		return
	}
	// The receiver of an event is the account.
	if p.self.UIN == 0 {
		p.self.UIN = message.UIN(p.route.GetToUin())
	}
	if p.self.UID == "" {
		p.self.UID = message.UID(p.route.GetToUid())
	}
	p.run(r)
}

// spare is how many bytes more than its own a message may keep in memory.
const spare = 1 << 10

// commonMessage finds field 1 of the envelope; nothing else of it is used.
func commonMessage(payload []byte) ([]byte, error) {
	var raw []byte
	for b := payload; len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
		m := protowire.ConsumeFieldValue(num, typ, b)
		if m < 0 {
			return nil, protowire.ParseError(m)
		}
		if num == 1 && typ == protowire.BytesType {
			raw, _ = protowire.ConsumeBytes(b)
		}
		b = b[m:]
	}
	if len(payload)-len(raw) > spare {
		raw = bytes.Clone(raw) // who keeps it does not keep the payload
	}
	return raw, nil
}
