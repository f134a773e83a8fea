package store

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"libration/ntqq/message"
)

// benchChats is among how many groups the messages of the benchmarks are spread.
const benchChats = 50

var benchChat = message.Chat{Kind: message.Group, Group: 700000000}

// benchMessages makes messages of which only the numbers differ.
type benchMessages struct{ raw []byte }

func newBenchMessages(tb testing.TB) *benchMessages {
	m := (&benchMessages{}).message(0)
	return &benchMessages{encode(tb, m, "a message as people write them, of a line or so")}
}

// message is the n-th one of all, and the n/benchChats-th one of its chat.
func (b *benchMessages) message(n uint64) *message.Message {
	chat := benchChat
	chat.Group += message.GroupCode(n % benchChats * 7919)
	return &message.Message{
		Chat: chat, GroupName: "Friends of Go",
		Sender:   message.Sender{UIN: message.UIN(2000000000 + n%997*13), UID: "u_AbCdEfGhIjKlMnOpQrStUv", Nickname: "Somebody", Card: "A card", Level: 12},
		Sequence: 100000 + n/benchChats, Random: uint32(n * 2654435761), Time: 1700000000 + int64(n/20), Raw: b.raw,
	}
}

// grown is a file with this many messages, made once for all benchmarks.
func grown(b *testing.B, rows uint64) string {
	b.Helper()
	if rows == 0 {
		return filepath.Join(b.TempDir(), "messages.db")
	}
	grownOnce.Do(func() {
		dir, err := os.MkdirTemp("", "store")
		if err != nil {
			b.Fatal(err)
		}
		grownFile = filepath.Join(dir, "messages.db")
		s, err := Open(b.Context(), Options{Path: grownFile})
		if err != nil {
			b.Fatal(err)
		}
		all := newBenchMessages(b)
		for n := range rows {
			put(b, s, all.message(n))
		}
		closeStore(b, s)
	})
	path := filepath.Join(b.TempDir(), "messages.db")
	data, err := os.ReadFile(grownFile)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}

var (
	grownOnce sync.Once
	grownFile string
)

// benchRows is in how large a file the benchmarks look.
var benchRows = []uint64{0, 1_000_000}

func BenchmarkInsert(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			path := grown(b, rows)
			s := open(b, Options{Path: path})
			all := newBenchMessages(b)
			before := s.Stats().Bytes
			b.ReportAllocs()
			b.ResetTimer()
			start := cpuTime()
			for n := range uint64(b.N) {
				put(b, s, all.message(rows+n))
			}
			flush(b, s)
			b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op")
			b.StopTimer()
			closeStore(b, s)
			b.ReportMetric(float64(s.Stats().Bytes-before)/float64(b.N)-float64(len(all.raw)), "bytes/op")
		})
	}
}

// stored is a store with this many messages, and their number.
func stored(b *testing.B, rows uint64) (*Store, *benchMessages, uint64) {
	b.Helper()
	s := open(b, Options{Path: grown(b, rows)})
	all := newBenchMessages(b)
	if rows == 0 { // something must be found
		for rows = range uint64(2000) {
			put(b, s, all.message(rows))
		}
		rows++
		flush(b, s)
	}
	return s, all, rows
}

// spread is a number below most; they are all over the file.
func spread(n, most uint64) uint64 { return mix(n) % most }

func BenchmarkGet(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			s, all, rows := stored(b, rows)
			var ids []int32
			for n := range uint64(1000) {
				m := all.message(spread(n, rows))
				id, err := s.ID(m.Chat, m.Sequence)
				if err != nil {
					b.Fatal(err)
				}
				ids = append(ids, id)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if m, err := s.Get(ids[n%len(ids)]); m == nil || err != nil {
					b.Fatal(m, err)
				}
			}
		})
	}
}

// BenchmarkID is that of stored messages: of others the file is asked nothing.
func BenchmarkID(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			s, all, rows := stored(b, rows)
			b.ReportAllocs()
			for n := uint64(0); b.Loop(); n++ {
				m := all.message(spread(n%1000, rows))
				if id, err := s.ID(m.Chat, m.Sequence); id == 0 || err != nil {
					b.Fatal(id, err)
				}
			}
		})
	}
}

// BenchmarkEvents is a client that catches up from the file, 100 events at a time.
func BenchmarkEvents(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			s, all, rows := stored(b, rows)
			const events = 2 * maxTail
			for n := range int64(events) {
				id, err := s.ID(all.message(rows-1).Chat, all.message(rows-1).Sequence)
				if err == nil {
					err = s.Append(&Event{ID: s.LastEvent() + 1, MessageID: id})
				}
				if err != nil {
					b.Fatal(n, err)
				}
			}
			flush(b, s)
			b.ReportAllocs()
			after := int64(0)
			for b.Loop() {
				read, err := s.Events(b.Context(), after, 100)
				if err != nil || len(read) == 0 {
					b.Fatal(len(read), err)
				}
				if after = read[len(read)-1].ID; after > maxTail-200 { // what comes is in memory
					after = 0
				}
			}
		})
	}
}
