package wire

import (
	"bytes"
	"compress/zlib"
	"errors"
	"testing"
)

func deflated(tb testing.TB, plain []byte) []byte {
	tb.Helper()
	b, err := appendCompressed(nil, plain, CompressionZlib)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestDecompressMost takes a body of MaxInflated, and keeps no more memory than it needs.
func TestDecompressMost(t *testing.T) {
	got, err := decompress(deflated(t, make([]byte, MaxInflated)), CompressionZlib)
	if err != nil || len(got) != MaxInflated || cap(got) > MaxInflated*5/4 {
		t.Errorf("decompress of the largest body: %d bytes in %d, %v", len(got), cap(got), err)
	}
}

// TestDecompressBomb refuses a body just over MaxInflated.
func TestDecompressBomb(t *testing.T) {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	for range MaxInflated/(1<<20) + 1 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := decompress(packed.Bytes(), CompressionZlib); !errors.Is(err, ErrCompression) {
		t.Errorf("decompress of a bomb of %d bytes = %d bytes, %v, want ErrCompression", packed.Len(), len(got), err)
	}
}

func TestDecompressRefusals(t *testing.T) {
	packed := deflated(t, []byte("some content, some content"))
	checksum := bytes.Clone(packed)
	checksum[len(checksum)-1] ^= 1
	for _, c := range []struct {
		name        string
		b           []byte
		compression uint32
	}{
		{"garbage", []byte("garbage"), CompressionZlib},
		{"cut", packed[:len(packed)-5], CompressionZlib},
		{"header only", packed[:2], CompressionZlib},
		{"checksum", checksum, CompressionZlib},
		{"unknown number", packed, 2},
		{"negative number", packed, 1<<32 - 1},
	} {
		if got, err := decompress(c.b, c.compression); !errors.Is(err, ErrCompression) {
			t.Errorf("%s: decompress(%x, %d) = %x, %v, want ErrCompression", c.name, c.b, c.compression, got, err)
		}
	}
	// The pooled state must still work after a failure.
	if got, err := decompress(packed, CompressionZlib); err != nil || string(got) != "some content, some content" {
		t.Errorf("decompress after failures = %q, %v", got, err)
	}
}

func TestDecompressShort(t *testing.T) {
	for n := range 5 {
		if got, err := decompress(make([]byte, n), CompressionSkip); err != nil || len(got) != 0 {
			t.Errorf("decompress of %d bytes with four skipped = %x, %v, want nothing", n, got, err)
		}
	}
	if got, err := decompress(nil, CompressionZlib); err != nil || len(got) != 0 {
		t.Errorf("decompress of nothing = %x, %v, want nothing", got, err)
	}
}
