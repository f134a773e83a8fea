package packets

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxDepth bounds how deep messages are looked for in messages; deeper ones are
// printed as hex.
const maxDepth = 24

// Decode describes bytes without a schema, in lines: protobuf fields by number and
// wire type, with what is inside them. A length-delimited field is shown as text
// when it is printable, else as a message when it parses as one, else in hex; short
// bytes may in rare cases be taken for another of the three. The 7-byte header of group notices
// (docs/protocol/events.md 2.1) is recognised. Nothing is left out, and control
// characters are escaped.
func Decode(data []byte) string {
	var out strings.Builder
	switch {
	case len(data) == 0:
		out.WriteString("empty\n")
	case isMessage(data):
		fields(&out, data, 0)
	default:
		value(&out, data, 0)
		out.WriteByte('\n')
	}
	return out.String()
}

// fields prints a message that isMessage has accepted.
func fields(out *strings.Builder, b []byte, depth int) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, typ, b)
		if size < 0 {
			return
		}
		field(out, num, typ, b, depth)
		b = b[size:]
	}
}

func field(out *strings.Builder, num protowire.Number, typ protowire.Type, b []byte, depth int) {
	indent(out, depth)
	fmt.Fprintf(out, "%d ", num)
	switch typ {
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(b)
		fmt.Fprintf(out, "varint %d", v)
		if v > math.MaxInt64 {
			fmt.Fprintf(out, " (%d)", int64(v))
		}
	case protowire.Fixed32Type:
		v, _ := protowire.ConsumeFixed32(b)
		fmt.Fprintf(out, "fixed32 0x%08x (%d)", v, v)
	case protowire.Fixed64Type:
		v, _ := protowire.ConsumeFixed64(b)
		fmt.Fprintf(out, "fixed64 0x%016x (%d)", v, v)
	case protowire.StartGroupType:
		v, _ := protowire.ConsumeGroup(num, b)
		out.WriteString("group ")
		if depth >= maxDepth {
			out.WriteString(hexText(v))
		} else {
			nested(out, v, depth)
		}
	case protowire.BytesType:
		v, _ := protowire.ConsumeBytes(b)
		value(out, v, depth)
	}
	out.WriteByte('\n')
}

// value prints what a length-delimited field holds.
func value(out *strings.Builder, b []byte, depth int) {
	head, body, notice := groupHeader(b)
	switch {
	case len(b) == 0:
		out.WriteString("bytes, empty")
	case isText(b):
		out.WriteString("text " + strconv.Quote(string(b)))
	case depth >= maxDepth:
		out.WriteString(hexText(b))
	case notice:
		out.WriteString("notice " + head + " ")
		nested(out, body, depth)
	case isMessage(b):
		fmt.Fprintf(out, "message, %d bytes ", len(b))
		nested(out, b, depth)
	default:
		out.WriteString(hexText(b))
	}
}

func hexText(b []byte) string { return fmt.Sprintf("bytes, %d: %s", len(b), hex.EncodeToString(b)) }

func nested(out *strings.Builder, b []byte, depth int) {
	out.WriteString("{\n")
	fields(out, b, depth+1)
	indent(out, depth)
	out.WriteByte('}')
}

func indent(out *strings.Builder, depth int) {
	for range depth {
		out.WriteString("  ")
	}
}

// groupHeader reads the header of a group notice: the group, a sub type and the
// length of the message that follows.
func groupHeader(b []byte) (head string, body []byte, ok bool) {
	const length = 7
	if len(b) <= length {
		return "", nil, false
	}
	switch b[4] {
	case 16, 17, 20, 21:
	default:
		return "", nil, false
	}
	if int(binary.BigEndian.Uint16(b[5:])) != len(b)-length || !isMessage(b[length:]) {
		return "", nil, false
	}
	return fmt.Sprintf("of group %d, sub type %d", binary.BigEndian.Uint32(b), b[4]), b[length:], true
}

// isMessage tells whether b is a series of whole fields, at least one.
func isMessage(b []byte) bool {
	is, _ := parse(b)
	return is
}

// parse tells whether b is a message, and whether all its fields are
// length-delimited.
func parse(b []byte) (is, delimited bool) {
	is, delimited = len(b) > 0, true
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || typ == protowire.EndGroupType {
			return false, false
		}
		size := protowire.ConsumeFieldValue(num, typ, b[n:])
		if size < 0 {
			return false, false
		}
		delimited = delimited && typ == protowire.BytesType
		b = b[n+size:]
	}
	return is, delimited
}

// isText tells whether b is printable, and not a message by the look of it: a text
// whose characters happen to be the lengths of its parts is unlikely, while a
// message of one printable field of 32 bytes or more is not.
func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	is, delimited := parse(b)
	return !is || !delimited
}
