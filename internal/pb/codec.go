// Package pb encodes and decodes the protocol's protobuf messages; the generated types
// live below it, one package per schema of proto/. Text from the network may be invalid
// UTF-8. This package is the one place that makes it valid.
//
// It must not import anything of this module.
package pb

//go:generate go run -C ../../tools ./genpb ..

import "google.golang.org/protobuf/proto"

// Marshal encodes m with valid UTF-8 in each text: invalid bytes become U+FFFD. It does
// not change m. An error means that m is larger than protobuf allows.
func Marshal(m proto.Message) ([]byte, error) {
	if !validTexts(m, false) {
		m = proto.Clone(m)
		validTexts(m, true)
	}
	return proto.Marshal(m)
}

// Unmarshal decodes b into m and replaces its previous content. Each text in m is valid
// UTF-8 afterwards: invalid bytes become U+FFFD. A known field with another wire type
// is kept among the unknown ones, as real servers send such fields (older forms have a
// uin where a uid text stands today). ErrTooMany is returned for too many entries,
// before memory is taken for them.
func Unmarshal(b []byte, m proto.Message) error {
	if err := check(b, m.ProtoReflect().Descriptor()); err != nil {
		return err
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return err
	}
	validTexts(m, true)
	return nil
}
