package highway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
)

func TestReader(t *testing.T) {
	head := &mediapb.HighwayReqHead{Base: &mediapb.HighwayBaseHead{Version: 1, Command: CommandData}}
	one, err := Append(nil, head, []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	broken, _ := Append(nil, head, nil)
	copy(broken[9:], []byte{0xFF, 0xFF})
	two := append(append(append([]byte(nil), one...), broken...), one...)

	r := NewReader(iotest.OneByteReader(bytes.NewReader(two)))
	var got mediapb.HighwayReqHead
	if n, err := r.Next(&got); n != 3 || err != nil || !proto.Equal(&got, head) {
		t.Fatalf("got %v, a body of %d, error %v", &got, n, err)
	}
	if _, err := r.Read(make([]byte, 1)); err != nil { // the rest is skipped
		t.Fatal(err)
	}
	var bad *HeadError
	if _, err := r.Next(&got); !errors.As(err, &bad) {
		t.Fatalf("a broken head: got %v", err)
	}
	if n, err := r.Next(&got); n != 3 || err != nil {
		t.Fatalf("behind a broken head: got %d, error %v", n, err)
	}
	if body, err := io.ReadAll(r); string(body) != "abc" || err != nil {
		t.Errorf("got %q, error %v", body, err)
	}
	if _, err := r.Next(&got); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: got %v", err)
	}

	for i := range one { // cut anywhere
		r := NewReader(bytes.NewReader(one[:i]))
		_, err := r.Next(&got)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		want := io.ErrUnexpectedEOF
		if i == 0 {
			want = io.EOF
		}
		if !errors.Is(err, want) {
			t.Errorf("cut after %d bytes: got %v, want %v", i, err, want)
		}
	}
}

func TestNoFrame(t *testing.T) {
	start := func(head, body uint32) []byte {
		b := binary.BigEndian.AppendUint32([]byte{First}, head)
		return binary.BigEndian.AppendUint32(b, body)
	}
	for name, in := range map[string][]byte{
		"another byte first": []byte("HTTP/1.1 200 OK\r\n"),
		"another byte last":  append(start(0, 0), 0x30),
		"a long head":        start(MaxHead+1, 0),
		"a long body":        start(0, MaxBody+1),
		"all long":           start(1<<32-1, 1<<32-1),
	} {
		r := NewReader(bytes.NewReader(in))
		var head mediapb.HighwayRespHead
		_, err := r.Next(&head)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		var bad *FrameError
		if !errors.As(err, &bad) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := Append(nil, &mediapb.HighwayReqHead{ExtendInfo: make([]byte, MaxHead)}, nil); err == nil {
		t.Error("a long head was written")
	}
	if _, err := AppendStart(nil, &mediapb.HighwayReqHead{}, MaxBody+1); err == nil {
		t.Error("a long body was written")
	}
}

// TestFramesAreCheap claims the largest frame and sends nothing of it, then the largest
// head that can be.
func TestFramesAreCheap(t *testing.T) {
	claim := binary.BigEndian.AppendUint32([]byte{First}, MaxHead)
	claim = binary.BigEndian.AppendUint32(claim, MaxBody)
	full := append(append([]byte(nil), claim...), bytes.Repeat([]byte{0x12, 0x00}, MaxHead/2)...)
	for name, tt := range map[string]struct {
		in   []byte
		most uint64
	}{"nothing": {claim, 64 << 10}, "many parts": {full, 16 << 20}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		var head mediapb.HighwayReqHead
		_, _ = NewReader(bytes.NewReader(tt.in)).Next(&head)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > tt.most {
			t.Errorf("%s: took %d bytes, want at most %d", name, took, tt.most)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func FuzzFrames(f *testing.F) {
	for _, head := range []proto.Message{
		&mediapb.HighwayReqHead{Base: &mediapb.HighwayBaseHead{Command: CommandEcho}},
		&mediapb.HighwayRespHead{ErrorCode: proto.Uint32(0)},
	} {
		b, err := Append(nil, head, []byte("body"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(b, b...))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in))
		for range 8 {
			var head mediapb.HighwayReqHead
			n, err := r.Next(&head)
			if err != nil {
				return
			}
			body, err := io.ReadAll(r)
			if err != nil {
				return
			}
			if len(body) != n {
				t.Fatalf("got a body of %d bytes, want %d", len(body), n)
			}
			again, err := Append(nil, &head, body)
			if err != nil {
				continue // written longer than it came
			}
			var back mediapb.HighwayReqHead
			if _, err := NewReader(bytes.NewReader(again)).Next(&back); err != nil || !proto.Equal(&head, &back) {
				t.Fatalf("written again: got %v, error %v, want %v", &back, err, &head)
			}
		}
	})
}

func FuzzExt(f *testing.F) {
	f.Add([]byte{0x0A, 0x02, 0x28, 0x01, 0x12, 0x00})
	f.Fuzz(func(t *testing.T, msgInfo []byte) {
		_, _ = Ext{MsgInfo: msgInfo}.Encode()
	})
}

func BenchmarkFrame(b *testing.B) {
	body := pattern(BlockSize)
	head := &mediapb.HighwayReqHead{
		Base:       &mediapb.HighwayBaseHead{Version: 1, Uin: "10001", Command: CommandData, DataFlag: 16},
		Seg:        &mediapb.HighwaySegHead{FileSize: BlockSize, DataLength: BlockSize, BlockMd5: body[:16], FileMd5: body[:16]},
		ExtendInfo: body[:800],
	}
	frame, err := Append(nil, head, body)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(frame)))
		var start []byte
		for b.Loop() {
			start, _ = AppendStart(start[:0], head, len(body))
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(frame)))
		buf := make([]byte, 64<<10)
		for b.Loop() {
			r := NewReader(bytes.NewReader(frame))
			var got mediapb.HighwayReqHead
			if _, err := r.Next(&got); err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
