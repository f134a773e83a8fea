package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestReaderFields(t *testing.T) {
	b := []byte{1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4}
	b = appendL1(b, "a")
	b = appendL2(b, []byte("bc"))
	b = appendP2(b, "gh")
	b = appendP4(b, []byte("i"))
	at := len(b)
	b = append(beginP4(b), "jk"...)
	endP4(b, at)
	b = append(b, "rest"...)

	r := reader{b: b}
	if a, b, c, d := r.u8(), r.u16(), r.u32(), r.u64(); a != 1 || b != 2 || c != 3 || d != 4 {
		t.Errorf("integers %d, %d, %d, %d, want 1 to 4", a, b, c, d)
	}
	for i, got := range [][]byte{r.l1(), r.l2(), r.p2(), r.p4(), r.p4()} {
		if want := []string{"a", "bc", "gh", "i", "jk"}[i]; string(got) != want {
			t.Errorf("field %d = %q, want %q", i, got, want)
		}
	}
	if n, rest := r.remaining(), r.rest(); n != 4 || string(rest) != "rest" || r.err != nil {
		t.Errorf("remaining = %d, rest = %q, err = %v", n, rest, r.err)
	}
}

func TestReaderTruncated(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff}
	for _, c := range []struct {
		name string
		b    []byte
		read func(*reader) []byte
	}{
		{"u8", nil, func(r *reader) []byte { return []byte{r.u8()} }},
		{"u16", []byte{1}, func(r *reader) []byte { return []byte{byte(r.u16())} }},
		{"u32", []byte{1, 2, 3}, func(r *reader) []byte { return []byte{byte(r.u32())} }},
		{"u64", make([]byte, 7), func(r *reader) []byte { return []byte{byte(r.u64())} }},
		{"bytes", []byte{1}, func(r *reader) []byte { return r.bytes(2) }},
		{"negative", []byte{1}, func(r *reader) []byte { return r.bytes(-1) }},
		{"l1", []byte{2, 1}, (*reader).l1},
		{"l2", []byte{0, 2, 1}, (*reader).l2},
		{"p4", huge, (*reader).p4},
		{"p4 below itself", []byte{0, 0, 0, 3, 0}, (*reader).p4},
		{"p2", []byte{0, 4, 1}, (*reader).p2},
		{"p2 below itself", []byte{0, 1, 0}, (*reader).p2},
		{"no length", []byte{1}, (*reader).p4},
	} {
		r := reader{b: c.b}
		got := c.read(&r)
		if !errors.Is(r.err, ErrTruncated) || !bytes.Equal(got, make([]byte, len(got))) {
			t.Errorf("%s of %x = %x, %v, want zeros and ErrTruncated", c.name, c.b, got, r.err)
		}
		first := r.err
		if r.u8() != 0 || r.rest() != nil || !errors.Is(r.err, first) {
			t.Errorf("%s: after the error, err = %v, want %v to stay", c.name, r.err, first)
		}
	}
}
