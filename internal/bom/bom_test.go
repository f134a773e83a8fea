package bom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf16"
)

func TestTrim(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "{": "{", "{}": "{}", "\xef\xbb\xbf": "", "\xef\xbb\xbf{}": "{}", "中": "中", "\x00\x00": "\x00\x00", "\xef\xbb": "\xef\xbb",
	} {
		if got, err := Trim([]byte(in)); err != nil || string(got) != want {
			t.Errorf("Trim(%q): got %q, %v, want %q", in, got, err, want)
		}
	}
	for _, text := range []string{"{}", "\ufeff{}", "\ufeff中", "[1]"} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			var in []byte
			for _, unit := range utf16.Encode([]rune(text)) {
				in = order.AppendUint16(in, unit)
			}
			if got, err := Trim(in); !errors.Is(err, ErrUTF16) {
				t.Errorf("Trim(%q as %v): got %q, %v, want ErrUTF16", text, order, got, err)
			}
		}
	}
}

func FuzzTrim(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Add([]byte("\xff\xfe{\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if got, err := Trim(in); err == nil && !bytes.HasSuffix(in, got) {
			t.Errorf("Trim(%q): got %q", in, got)
		}
	})
}
