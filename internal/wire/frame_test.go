package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func frameOf(content []byte) []byte { return appendP4([]byte(nil), content) }

func TestFrameReader(t *testing.T) {
	contents := [][]byte{{}, []byte("x"), bytes.Repeat([]byte("ab"), 5000), make([]byte, firstRead), bytes.Repeat([]byte{9}, 5*firstRead+1)}
	var stream []byte
	for _, c := range contents {
		stream = append(stream, frameOf(c)...)
	}
	for _, source := range []struct {
		name string
		r    io.Reader
	}{
		{"at once", bytes.NewReader(stream)},
		{"in halves", iotest.HalfReader(bytes.NewReader(stream))},
		{"bytewise", iotest.OneByteReader(bytes.NewReader(stream))},
		{"error with data", iotest.DataErrReader(bytes.NewReader(stream))},
	} {
		t.Run(source.name, func(t *testing.T) {
			r := NewFrameReader(source.r)
			for i, want := range contents {
				got, err := r.Next()
				if err != nil || got == nil || !bytes.Equal(got, want) {
					t.Fatalf("frame %d = %d bytes (nil: %v), %v, want %d bytes", i, len(got), got == nil, err, len(want))
				}
			}
			if got, err := r.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("Next at the end = %x, %v, want io.EOF", got, err)
			}
		})
	}
}

func TestFrameReaderCut(t *testing.T) {
	whole := frameOf([]byte("content"))
	for n := 1; n < len(whole); n++ {
		if got, err := NewFrameReader(bytes.NewReader(whole[:n])).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Next of %x = %x, %v, want io.ErrUnexpectedEOF", whole[:n], got, err)
		}
	}
	broken := errors.New("cable torn")
	for n := range len(whole) {
		r := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
		if got, err := NewFrameReader(r).Next(); !errors.Is(err, broken) {
			t.Errorf("Next of %x = %x, %v, want %v", whole[:n], got, err, broken)
		}
	}
}

func TestFrameReaderLength(t *testing.T) {
	for _, length := range []uint32{0, 3, MaxFrame + 1, 1 << 31, 1<<32 - 1} {
		_, err := NewFrameReader(bytes.NewReader(binary.BigEndian.AppendUint32(nil, length))).Next()
		var bad *FrameError
		if !errors.As(err, &bad) || bad.Length != length {
			t.Errorf("Next of a length word of %d: %v, want FrameError", length, err)
		}
	}
}

// TestLargestFrame reads a frame of MaxFrame bytes and writes one byte less.
func TestLargestFrame(t *testing.T) {
	stream := append(binary.BigEndian.AppendUint32(nil, MaxFrame), make([]byte, MaxFrame-4)...)
	if got, err := NewFrameReader(bytes.NewReader(stream)).Next(); err != nil || len(got) != MaxFrame-4 {
		t.Errorf("Next of the largest frame: %d bytes, %v", len(got), err)
	}
	r := sampleResponse()
	r.Flag, r.Body = FlagNone, nil
	empty, err := AppendResponse(nil, r, testKey)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = make([]byte, MaxFrame-1-len(empty))
	if b, err := AppendResponse(nil, r, testKey); err != nil || len(b) != MaxFrame-1 {
		t.Errorf("AppendResponse of a frame just below the largest: %d bytes, %v", len(b), err)
	}
	r.Body = append(r.Body, 0)
	var tooBig *FrameError
	if _, err := AppendResponse(nil, r, testKey); !errors.As(err, &tooBig) || tooBig.Length != MaxFrame {
		t.Errorf("AppendResponse of a frame of %d bytes: %v, want FrameError", MaxFrame, err)
	}
}

func TestFrameErrorNamesThePeer(t *testing.T) {
	for stream, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n": "an HTTP server or proxy answered instead of an NTQQ server (length word 1213486160): check the address, and any proxy on the way",
		"SSH-2.0-OpenSSH_9.6\r\n":      "an SSH server answered instead of an NTQQ server (length word 1397966893): check the address, and any proxy on the way",
		"\x15\x03\x01\x00\x02\x02\x0a": "a TLS server answered instead of an NTQQ server (length word 352518400): check the address, and any proxy on the way",
		"\xff\xff\xff\xff":             "frame with a length word of 4294967295",
	} {
		if _, err := NewFrameReader(strings.NewReader(stream)).Next(); err == nil || err.Error() != want {
			t.Errorf("Next of %q: %v, want %q", stream, err, want)
		}
	}
}

// TestFrameReaderLyingLength checks that memory follows the bytes that arrive, not the length word.
func TestFrameReaderLyingLength(t *testing.T) {
	stream := append(binary.BigEndian.AppendUint32(nil, MaxFrame), make([]byte, firstRead+1)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := NewFrameReader(bytes.NewReader(stream)).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > MaxFrame/16 {
		t.Errorf("reading %d bytes of a frame that claims %d allocated %d bytes", len(stream), MaxFrame, got)
	}
}

func FuzzFrameReader(f *testing.F) {
	f.Add(frameOf(nil))
	f.Add(append(frameOf([]byte("one")), frameOf([]byte("two"))...))
	f.Add([]byte{0, 0, 0, 3})
	f.Add([]byte{4, 0, 0, 0, 1})
	f.Add([]byte("HTTP/1.1 407 Proxy Authentication Required\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewFrameReader(bytes.NewReader(stream))
		for rest := stream; ; {
			frame, err := r.Next()
			if err != nil {
				return
			}
			whole := frameOf(frame)
			if !bytes.HasPrefix(rest, whole) {
				t.Fatalf("frame %x does not stand at the start of %x", frame, rest)
			}
			rest = rest[len(whole):]
		}
	})
}

func BenchmarkFrameReader(b *testing.B) {
	for _, s := range []struct {
		name string
		n    int
	}{{"300B", 300}, {"16KiB", 16 << 10}} {
		b.Run(s.name, func(b *testing.B) {
			stream := bytes.Repeat(frameOf(make([]byte, s.n)), 64)
			source := bytes.NewReader(stream)
			r := NewFrameReader(source)
			b.ReportAllocs()
			b.SetBytes(int64(s.n))
			for b.Loop() {
				_, err := r.Next()
				if errors.Is(err, io.EOF) {
					source.Reset(stream)
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
