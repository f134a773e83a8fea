package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// TestOldPictures: pictures of the old form and flash pictures, which say no host, are at
// the sandbox: for programs, and for bots at once and from the store.
func TestOldPictures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, to := mediaPair(t, sandbox.Options{})
		receiver := newMediaBot(t, s, to)
		receiver.bare = true
		receiver.begin()
		picture := append(bytes.Clone(dot), 11)
		blob, err := s.World().Media().Put(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		old := func(e *messagepb.Elem) world.Part {
			form, err := pb.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			return world.Part{Segment: &message.ImageSegment{Medium: message.Medium{MD5: blob.MD5[:]}}, Form: form}
		}
		path := fmt.Sprintf("/gchatpic_new/1/1-1-%X/0?term=2", blob.MD5)
		for name, part := range map[string]world.Part{
			"flash":           {Segment: &message.ImageSegment{Medium: message.Medium{MD5: blob.MD5[:], Size: blob.Size}, Flash: true}},
			"group":           old(&messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: blob.MD5[:], Size: uint32(blob.Size)}}),
			"group, a path":   old(&messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: blob.MD5[:], OrigUrl: path}}),
			"private":         old(&messagepb.Elem{NotOnlineImage: &messagepb.NotOnlineImage{PicMd5: blob.MD5[:]}}),
			"private, a path": old(&messagepb.Elem{NotOnlineImage: &messagepb.NotOnlineImage{PicMd5: blob.MD5[:], OrigUrl: strings.Replace(path, "gchat", "off", 1)}}),
		} {
			send := world.Send{From: bot, Group: group, Parts: []world.Part{part}}
			if strings.HasPrefix(name, "private") {
				send.To, send.Group = alice, 0
			}
			if _, err := s.World().Messages().Send(send, nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			synctest.Wait()
			seg := lastMedium(t, to, "image")
			const own = "http://127.0.0.1:8080/"
			if url := mediumIn(seg).URL; !strings.HasPrefix(url, own) {
				t.Errorf("%s: the event has %s", name, url)
			}
			var got bytes.Buffer
			if err := to.Media().Download(t.Context(), seg, &got); err != nil || !bytes.Equal(got.Bytes(), picture) {
				t.Errorf("%s: downloaded %d bytes, %v", name, got.Len(), err)
			}
			shown := receiver.segments()
			if len(shown) != 1 || !strings.HasPrefix(shown[0].Data.URL, own) {
				t.Fatalf("%s: get_msg has %+v", name, shown)
			}
			receiver.checkURL(shown[0].Data.URL, picture)
			receiver.checkFile("get_image", shown[0].Data.File, picture)
		}
	})
}
