package event

import (
	"testing"

	"libration/internal/vectors"
)

// BenchmarkDecodePush decodes each push of the vectors, as one that comes for the first
// time.
func BenchmarkDecodePush(b *testing.B) {
	type vector struct{ ID, Command, Body string }
	for _, v := range vectors.Read[vector](b, "push_events.json") {
		b.Run(v.ID, func(b *testing.B) {
			payload := unhex(b, v.Body)
			d := decoderFor(selfPerson)
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if len(d.Decode(v.Command, payload)) == 0 {
					b.Fatal("no event")
				}
				d.forget()
			}
		})
	}
}

// forget lets a push come again.
func (d *Decoder) forget() {
	for _, k := range d.seen.ring {
		delete(d.seen.seen, k)
	}
	d.seen.ring, d.joined, d.left = d.seen.ring[:0], recentGroups{}, recentGroups{}
}
