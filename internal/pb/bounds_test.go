package pb_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"libration/internal/pb"
	_ "libration/internal/pb/loginpb"
	_ "libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	_ "libration/internal/pb/oidbpb"
	_ "libration/internal/pb/pushpb"
	_ "libration/internal/pb/ssopb"
	_ "libration/internal/pb/systempb"
)

// The bound of docs/protocol/wire.md 4: decoding n bytes allocates at most
// perByte*n bytes, and never more than copied*n + structs.
const (
	perByte = 160
	copied  = 8
	structs = 64 << 20
)

func bound(n uint64) uint64 { return min(perByte*n, copied*n+structs) }

// types are the messages of this program. Each has been decoded once, as that makes
// tables which stay.
func types() []protoreflect.MessageType {
	var list []protoreflect.MessageType
	protoregistry.GlobalTypes.RangeMessages(func(typ protoreflect.MessageType) bool {
		if strings.Contains(reflect.TypeOf(typ.Zero().Interface()).Elem().PkgPath(), "internal/pb/") {
			list = append(list, typ)
		}
		return true
	})
	slices.SortFunc(list, func(a, b protoreflect.MessageType) int {
		return strings.Compare(string(a.Descriptor().FullName()), string(b.Descriptor().FullName()))
	})
	for _, typ := range list {
		_ = pb.Unmarshal(append(generator{}.whole(typ.Descriptor()), make([]byte, 1+pb.MaxEntries)...), typ.New().Interface())
		_ = pb.Unmarshal(generator{}.whole(typ.Descriptor()), typ.New().Interface())
	}
	return list
}

// allocated decodes b several times, the last one into m, and returns the fewest
// bytes that this allocated: the runtime and other goroutines allocate, too.
func allocated(b []byte, m proto.Message) (least uint64, err error) {
	least = math.MaxUint64
	for range 3 {
		proto.Reset(m)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = pb.Unmarshal(b, m)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least, err
}

func entry(num protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), value)
}

// broken is a text that grows most when it is made valid UTF-8.
func broken(size int) []byte { return bytes.Repeat([]byte("\xffa"), size/2+1)[:size] }

func TestUnmarshalEntries(t *testing.T) {
	types()
	elem := entry(2, nil)
	text := entry(2, entry(1, entry(1, nil)))
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"most elements", bytes.Repeat(elem, pb.MaxEntries), nil},
		{"one more", bytes.Repeat(elem, pb.MaxEntries+1), pb.ErrTooMany},
		{"most with a text", bytes.Repeat(text, pb.MaxEntries), nil},
		{"five messages in each", bytes.Repeat(entry(2, slices.Concat(entry(1, nil), entry(2, nil), entry(4, nil), entry(5, nil))), pb.MaxEntries), pb.ErrTooMany},
		{"long text", entry(2, entry(1, entry(1, make([]byte, 8<<20)))), nil},
		{"long broken text after most elements", append(bytes.Repeat(elem, pb.MaxEntries-1), entry(2, entry(1, entry(1, broken(16<<20))))...), nil},
		// The fast decoder cuts field numbers to 32 bits; such a field must not hide what follows.
		{"field number over 32 bits", append(append(protowire.AppendVarint(nil, (1<<32+2)<<3|2), 0), bytes.Repeat(elem, pb.MaxEntries+1)...), errors.New("any")},
	} {
		got := new(messagepb.RichText)
		bytes, err := allocated(c.body, got)
		if errors.Is(c.want, pb.ErrTooMany) && !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if err != nil && bytes > 4096 {
			t.Errorf("%s: refused after %d bytes were allocated", c.name, bytes)
		}
		if n := uint64(len(c.body)); bytes > bound(n) {
			t.Errorf("%s: %d bytes allocated %d, over %d", c.name, n, bytes, bound(n))
		}
	}
}

// TestUnmarshalLists fills each list of each message.
func TestUnmarshalLists(t *testing.T) {
	for _, typ := range types() {
		fields := typ.Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			if f.Cardinality() != protoreflect.Repeated {
				continue
			}
			body := bytes.Repeat(entry(f.Number(), nil), pb.MaxEntries+1)
			switch f.Kind() {
			case protoreflect.MessageKind, protoreflect.StringKind, protoreflect.BytesKind:
			default: // packed
				body = entry(f.Number(), make([]byte, 8*(pb.MaxEntries+1)))
			}
			if got, err := allocated(body, typ.New().Interface()); !errors.Is(err, pb.ErrTooMany) || got > 4096 {
				t.Errorf("%s: got %v after %d bytes, want ErrTooMany before memory is taken", f.FullName(), err, got)
			}
		}
	}
}

// TestMessagesHaveAnEnd guards what bounds the depth: no message contains itself.
func TestMessagesHaveAnEnd(t *testing.T) {
	var walk func(of protoreflect.MessageDescriptor, above []protoreflect.FullName)
	walk = func(of protoreflect.MessageDescriptor, above []protoreflect.FullName) {
		if slices.Contains(above, of.FullName()) {
			t.Fatalf("%s contains itself: %v", of.FullName(), above)
		}
		for i := range of.Fields().Len() {
			if m := of.Fields().Get(i).Message(); m != nil {
				walk(m, append(above, of.FullName()))
			}
		}
	}
	for _, typ := range types() {
		walk(typ.Descriptor(), nil)
	}
}

// generator makes encoded messages that need much memory for their size.
type generator struct{ *rand.Rand }

// message returns about size bytes of a message.
func (g generator) message(of protoreflect.MessageDescriptor, size int) []byte {
	fields := of.Fields()
	var b []byte
	if fields.Len() == 0 {
		return b
	}
	f := fields.Get(g.IntN(fields.Len()))
	style := g.IntN(6)
	for len(b) < size {
		if style == 0 { // a mixture
			f = fields.Get(g.IntN(fields.Len()))
		}
		left := size - len(b)
		switch {
		case g.IntN(40) == 0: // not known
			b = append(b, entry(protowire.Number(20000+g.IntN(9)), make([]byte, g.IntN(min(left, 64)+1)))...)
		case f.Message() != nil && style == 1:
			b = append(b, entry(f.Number(), g.whole(f.Message()))...)
		case f.Message() != nil && g.IntN(3) == 0 && left > 16:
			b = append(b, entry(f.Number(), g.message(f.Message(), g.IntN(min(left, 1<<20))))...)
		case f.Message() != nil:
			b = append(b, entry(f.Number(), nil)...)
		case f.Kind() == protoreflect.StringKind, f.Kind() == protoreflect.BytesKind:
			b = append(b, entry(f.Number(), broken(min(left, g.IntN(4)<<(12*g.IntN(2)))))...)
		case f.Cardinality() == protoreflect.Repeated && g.IntN(2) == 0: // packed
			b = append(b, entry(f.Number(), make([]byte, 8*g.IntN(min(left, 1<<16)/8+1)))...)
		default:
			b = protowire.AppendVarint(protowire.AppendTag(b, f.Number(), protowire.VarintType), 1)
		}
	}
	return b
}

// whole has each message field once, empty.
func (g generator) whole(of protoreflect.MessageDescriptor) []byte {
	var b []byte
	for i := range of.Fields().Len() {
		if f := of.Fields().Get(i); f.Message() != nil {
			b = append(b, entry(f.Number(), nil)...)
		}
	}
	return b
}

// TestUnmarshalMemory is the property: memory follows the bytes, whatever they say.
func TestUnmarshalMemory(t *testing.T) {
	list := types()
	var most float64
	var highest uint64
	for seed := range uint64(200) {
		g := generator{rand.New(rand.NewPCG(seed, 6))}
		typ := list[g.IntN(len(list))]
		size := 1 << (4 + g.IntN(15))
		if seed%70 == 0 {
			size = 16 << 20
		}
		body := g.message(typ.Descriptor(), size)
		if len(body) == 0 {
			continue
		}
		got, err := allocated(body, typ.New().Interface())
		bound := bound(uint64(len(body)))
		if got > bound+4096 { // the message itself
			t.Errorf("seed %d: %d bytes of %s allocated %d (%.1f for each), over %d: %v",
				seed, len(body), typ.Descriptor().FullName(), got, float64(got)/float64(len(body)), bound, err)
		}
		if len(body) > 4096 {
			most = max(most, float64(got)/float64(len(body)))
		}
		highest = max(highest, got)
	}
	t.Logf("most: %.1f bytes for each byte; %d MiB in one message", most, highest>>20)
}

// TestUnmarshalWorst measures each list of each message with entries of two bytes,
// and with entries that have each of their messages.
func TestUnmarshalWorst(t *testing.T) {
	var most, highest float64
	var name, largest protoreflect.FullName
	for _, typ := range types() {
		fields := typ.Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			if f.Cardinality() != protoreflect.Repeated || f.Message() == nil {
				continue
			}
			for _, inside := range [][]byte{nil, generator{}.whole(f.Message())} {
				body := bytes.Repeat(entry(f.Number(), inside), 4096)
				got, err := allocated(body, typ.New().Interface())
				if err != nil {
					t.Fatalf("%s: %v", f.FullName(), err)
				}
				if r := float64(got) / float64(len(body)); r > most {
					most, name = r, f.FullName()
				}
				messages := 1 // of an entry
				for rest := inside; len(rest) > 0; messages++ {
					_, _, n := protowire.ConsumeField(rest)
					rest = rest[n:]
				}
				if r := float64(got) / 4096 * float64(min(pb.MaxEntries, 4*pb.MaxEntries/messages)); r > highest {
					highest, largest = r, f.FullName()
				}
				if got > perByte*uint64(len(body)) {
					t.Errorf("%s: %d bytes allocated %d", f.FullName(), len(body), got)
				}
			}
		}
	}
	if highest > structs {
		t.Errorf("%s: as many entries as there may be allocate %.0f", largest, highest)
	}
	t.Logf("most: %.1f bytes for each byte, in %s; %.1f MiB in all, in %s", most, name, highest/(1<<20), largest)
}
