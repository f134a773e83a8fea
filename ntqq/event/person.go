package event

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/ntqq/message"
)

// MaxUID is how long a text id may be in bytes; real ones have 24. A longer one is nobody's.
const MaxUID = 128

// person names an account by uid and adds the uin where the push itself gives it:
// the account's own, or that of the sender or receiver in the routing head
// (docs/protocol/events.md 4).
func (p *push) person(uid string) Person {
	if uid == "" || len(uid) > MaxUID {
		return Person{}
	}
	who := Person{UID: message.UID(uid)}
	switch uid {
	case string(p.self.UID):
		who.UIN = p.self.UIN
	case p.route.GetFromUid():
		who.UIN = message.UIN(p.route.GetFromUin())
	case p.route.GetToUid():
		who.UIN = message.UIN(p.route.GetToUin())
	}
	return who
}

// personIn names the account in field num of m, whose text is uid. The older
// generation has the uin as a number in that field, which the decoder keeps
// among the unknown fields.
func (p *push) personIn(m proto.Message, num protowire.Number, uid string) Person {
	if uid != "" {
		return p.person(uid)
	}
	for b := []byte(m.ProtoReflect().GetUnknown()); len(b) > 0; {
		got, typ, n := protowire.ConsumeField(b)
		if n < 0 {
			break
		}
		if got == num && typ == protowire.VarintType {
			_, _, tag := protowire.ConsumeTag(b)
			uin, _ := protowire.ConsumeVarint(b[tag:])
			return p.byUIN(uin)
		}
		b = b[n:]
	}
	return Person{}
}

// byUIN names an account by uin, with the uid when it is the account itself.
func (p *push) byUIN(uin uint64) Person {
	if uin == 0 {
		return Person{}
	}
	who := Person{UIN: message.UIN(uin)}
	if who.UIN == p.self.UIN {
		who.UID = p.self.UID
	}
	return who
}

func (p *push) isSelf(who Person) bool {
	return who.UID != "" && who.UID == p.self.UID || who.UIN != 0 && who.UIN == p.self.UIN
}

// sender is the routing head's sender; only pushes of type 528 have a person
// there.
func (p *push) sender() Person { return routed(p.route.GetFromUin(), p.route.GetFromUid()) }

// receiver is the routing head's receiver.
func (p *push) receiver() Person { return routed(p.route.GetToUin(), p.route.GetToUid()) }

func routed(uin uint64, uid string) Person {
	if len(uid) > MaxUID {
		uid = ""
	}
	return Person{message.UIN(uin), message.UID(uid)}
}

// time is the push's time, or the fallback where the head has none.
func (p *push) time(fallback uint32) int64 {
	if t := p.head.GetTime(); t != 0 {
		return int64(t)
	}
	return int64(fallback)
}

// bodyTime is the body's own time, or the push's.
func (p *push) bodyTime(t uint32) int64 {
	if t != 0 {
		return int64(t)
	}
	return p.time(0)
}
