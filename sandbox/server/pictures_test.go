package server

import (
	"fmt"
	"strings"
	"testing"
)

// FuzzPictureAt: an address is what a client writes. What it leads to is a picture that the
// service has.
func FuzzPictureAt(f *testing.F) {
	s := newServer(f, Options{})
	f.Cleanup(func() { _ = s.World().Close() })
	kept, err := s.World().Media().Put(strings.NewReader("a picture"))
	if err != nil {
		f.Fatal(err)
	}
	face, err := s.World().CustomFaces().Add(s.World().Users().List()[0].UIN, kept)
	if err != nil {
		f.Fatal(err)
	}
	now := s.World().Now()
	good := []string{
		fmt.Sprintf("http://any.example/gchatpic_new/0/0-0-%X/0", kept.MD5),
		fmt.Sprintf("//x/offpic_new/0/0-0-%x/0", kept.MD5),
		fmt.Sprintf("https://p.qpic.cn/qq_expression/%d/%s/0", s.World().Users().List()[0].UIN, face.ID),
		mediaPath(1406, s.media.signer.uuid(mediaImage, false, kept, now)) + keyPrefix + s.media.signer.keyFor(1406, now),
	}
	h := &pictures{s.media}
	for _, address := range good {
		f.Add(address)
		if sha1, err := h.pictureAt(address); err != nil || sha1 != kept.SHA1 {
			f.Errorf("%s: got %x, %v", address, sha1, err)
		}
	}
	for _, address := range []string{"", "/", "qq_expression/1", "https://p.qpic.cn/qq_expression//", "http://[", "/download", "/gchatpic_new/0"} {
		f.Add(address)
		if _, err := h.pictureAt(address); err == nil {
			f.Errorf("%s is a picture", address)
		}
	}
	f.Fuzz(func(t *testing.T, address string) {
		if sha1, err := h.pictureAt(address); err == nil && sha1 != kept.SHA1 {
			t.Errorf("%q leads to %x", address, sha1)
		}
	})
}
