package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestTLVs(t *testing.T) {
	l := TLVs{{Tag: 0x106, Value: []byte("a1")}, {Tag: 0x318}, {Tag: 0x106, Value: []byte("again")}}
	b, err := AppendTLVs([]byte{9}, l)
	want := []byte{9, 0, 3, 1, 6, 0, 2, 'a', '1', 3, 0x18, 0, 0, 1, 6, 0, 5, 'a', 'g', 'a', 'i', 'n'}
	if err != nil || !bytes.Equal(b, want) {
		t.Fatalf("AppendTLVs = %x, %v, want %x", b, err, want)
	}
	got, rest, err := ParseTLVs(append(b[1:], "rest"...))
	if err != nil || string(rest) != "rest" {
		t.Fatalf("ParseTLVs: rest %q, %v", rest, err)
	}
	if diff := cmp.Diff(l, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-sent +got):\n%s", diff)
	}
	if v, ok := got.Get(0x106); !ok || string(v) != "a1" {
		t.Errorf("Get(0x106) = %q, %v, want the first", v, ok)
	}
	if v, ok := got.Get(0x318); !ok || len(v) != 0 {
		t.Errorf("Get(0x318) = %q, %v, want an empty value", v, ok)
	}
	if v, ok := got.Get(1); ok {
		t.Errorf("Get(1) = %q, want none", v)
	}
	if _, ok := got.key(0x106); ok {
		t.Error("key(0x106) accepts 2 bytes")
	}
}

func TestTLVsTruncated(t *testing.T) {
	b, err := AppendTLVs(nil, TLVs{{Tag: 1, Value: []byte("one")}, {Tag: 2, Value: []byte("two")}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if l, _, err := ParseTLVs(b[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("ParseTLVs(%x) = %v, %v, want ErrTruncated", b[:n], l, err)
		}
	}
	if l, _, err := ParseTLVs([]byte{0xFF, 0xFF, 0, 1}); !errors.Is(err, ErrTruncated) {
		t.Errorf("lying count: %v, %v, want ErrTruncated", l, err)
	}
}

func TestTLVsTooLong(t *testing.T) {
	for name, l := range map[string]TLVs{
		"value": {{Tag: 1, Value: make([]byte, 1<<16)}},
		"count": make(TLVs, 1<<16),
	} {
		if b, err := AppendTLVs([]byte("kept"), l); err == nil || string(b) != "kept" {
			t.Errorf("%s: AppendTLVs = %d bytes, %v, want an error", name, len(b), err)
		}
	}
}

func TestTLVsRoundTripProperty(t *testing.T) {
	one := rapid.Custom(func(t *rapid.T) TLV {
		return TLV{Tag: rapid.Uint16().Draw(t, "tag"), Value: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "value")}
	})
	rapid.Check(t, func(t *rapid.T) {
		l := TLVs(rapid.SliceOfN(one, 0, 12).Draw(t, "list"))
		b, err := AppendTLVs(nil, l)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := ParseTLVs(b)
		if err != nil || len(rest) != 0 {
			t.Fatalf("ParseTLVs(%x): rest %x, %v", b, rest, err)
		}
		if diff := cmp.Diff(l, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-sent +got):\n%s", diff)
		}
	})
}

func FuzzParseTLVs(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 0, 1, 7, 8})
	f.Add([]byte{0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, rest, err := ParseTLVs(b)
		if err != nil {
			return
		}
		again, err := AppendTLVs(nil, l)
		if err != nil || !bytes.Equal(append(again, rest...), b) {
			t.Errorf("written again: %x + %x, %v, want %x", again, rest, err, b)
		}
	})
}
