package server

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/media"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// aPicture is a PNG of 3 x 2 pixels.
func aPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))))
	return b.Bytes()
}

// received returns the one medium of the next message that a client gets.
func received(t *testing.T, c *client, group bool) message.Segment {
	t.Helper()
	text := pushedText(t, c)
	for _, e := range text.GetElems() {
		if e.CustomFace != nil || e.NotOnlineImage != nil || e.VideoFile != nil || proto.Size(e) == 0 {
			t.Errorf("got beside a medium: %v", e)
		}
	}
	content := elements.Decode(text, group)
	if len(content) != 1 {
		t.Fatalf("got %v, want one medium", content)
	}
	return content[0]
}

// download gets a file by its uuid as a client does.
func (c *client) download(uuid string) string {
	c.t.Helper()
	found := call(c, rpc.PrivateImageURL, downloadOf(uuid))
	answer, content := c.h.fetch(http.MethodGet, addressOf(found.GetDownload()))
	if answer.StatusCode != http.StatusOK {
		c.t.Errorf("download: got %s", answer.Status)
	}
	return content
}

func TestPeopleSendPictures(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot).register()
	content := aPicture(t)
	sum := sha1.Sum(content)
	for _, send := range []world.Send{{From: alice, Group: mall}, {From: alice, To: bot}} {
		picture := &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(content)}, SubType: 1, Summary: "[a]"}
		ready, err := h.Prepare(t.Context(), send.From, send.Group, message.Content{picture})
		must(t, err)
		send.Parts = world.Parts(ready...)
		m, err := h.World().Messages().Send(send, nil)
		must(t, err)
		got := received(t, c, send.Group != 0).(*message.ImageSegment)
		if got.Width != 3 || got.Height != 2 || got.Format != 1001 || got.SubType != 1 || got.Summary != "[a]" ||
			!bytes.Equal(got.SHA1, sum[:]) || got.Size != uint64(len(content)) {
			t.Errorf("got %+v", got)
		}
		if said := m.Content()[0].(*message.ImageSegment); said.ID != got.ID || !bytes.Equal(said.MD5, got.MD5) {
			t.Errorf("in the world: %+v", said)
		}
		if c.download(got.ID) != string(content) {
			t.Error("other bytes were downloaded")
		}
		info := &mediapb.MsgInfo{}
		must(t, pb.Unmarshal(got.Info, info))
		source, domain := info.GetBody()[0].GetSource(), info.GetBody()[0].GetPicture().GetDomain()
		if (source.GetTroop() != nil) != (send.Group != 0) || (source.GetC2C() != nil) == (send.Group != 0) || domain != memoryMedia.String() {
			t.Errorf("source %v on %s", source, domain)
		}
		// Somebody sends on what came, to another scene.
		ready, err = h.Prepare(t.Context(), bob, small, message.Content{got})
		must(t, err)
		on := ready[0].(*message.ImageSegment)
		if on.ID == got.ID || !bytes.Equal(on.SHA1, got.SHA1) || on.SubType != 1 || c.download(on.ID) != string(content) {
			t.Errorf("sent on: got %+v", on)
		}
	}
}

// aVideo is an MP4 of 3 seconds that shows nothing.
func aVideo() []byte {
	box := func(kind string, content []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(8+len(content))), append([]byte(kind), content...)...)
	}
	head := make([]byte, 100) // version, flags, two times, time scale, duration and what follows
	binary.BigEndian.PutUint32(head[12:], 1000)
	binary.BigEndian.PutUint32(head[16:], 3000)
	return append(box("ftyp", []byte("isom\x00\x00\x00\x00")), box("moov", box("mvhd", head))...)
}

func TestPeopleSendVideos(t *testing.T) {
	h := startMedia(t, Options{MediaAddress: "127.0.0.1:81"})
	c := h.dial().login(bot).register()
	for _, cover := range []message.Source{nil, media.Bytes(aPicture(t))} {
		video := &message.VideoSegment{Medium: message.Medium{Source: media.Bytes(aVideo())}, Cover: message.Medium{Source: cover}}
		ready, err := h.Prepare(t.Context(), alice, mall, message.Content{video})
		must(t, err)
		_, err = h.World().Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Parts(ready...)}, nil)
		must(t, err)
		got := received(t, c, true).(*message.VideoSegment)
		if got.Seconds != 3 || got.Width == 0 || got.Height == 0 || cover != nil && got.Width != 3 {
			t.Errorf("got %+v", got)
		}
		if c.download(got.ID) != string(aVideo()) || cover != nil && c.download(got.Cover.ID) != string(aPicture(t)) {
			t.Error("other bytes were downloaded")
		}
		ready, err = h.Prepare(t.Context(), bob, 0, message.Content{got})
		must(t, err)
		if on := ready[0].(*message.VideoSegment); on.Cover.ID == got.Cover.ID || c.download(on.Cover.ID) != c.download(got.Cover.ID) {
			t.Errorf("sent on: got %+v", on)
		}
	}
}

func TestPeopleSendVoices(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot).register()
	sound := "RIFF" + string(le32(36+4800)) + "WAVEfmt " + string(le32(16)) + "\x01\x00\x01\x00" + string(le32(24000)) + string(le32(48000)) +
		"\x02\x00\x10\x00data" + string(le32(4800)) + strings.Repeat("\x00", 4800) // a tenth of a second
	for _, group := range []message.GroupCode{mall, 0} {
		ready, err := h.Prepare(t.Context(), alice, group, message.Content{message.Record(media.Bytes([]byte(sound)))})
		must(t, err)
		send := world.Send{From: alice, Group: group, Parts: world.Parts(ready...)}
		if group == 0 {
			send.To = bot
		}
		_, err = h.World().Messages().Send(send, nil)
		must(t, err)
		text := pushedText(t, c)
		if (text.GetPtt() != nil) != (group == 0) {
			t.Errorf("in %d: beside it %v", group, text.GetPtt())
		}
		content := elements.Decode(text, group != 0)
		if len(content) != 1 {
			t.Fatalf("got %v", content)
		}
		got := content[0].(*message.RecordSegment)
		if got.Seconds != 1 || !strings.HasPrefix(c.download(got.ID), "\x02#!SILK_V3") {
			t.Errorf("got %+v", got)
		}
	}
}

// TestPeopleSendVoicesByFFmpeg: a voice that nothing else here reads is converted by the
// program that the sandbox is given.
func TestPeopleSendVoicesByFFmpeg(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not tested here: the program is a script")
	}
	program := filepath.Join(t.TempDir(), "ffmpeg")
	must(t, os.WriteFile(program, []byte("#!/bin/sh\nhead -c 96000 /dev/zero\n"), 0o700))
	m4a := media.Bytes([]byte("\x00\x00\x00\x14ftypM4A \x00\x00\x00\x00M4A " + strings.Repeat("\x00", 64)))
	for _, tool := range []*ffmpeg.Tool{nil, {Path: program}} {
		h := startMedia(t, Options{FFmpeg: tool})
		ready, err := h.Prepare(t.Context(), alice, mall, message.Content{message.Record(m4a)})
		if (err == nil) != (tool != nil) {
			t.Fatalf("with %v: got %v", tool, err)
		}
		if err == nil && ready[0].(*message.RecordSegment).Seconds != 2 {
			t.Errorf("got %+v", ready[0])
		}
	}
}

func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func TestPicturesInForwards(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	picture := &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(aPicture(t))}}
	ready, err := h.Prepare(t.Context(), alice, mall, message.Content{message.Forward(message.Node{Content: message.Content{picture}})})
	must(t, err)
	id := ready[0].(*message.ForwardSegment).ID
	answer := call(c, rpc.FetchLongMessage, &messagepb.LongMsgReq{Recv: &messagepb.LongMsgRecvReq{ResId: &id}})
	nodes, err := elements.DecodeForward(answer.GetRecv().GetPayload())
	must(t, err)
	got := nodes[0].Content[0].(*message.ImageSegment)
	if c.download(got.ID) != string(aPicture(t)) {
		t.Error("other bytes were downloaded")
	}
}

func TestPrepareRefuses(t *testing.T) {
	h := startMedia(t, Options{})
	kept := h.store("picture")
	described := func(files ...*mediapb.FileInfo) []byte {
		info := &mediapb.MsgInfo{}
		for _, f := range files {
			info.Body = append(info.Body, &mediapb.MsgInfoBody{Index: &mediapb.IndexNode{Info: f}})
		}
		return encode(info)
	}
	for name, m := range map[string]message.Medium{
		"nothing":      {SHA1: kept.SHA1[:]},
		"no picture":   {Source: media.Bytes([]byte("text"))},
		"empty":        {Source: media.Bytes(nil)},
		"no info":      {Info: []byte{0xFF}},
		"empty info":   {Info: described()},
		"no hashes":    {Info: described(&mediapb.FileInfo{FileSize: 1, FileMd5: hex.EncodeToString(kept.MD5[:])})},
		"two pictures": {Info: described(fileInfo("picture"), fileInfo("picture"))},
	} {
		if _, err := h.Prepare(t.Context(), alice, mall, message.Content{&message.ImageSegment{Medium: m}}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
