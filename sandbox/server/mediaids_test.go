package server

import (
	"testing"
	"time"

	"libration/sandbox/world"
)

// FuzzMediaIDs reads uuids and keys of anybody: only those of the service itself are known.
func FuzzMediaIDs(f *testing.F) {
	s, now := newMediaSigner(), time.Unix(1_700_000_000, 0)
	f.Add("EhSpmT42RwaBaro-JXF4UMJsnNDYnRgDIP8KKICA-cDBxIIDMgRwcm9kUID1JA", "&rkey=CAQSKAB6JWENi5LM")
	f.Add("", keyPrefix+newMediaSigner().keyFor(1406, now))
	f.Add(newMediaSigner().uuid(mediaImage, true, world.Blob{Size: 1}, now), "")
	own := &mediaFile{kind: mediaImage}
	f.Fuzz(func(t *testing.T, uuid, key string) {
		if file, err := s.file(uuid, now); err == nil {
			t.Errorf("%q is %+v", uuid, file)
		}
		if s.opens(key, own, now) {
			t.Errorf("%q opens a file", key)
		}
	})
}

func TestMediaIDs(t *testing.T) {
	s, now := newMediaSigner(), time.Unix(1_700_000_000, 0)
	b := world.Blob{SHA1: [20]byte{1, 2}, Size: 7}
	for _, kind := range mediaKinds {
		for _, group := range []bool{false, true} {
			uuid := s.uuid(kind, group, b, now)
			got, err := s.file(uuid, now.Add(kind.ttl))
			if err != nil || got.kind != kind || got.group != group || got.sha1 != b.SHA1 || got.size != 7 || got.uuid != uuid {
				t.Errorf("%s: got %+v, %v", kind.name, got, err)
				continue
			}
			if _, err := s.file(uuid, now.Add(kind.ttl+time.Second)); err == nil {
				t.Errorf("%s: a dead uuid is known", kind.name)
			}
			if len(uuid) > maxUUID {
				t.Errorf("%s: %d bytes", kind.name, len(uuid))
			}
			key := s.keyFor(kind.app(group), now)
			for _, other := range mediaKinds {
				f := &mediaFile{kind: other, group: group}
				if s.opens(keyPrefix+key, f, now) != (other == kind) {
					t.Errorf("the key of %s and %s", kind.name, other.name)
				}
			}
		}
	}
}
