package gateway

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

type noSource struct{ message.Source }

// TestMedia: what came in messages and was sent is known by its id, whatever it is called.
func TestMedia(t *testing.T) {
	hash := func(b byte) []byte { return []byte(strings.Repeat(string(rune(b)), 16)) }
	medium := func(b byte) message.Medium {
		return message.Medium{Name: "video.mp4", Size: 5, MD5: hash(b), SHA1: []byte("12345678901234567890"), ID: "uuid", URL: "http://x/y", Info: []byte{8, 1, 0xff}}
	}
	all := []message.Segment{
		&message.ImageSegment{Medium: medium('a'), Width: 3, Height: 4, Format: 1000, SubType: 1, Summary: "[x]", Flash: true},
		&message.RecordSegment{Medium: medium('b'), Seconds: 3},
		&message.VideoSegment{Medium: medium('c'), Cover: medium('d'), Seconds: 5, Width: 1, Height: 2},
		&message.ImageSegment{Medium: message.Medium{Name: "no hash.jpg"}},
		&message.RecordSegment{Medium: message.Medium{Name: "no hash.jpg", ID: "uuid"}},
	}
	g, s := newTest(t)
	for i, part := range all {
		c := message.Content{message.Text("x"), part}
		switch i {
		case 0:
			g.Handle(t.Context(), &event.Message{Message: &message.Message{Chat: message.Chat{Kind: message.Group, Group: groupCode}, Sequence: 1, Time: testTime, Content: c}})
		case 1:
			g.Sent(context.Background(), &message.Message{Chat: message.Chat{Kind: message.Friend, Peer: friendUIN}, Sequence: 1, Time: testTime, Content: c})
		default:
			g.Remember(c)
		}
		id := MediumID(message.MediumOf(part))
		if got, err := g.Medium(id); err != nil || !reflect.DeepEqual(got, part) {
			t.Errorf("%q gives %+v, %v, want %+v", id, got, err, part)
		}
	}
	if id := MediumID(message.MediumOf(all[0])); id != strings.Repeat("61", 16) {
		t.Errorf("the id is %q, want the MD5", id)
	}

	local := &message.VideoSegment{Medium: medium('e'), Cover: medium('f')}
	local.Source, local.Cover.Source = noSource{}, noSource{}
	g.Remember(message.Content{local, &message.ImageSegment{}, nil, message.Text("x")})
	got, err := g.Medium(MediumID(&local.Medium))
	if v, ok := got.(*message.VideoSegment); err != nil || !ok || v.Source != nil || v.Cover.Source != nil {
		t.Errorf("with a source: %+v, %v", got, err)
	}
	for _, id := range []string{"", strings.Repeat("00", 16)} {
		if got, err := g.Medium(id); got != nil || err != nil {
			t.Errorf("%q gives %v, %v", id, got, err)
		}
	}
	for kind, kept := range map[string]string{"file": `{}`, "image": `[]`} {
		if err := s.PutMedium("x", kind, []byte(kept)); err != nil {
			t.Fatal(err)
		}
		if got, err := g.Medium("x"); got != nil || err == nil {
			t.Errorf("%s %s gives %v", kind, kept, got)
		}
	}
}

// TestFilesAreNotReplaced: who sends a message writes which file it is, and cannot make
// another one of a file that is known. What is said of the same one counts.
func TestFilesAreNotReplaced(t *testing.T) {
	ofGroup := &message.FileSegment{ID: "/f", FileName: "a.zip", Size: 5, BusID: 104, MD5: []byte(strings.Repeat("a", 16)), Group: groupCode}
	private := &message.FileSegment{ID: "f", FileName: "b.zip", Hash: "h"}
	g, _ := newTest(t)
	g.Remember(message.Content{ofGroup, private})
	for name, change := range map[string]func(group, private *message.FileSegment){
		"group": func(f, p *message.FileSegment) { f.Group, p.Group = 5, 5 },
		"size":  func(f, p *message.FileSegment) { f.Size, p.Hash = 1<<40, "other" },
		"MD5":   func(f, p *message.FileSegment) { f.MD5, p.Hash = nil, "" },
	} {
		f, p := *ofGroup, *private
		change(&f, &p)
		g.Remember(message.Content{&f, &p})
		for _, want := range []*message.FileSegment{ofGroup, private} {
			if got, err := g.File(want.ID); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("another %s: got %+v, %v, want %+v", name, got, err, want)
			}
		}
	}
	kept, whole := *ofGroup, *private
	kept.BusID, kept.FileName, whole.Size = 102, "b.zip", 7
	g.Remember(message.Content{&kept, &whole})
	for _, want := range []*message.FileSegment{&kept, &whole} {
		if got, err := g.File(want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the same file: got %+v, %v, want %+v", got, err, want)
		}
	}
}

// TestFiles: what a message said of a file is known by the id that the service has for it.
func TestFiles(t *testing.T) {
	ofGroup := &message.FileSegment{ID: "/f", FileName: "a.zip", Size: 5 << 30, BusID: 104, MD5: []byte(strings.Repeat("a", 16)), Group: groupCode}
	private := &message.FileSegment{ID: "f", FileName: "b.zip", Size: 5, Hash: "h"}
	g, s := newTest(t)
	sent, nowhere := *ofGroup, *ofGroup
	sent.Source, sent.URL = noSource{}, "http://x/y"
	nowhere.Group, nowhere.FileName = 0, "of a forward"
	g.Handle(t.Context(), &event.Message{Message: &message.Message{
		Chat: message.Chat{Kind: message.Group, Group: groupCode}, Sequence: 1, Time: testTime, Content: message.Content{&sent},
	}})
	g.Remember(message.Content{private, &nowhere, &message.FileSegment{FileName: "not uploaded"}})
	for id, want := range map[string]*message.FileSegment{"/f": ofGroup, "f": private, "": nil, "other": nil} {
		if got, err := g.File(id); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %+v, %v, want %+v", id, got, err, want)
		}
	}
	for kind, kept := range map[string]string{"image": `{}`, "file": `[]`} {
		if err := s.PutMedium(fileID("x"), kind, []byte(kept)); err != nil {
			t.Fatal(err)
		}
		if got, err := g.File("x"); got != nil || err == nil {
			t.Errorf("%s %s gives %v", kind, kept, got)
		}
	}
}
