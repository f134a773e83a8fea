package pb_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// fill puts text into each field for text of m and of all messages inside it, and
// returns how many there are.
func fill(m protoreflect.Message, text string) (n int) {
	value := func(f protoreflect.FieldDescriptor, fresh func() protoreflect.Value) protoreflect.Value {
		switch {
		case f.Kind() == protoreflect.StringKind:
			n++
			return protoreflect.ValueOfString(text)
		case f.Message() != nil:
			v := fresh()
			n += fill(v.Message(), text)
			return v
		}
		return fresh()
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		switch f := fields.Get(i); {
		case f.IsMap():
			entries := m.Mutable(f).Map()
			key := f.MapKey().Default()
			if f.MapKey().Kind() == protoreflect.StringKind {
				n++
				key = protoreflect.ValueOfString(text)
			}
			entries.Set(key.MapKey(), value(f.MapValue(), entries.NewValue))
		case f.IsList():
			list := m.Mutable(f).List()
			for range 2 {
				list.Append(value(f, list.NewElement))
			}
		case f.Kind() == protoreflect.StringKind, f.Message() != nil:
			m.Set(f, value(f, func() protoreflect.Value { return m.NewField(f) }))
		}
	}
	return n
}

func TestText(t *testing.T) {
	for _, in := range []string{"", "a", "你好", "\uFFFD", "\xff", "\xffa", "a\xff", "\xff\xfea\xe5\x93b\xff", "\xff\uFFFD\xff", "\xed\xa0\x80", "\xf0\x9f\x98"} {
		if got, want := pb.Text(in), strings.ToValidUTF8(in, "\uFFFD"); got != want || pb.Text([]byte(in)) != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

// Each text of each message is valid UTF-8 once it is decoded, and once it is
// encoded, whatever it was before.
func TestTextIsValid(t *testing.T) {
	for _, typ := range types() {
		broken, want := typ.New(), typ.New()
		texts := fill(broken, "\xffa\xe5\x93")
		fill(want, "\uFFFDa\uFFFD")
		raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(broken.Interface())
		if err != nil {
			t.Fatalf("%s: %v", typ.Descriptor().FullName(), err)
		}
		if n := bytes.Count(raw, []byte("\xffa\xe5\x93")); n != texts {
			t.Fatalf("%s: %d broken texts are encoded, want %d", typ.Descriptor().FullName(), n, texts)
		}
		got := typ.New().Interface()
		if err := pb.Unmarshal(raw, got); err != nil || !proto.Equal(got, want.Interface()) {
			t.Errorf("decoded %v, %v, want %v", got, err, want.Interface())
		}
		before := proto.Clone(broken.Interface())
		sent, err := pb.Marshal(broken.Interface())
		if err != nil {
			t.Fatalf("%s: %v", typ.Descriptor().FullName(), err)
		}
		got = typ.New().Interface()
		if err := proto.Unmarshal(sent, got); err != nil || !proto.Equal(got, want.Interface()) {
			t.Errorf("encoded %v, %v, want %v", got, err, want.Interface())
		}
		if !proto.Equal(before, broken.Interface()) {
			t.Errorf("encoding changed %v to %v", before, broken.Interface())
		}
	}
}

// A short text in a group, as servers send it.
func BenchmarkUnmarshal(b *testing.B) {
	raw, err := hex.DecodeString("0a3b08924e1218755f616e6e65616e6e65616e6e65616e6e65616e6e65414128914e42190881d58bdc022204416e6e6528013a0967726f7570206f6e651217085220922128653080e2cfaa066092a1808080808080011a130a11120f0a0d0a0b68656c6c6f2067726f7570")
	if err != nil {
		b.Fatal(err)
	}
	for name, unmarshal := range map[string]func([]byte, proto.Message) error{"text made valid": pb.Unmarshal, "as it is": proto.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := unmarshal(raw, new(messagepb.CommonMessage)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
