package server

import (
	"log/slog"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/scenario"
	"libration/sandbox/world"
)

// The people and groups of the default scenario.
const (
	bot   = message.UIN(10001)
	alice = message.UIN(20001)
	bob   = message.UIN(20002)
	carol = message.UIN(20003)
	mall  = message.GroupCode(730000001) // owner Alice, admin Bob
	small = message.GroupCode(730000002) // owner the bot, without Carol
)

func defaultWorld(t testing.TB) *world.World {
	t.Helper()
	w, err := scenario.Default().Build(7)
	if err != nil {
		t.Fatalf("build default scenario: %v", err)
	}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recorder keeps the pushes of a world, as if everybody were online.
type recorder struct{ pushes []Push }

func recordPushes(w *world.World) *recorder {
	r := &recorder{}
	p := newPushes(chatWriter{world: w, log: slog.New(slog.DiscardHandler)}, 1, func(to []message.UIN, but any, e *envelope) {
		for _, uin := range to {
			u, _ := w.Users().Find(uin)
			r.pushes = append(r.pushes, Push{To: uin, Exclude: but, Command: rpc.PushMessage, Payload: e.payload(uin, u.UID)})
		}
	})
	w.Listen(p.happened)
	return r
}

func (r *recorder) to() []message.UIN {
	var uins []message.UIN
	for _, p := range r.pushes {
		uins = append(uins, p.To)
	}
	return uins
}

// decoded returns the pushes to uin as messages.
func (r *recorder) decoded(t testing.TB, uin message.UIN) []*messagepb.MsgPush {
	t.Helper()
	var out []*messagepb.MsgPush
	for _, p := range r.pushes {
		if p.To != uin {
			continue
		}
		m := &messagepb.MsgPush{}
		if err := pb.Unmarshal(p.Payload, m); err != nil {
			t.Fatalf("push to %d: %v", uin, err)
		}
		out = append(out, m)
	}
	return out
}

func textElems(text string) []*messagepb.Elem {
	return []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String(text)}}}
}

func atAllElems() []*messagepb.Elem {
	return []*messagepb.Elem{{Text: &messagepb.Text{
		Str:       proto.String("@全体成员"),
		PbReserve: encode(&messagepb.TextReserve{AtType: proto.Uint32(1)}),
	}}}
}
