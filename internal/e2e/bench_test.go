package e2e

import (
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/gateway"
	"libration/internal/pb/messagepb"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/onebot"
	"libration/sandbox"
)

// BenchmarkPushToJSON is the receive path behind decryption: a pushed group message
// to the stored message and the JSON event in a subscriber's queue.
func BenchmarkPushToJSON(b *testing.B) {
	box, err := sandbox.New(sandbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var payload []byte
	w := box.World()
	w.SetPresence(nil)
	w.SetSink(func(p sandbox.Push) {
		if p.To == bot {
			payload = p.Payload
		}
	})
	w.Send(sandbox.Send{From: alice, Group: group, Elems: []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("你好, sandbox 😀")}}}}, nil)

	client, err := ntqq.New(ntqq.Options{Initial: &ntqq.Keystore{UIN: bot, UID: "u_bot", Device: ntqq.NewDevice()}})
	if err != nil {
		b.Fatal(err)
	}
	messages, err := store.Open(b.Context(), store.Options{Path: filepath.Join(b.TempDir(), "messages.db"), Log: testLog()})
	if err != nil {
		b.Fatal(err)
	}
	defer messages.Close()
	gate := gateway.New(gateway.Options{Account: client, Store: messages})
	onebot.New(onebot.Options{Client: client, Gateway: gate})
	events := gate.Subscribe(gateway.Selection{})
	defer events.Close()
	decoder := event.NewDecoder(func() event.Person { return event.Person{UIN: bot, UID: "u_bot"} })

	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		for _, e := range decoder.Decode(event.CommandMsgPush, payload) {
			gate.Handle(b.Context(), e)
		}
		if taken, err := events.Take(nil, 1); err != nil || len(taken) == 0 {
			b.Fatalf("no event: %v", err)
		}
	}
}
