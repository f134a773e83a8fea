package event

import (
	"slices"
	"testing"

	"libration/internal/vectors"
)

// BenchmarkDecodePush decodes each push of the vectors and of the tests, as one that comes
// for the first time.
func BenchmarkDecodePush(b *testing.B) {
	type vector struct{ ID, Command, Body string }
	for _, v := range vectors.Read[vector](b, "push_events.json") {
		b.Run(v.ID, func(b *testing.B) { decodeAgain(b, v.Command, unhex(b, v.Body)) })
	}
	for _, s := range slices.Concat(specification(), built(b)) {
		b.Run(s.name, func(b *testing.B) { decodeAgain(b, CommandMsgPush, fromAlice(b, s.typ, s.subType, s.content)) })
	}
}

func decodeAgain(b *testing.B, command string, payload []byte) {
	d := decoderFor(selfPerson)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if len(d.Decode(command, payload)) == 0 {
			b.Fatal("no event")
		}
		d.forget()
	}
}

// forget lets a push come again.
func (d *Decoder) forget() {
	for _, k := range d.seen.ring {
		delete(d.seen.seen, k)
	}
	d.seen.ring, d.joined, d.left = d.seen.ring[:0], recentGroups{}, recentGroups{}
}
