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
