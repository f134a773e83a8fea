//go:build endurance && linux

package e2e

import (
	"bytes"
	"fmt"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// Whatever a server with the session's key sends, the program stays below 512 MiB
// and goes on.
func TestBombs(t *testing.T) {
	program := buildProgram(t)
	empty := field(2, nil)
	for _, c := range []struct {
		name string
		drop func(*bombed)
	}{
		{"empty elements, 40 MiB in 41 KB", func(b *bombed) { b.push(20, wire.CompressionZlib, pushed(1, bytes.Repeat(empty, 20<<20))) }},
		{"empty elements, 16 MiB in 16 KB", func(b *bombed) { b.push(30, wire.CompressionZlib, pushed(1, bytes.Repeat(empty, 8<<20-100))) }},
		{"as many elements as there may be", func(b *bombed) {
			for i := range 20 {
				b.push(1, wire.CompressionZlib, pushed(uint64(i+1), bytes.Repeat(textElem(20), 1<<16)))
			}
		}},
		{"messages of 14 MiB", func(b *bombed) {
			for i := range 20 {
				b.push(1, wire.CompressionZlib, pushed(uint64(i+1), bytes.Repeat(textElem(200), 1<<16)))
			}
		}},
		{"quotes of many elements", func(b *bombed) {
			quoted := field(45, append([]byte{8, 1}, field(11, field(3, field(1, bytes.Repeat(textElem(1), 1<<16))))...))
			for i := range 5 {
				b.push(1, wire.CompressionZlib, pushed(uint64(i+1), bytes.Repeat(field(2, quoted), 24)))
			}
		}},
		{"1500 frames of 4 KB that inflate to 4 MiB, handler blocked", func(b *bombed) {
			b.block()
			b.push(1500, wire.CompressionZlib, field(2, make([]byte, 4<<20)))
		}},
		{"50 messages of 2 MiB, handler blocked", func(b *bombed) {
			b.block()
			for i := range 50 {
				b.push(1, wire.CompressionZlib, pushed(uint64(i+1), textElem(2<<20-1000)))
			}
		}},
		{"8000 messages of 16 KB behind a gap", func(b *bombed) {
			b.hostile.answer(rpc.GroupHistory.Name, nil)
			for i := range 8000 {
				b.hostile.push(pushFrame(b.hostile.key, rpc.PushMessage, wire.CompressionZlib, zipped(pushed(1+10*uint64(i), textElem(16<<10)))))
			}
		}},
		{"frames of 10 MiB", func(b *bombed) {
			for i := range 8 {
				b.push(1, wire.CompressionNone, pushed(uint64(i+1), textElem(wire.MaxFrame-1000)))
			}
		}},
		{"frames of 11 MiB", func(b *bombed) {
			for i := range 3 {
				b.push(1, wire.CompressionNone, make([]byte, 11<<20))
				b.hears(fmt.Sprint("again ", i))
			}
		}},
		{"groups nested 4 million times", func(b *bombed) {
			b.push(4, wire.CompressionZlib, bytes.Repeat([]byte{12<<3 | 3}, 4<<20))
			b.push(4, wire.CompressionZlib, pushed(1, bytes.Repeat([]byte{2<<3 | 3}, 4<<20)))
		}},
		{"messages nested 20,000 deep", func(b *bombed) {
			var deep []byte
			for range 20000 {
				deep = protowire.AppendBytes([]byte{3<<3 | 2}, deep)
			}
			b.push(4, wire.CompressionZlib, pushed(1, deep))
			b.push(4, wire.CompressionZlib, deep)
		}},
		{"history", func(b *bombed) {
			bomb := func(messages []byte) []byte { return field(3, messages) }
			latest := uint64(1000)
			for _, body := range [][]byte{
				bomb(bytes.Repeat(field(6, nil), 4<<20)),
				bomb(field(6, field(3, field(1, bytes.Repeat(empty, 4<<20))))),
				bomb(bytes.Repeat(field(6, common(1, textElem(500<<10))), 30)),
			} {
				b.hostile.answer(rpc.GroupHistory.Name, body)
				asked := b.hostile.count(rpc.GroupHistory.Name)
				latest += 100
				b.newest(latest)
				sync, err := pb.Marshal(&pushpb.InfoSyncPush{Groups: []*pushpb.SyncGroupNode{{
					GroupCode: proto.Uint64(uint64(group)), LatestSequence: proto.Uint64(latest),
				}}})
				if err != nil {
					b.t.Fatal(err)
				}
				b.hostile.push(pushFrame(b.hostile.key, rpc.PushInfoSync, wire.CompressionNone, sync))
				b.until("the history is asked for", func() bool { return b.hostile.count(rpc.GroupHistory.Name) > asked })
			}
		}},
		{"member lists", func(b *bombed) {
			member := func(name int) []byte {
				m, err := pb.Marshal(&oidbpb.GroupMember{
					Id: &oidbpb.GroupMemberId{Uid: "u_x", Uin: 7}, MemberName: string(make([]byte, name)),
				})
				if err != nil {
					b.t.Fatal(err)
				}
				return field(2, m)
			}
			page := append(bytes.Repeat(member(200), 1<<16-1000), field(15, []byte("next"))...)
			answer, err := pb.Marshal(&oidbpb.OidbEnvelope{Body: page})
			if err != nil {
				b.t.Fatal(err)
			}
			b.hostile.answer(rpc.GroupMembers.Name, answer) // page after page
			b.mention()
			b.until("the second page is asked for", func() bool { return b.hostile.count(rpc.GroupMembers.Name) > 1 })
			b.hears("meanwhile")
			if n := b.hostile.count(rpc.GroupMembers.Name); n > 8 {
				b.t.Errorf("%d pages were asked for", n)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := startBombed(t, program)
			c.drop(b)
			b.hostile.honest()
			b.hears("after")
			peak := peakOf(t, b.process)
			t.Logf("peak %d MiB", peak>>20)
			if peak > mostResident {
				t.Errorf("the program had %d MiB", peak>>20)
			}
		})
	}
}
