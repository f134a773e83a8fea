package pb

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// MaxEntries bounds the list entries of an encoded message and of all messages inside
	// it together.
	MaxEntries = 1 << 16
	// maxMessages bounds the messages inside an encoded message: an entry may have
	// some of its own.
	maxMessages = 4 * MaxEntries
)

// ErrTooMany means an encoded message with more than MaxEntries list entries, or
// with more than four times as many messages inside it.
var ErrTooMany = errors.New("too many list entries")

// counter counts what decoding a message would make. An empty message of two bytes
// becomes a struct of hundreds.
type counter struct{ entries, messages int }

// check refuses an encoded message that would need more memory than any real one.
// It allocates nothing. A message of up to MaxEntries bytes cannot be refused.
func check(b []byte, of protoreflect.MessageDescriptor) error {
	if len(b) <= MaxEntries {
		return nil
	}
	var c counter
	return c.message(b, of)
}

// message counts what is in b. Bytes that do not parse are an error: what the
// decoders would make of the rest is not known.
func (c *counter) message(b []byte, of protoreflect.MessageDescriptor) error {
	fields := of.Fields()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("count %s: %w", of.FullName(), protowire.ParseError(n))
		}
		size := protowire.ConsumeFieldValue(num, typ, b[n:])
		if size < 0 {
			return fmt.Errorf("count field %d of %s: %w", num, of.FullName(), protowire.ParseError(size))
		}
		value := b[n : n+size]
		b = b[n+size:]
		field := fields.ByNumber(num)
		if field == nil {
			continue
		}
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if err := c.field(field, typ, value); err != nil {
			return err
		}
	}
	return nil
}

// field counts one occurrence of a field.
func (c *counter) field(field protoreflect.FieldDescriptor, typ protowire.Type, value []byte) error {
	nested := field.Message()
	if nested != nil && typ == protowire.BytesType {
		c.messages++
	}
	if field.Cardinality() == protoreflect.Repeated {
		c.entries += entries(field.Kind(), typ, value)
	}
	if c.entries > MaxEntries || c.messages > maxMessages {
		return fmt.Errorf("%w: over %d in %s", ErrTooMany, MaxEntries, field.FullName())
	}
	if nested != nil && typ == protowire.BytesType {
		return c.message(value, nested)
	}
	return nil
}

// entries is how many entries one occurrence of a repeated field adds: numbers may
// be packed.
func entries(kind protoreflect.Kind, typ protowire.Type, value []byte) int {
	if typ != protowire.BytesType {
		return 1
	}
	switch kind {
	case protoreflect.MessageKind, protoreflect.StringKind, protoreflect.BytesKind:
		return 1
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return len(value) / 4
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return len(value) / 8
	}
	n := 0
	for _, b := range value {
		if b < 0x80 { // the last byte of a number
			n++
		}
	}
	return n
}
