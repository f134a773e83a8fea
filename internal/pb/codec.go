// Package pb encodes and decodes the protocol's protobuf messages; the
// generated types live below it, one package per schema of proto/.
//
// It must not import anything of this module.
package pb

//go:generate go run -C ../../tools ./genpb ..

import "google.golang.org/protobuf/proto"

type fastMarshaler interface{ MarshalVT() ([]byte, error) }

type fastUnmarshaler interface{ UnmarshalVT([]byte) error }

// Marshal encodes m. Messages made by this program always encode; an error
// means invalid UTF-8 in a string field.
func Marshal(m proto.Message) ([]byte, error) {
	if f, ok := m.(fastMarshaler); ok {
		return f.MarshalVT()
	}
	return proto.Marshal(m)
}

// Unmarshal decodes b into m, which should be empty. The fast decoder takes
// invalid UTF-8 as it is but refuses a known field with another wire type; real
// servers send such fields (older forms with a uin where a uid text stands
// today), so a refusal is decoded again by the tolerant decoder, which keeps
// them as unknown fields. What has too many entries is refused with ErrTooMany
// before memory is taken for it.
func Unmarshal(b []byte, m proto.Message) error {
	if err := check(b, m.ProtoReflect().Descriptor()); err != nil {
		return err
	}
	f, ok := m.(fastUnmarshaler)
	if !ok {
		return proto.Unmarshal(b, m)
	}
	if f.UnmarshalVT(b) == nil {
		return nil
	}
	proto.Reset(m)
	return proto.Unmarshal(b, m)
}
