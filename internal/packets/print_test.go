package packets

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// bytesField is an encoded length-delimited field.
func bytesField(num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), v)
}

func TestDecode(t *testing.T) {
	t.Parallel()
	varint := protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 732)
	md5 := strings.Repeat("0123456789abcdef", 2)
	notice := append([]byte{0x2b, 0x82, 0xee, 0x01, 16, 0, byte(len(varint))}, varint...)
	for _, tt := range []struct {
		name, want string
		data       []byte
	}{
		{"nothing", "empty\n", nil},
		{"varint", "3 varint 732\n", varint},
		{"negative", "1 varint 18446744073709551615 (-1)\n", []byte("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
		{"fixed", "1 fixed32 0x00000102 (258)\n2 fixed64 0x0000000000000102 (258)\n",
			[]byte("\x0d\x02\x01\x00\x00\x11\x02\x01\x00\x00\x00\x00\x00\x00")},
		{"text", "1 text \"hello\"\n", bytesField(1, []byte("hello"))},
		{"text that is a message as well", "1 text \"08\"\n", bytesField(1, []byte("08"))},
		{"Chinese", "1 text \"群主\"\n", bytesField(1, []byte("群主"))},
		{"terminal escape", "1 bytes, 4: 1b5b324a\n", bytesField(1, []byte("\x1b[2J"))},
		{"line break", "1 text \"a\\nb\"\n", bytesField(1, []byte("a\nb"))},
		{"empty", "1 bytes, empty\n", bytesField(1, nil)},
		{"no message", "1 bytes, 2: ffff\n", bytesField(1, []byte{0xff, 0xff})},
		{"message", "2 message, 3 bytes {\n  3 varint 732\n}\n", bytesField(2, varint)},
		{"message that is printable as well", "1 message, 34 bytes {\n  1 text \"" + md5 + "\"\n}\n", bytesField(1, bytesField(1, []byte(md5)))},
		{"group", "5 group {\n  3 varint 732\n}\n", append(append([]byte{5<<3 | 3}, varint...), 5<<3|4)},
		{"notice", "2 notice of group 730000897, sub type 16 {\n  3 varint 732\n}\n", bytesField(2, notice)},
		{"notice alone", "notice of group 730000897, sub type 16 {\n  3 varint 732\n}\n", notice},
		{"notice of another length", "bytes, 11: " + hex.EncodeToString(append(notice, 0xff)) + "\n", append(notice[:len(notice):len(notice)], 0xff)},
		{"text alone", "text \"plain\"\n", []byte("plain")},
		{"no protobuf", "bytes, 3: ffeedd\n", []byte{0xff, 0xee, 0xdd}},
		{"field 0", "bytes, 2: 0001\n", []byte{0, 1}},
	} {
		if got := Decode(tt.data); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Deep nesting ends as hex, in little time and space.
func TestDecodeDeep(t *testing.T) {
	t.Parallel()
	data := []byte{8, 1}
	for len(data) < MaxData-8 {
		data = bytesField(1, data)
	}
	got := Decode(data)
	if strings.Count(got, "{") != maxDepth || len(got) > 3*len(data) {
		t.Errorf("%d levels in %d bytes, want %d levels", strings.Count(got, "{"), len(got), maxDepth)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{8, 1, 0x12, 2, 8, 1})
	f.Add([]byte("\x2b\x82\xce\x01\x10\x00\x02\x08\x01"))
	f.Add([]byte("\x2b\x08\x01\x2c"))
	f.Add(bytes.Repeat([]byte{0x0a}, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		out := Decode(data)
		if !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Errorf("%x: got %q, want nothing that a terminal would obey", data, out)
		}
		if strings.Count(out, "\n") > 2*len(data)+1 {
			t.Errorf("%x: %d lines", data, strings.Count(out, "\n"))
		}
	})
}
