package e2e

import (
	"path/filepath"
	"testing"

	"libration/gateway"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/world"
)

// BenchmarkPushToJSON is the receive path behind decryption: a pushed group message
// to the stored message and the JSON event in a subscriber's queue.
func BenchmarkPushToJSON(b *testing.B) {
	box, err := sandbox.New(sandbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	said, err := box.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Text("你好, sandbox 😀")}, nil)
	if err != nil {
		b.Fatal(err)
	}
	payload := box.PushOf(said, bot).Payload

	client, err := ntqq.New(ntqq.Options{Initial: &ntqq.Keystore{UIN: bot, UID: "u_bot", Device: ntqq.NewDevice()}})
	if err != nil {
		b.Fatal(err)
	}
	messages, err := store.Open(b.Context(), store.Options{Path: filepath.Join(b.TempDir(), "messages.db"), Log: testLog(b)})
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
