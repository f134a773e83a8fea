// Package pb encodes and decodes the protocol's protobuf messages; the
// generated types live below it, one package per schema of proto/. The network's
// text may be no valid UTF-8; this package is the one place that makes it so.
//
// It must not import anything of this module.
package pb

//go:generate go run -C ../../tools ./genpb ..

import "google.golang.org/protobuf/proto"

// Marshal encodes m, with valid UTF-8 in each text: what is not becomes U+FFFD, and
// m stays as it is. An error means that m is larger than protobuf allows.
func Marshal(m proto.Message) ([]byte, error) {
	if !validTexts(m, false) {
		m = proto.Clone(m)
		validTexts(m, true)
	}
	return proto.Marshal(m)
}

// Unmarshal decodes b into m, whose previous content goes. Each text in m is valid
// UTF-8 afterwards: what is not becomes U+FFFD. A known field with another wire type
// is kept among the unknown ones, as real servers send such fields (older forms
// have a uin where a uid text stands today). ErrTooMany is returned for too many
// entries, before memory is taken for them.
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
