package e2e

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
	"libration/sandbox"
)

// mediaPair are two accounts of one sandbox that are online: the bot and Alice.
func mediaPair(t *testing.T, o sandbox.Options) (s *service, from, to *account) {
	t.Helper()
	o.Strict = true
	s = startService(t, o)
	logIn := func(uin message.UIN) *account {
		a := s.account(t, nil, func(o *ntqq.Options) { o.Servers.Media = "127.0.0.1:8080" })
		a.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, uin); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		return a
	}
	return s, logIn(bot), logIn(alice)
}

// kindsOfMedia are a segment of each kind with its bytes. n makes them different.
func kindsOfMedia(n byte) map[string]struct {
	seg   message.Segment
	bytes []byte
} {
	type medium = struct {
		seg   message.Segment
		bytes []byte
	}
	of := func(b []byte) message.Medium { return message.Medium{Source: media.Bytes(b)} }
	picture := append(bytes.Clone(dot), n)
	voice := voiceBytes(n)
	video := mp4(n)
	return map[string]medium{
		"image":  {&message.ImageSegment{Medium: of(picture), Summary: "[x]"}, picture},
		"record": {&message.RecordSegment{Medium: of(voice)}, voice},
		"video":  {&message.VideoSegment{Medium: of(video)}, video},
	}
}

// voiceBytes is a voice of some blocks of 20 ms.
func voiceBytes(n byte) []byte {
	b := []byte("\x02#!SILK_V3")
	for range 60 {
		b = append(b, 3, 0, n, 1, 2)
	}
	return b
}

// mp4 is more than two blocks of the highway that begin as a video does.
func mp4(n byte) []byte {
	b := append([]byte{0, 0, 0, 16}, "ftypisom\x00\x00\x00\x01"...)
	rest := bytes.Repeat([]byte{n, 1, 2, 3}, 600_000)
	b = append(b, 0, 0x24, 0x9F, 0x08) // mdat of 8 + 2,400,000 bytes
	return append(append(b, "mdat"...), rest...)
}

// TestMediaThere: each kind is sent from one account to another, in a group and in
// private, and downloaded: it has the same bytes. A second time nothing is uploaded.
func TestMediaThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, from, to := mediaPair(t, sandbox.Options{})
		for chat, send := range map[string]func(message.Content) (*message.Message, error){
			"group": func(c message.Content) (*message.Message, error) {
				return from.Messages().SendGroup(t.Context(), group, c)
			},
			"private": func(c message.Content) (*message.Message, error) {
				return from.Messages().SendFriend(t.Context(), alice, c)
			},
		} {
			for kind, m := range kindsOfMedia(chat[0]) {
				if _, err := send(message.Content{m.seg}); err != nil {
					t.Fatalf("%s in %s: %v", kind, chat, err)
				}
				uploaded := blocks(from)
				if _, err := send(message.Content{m.seg}); err != nil {
					t.Fatalf("%s in %s again: %v", kind, chat, err)
				}
				if now := blocks(from); uploaded == 0 || now != uploaded {
					t.Errorf("%s in %s: %d uploads of bytes, and %d after the second time", kind, chat, uploaded, now)
				}
				got := lastMedium(t, to, kind)
				checkDownload(t, to, kind+" in "+chat, got, m.bytes)
			}
		}
	})
}

// lastMedium is the only segment of the newest message of somebody else.
func lastMedium(t *testing.T, a *account, kind string) message.Segment {
	t.Helper()
	all := eventsOf[*event.Message](a)
	if len(all) == 0 || len(all[len(all)-1].Content) != 1 || all[len(all)-1].Content[0].Name() != kind {
		t.Fatalf("the newest of %d messages is no %s: %+v", len(all), kind, all[len(all)-1].Content)
	}
	return all[len(all)-1].Content[0]
}

func checkDownload(t *testing.T, a *account, what string, seg message.Segment, want []byte) {
	t.Helper()
	medium := mediumIn(seg)
	sum := md5.Sum(want)
	if medium.URL == "" || medium.Size != uint64(len(want)) || !bytes.Equal(medium.MD5, sum[:]) || len(medium.SHA1) != 20 || medium.ID == "" {
		t.Errorf("%s: got %+v", what, medium)
	}
	var got bytes.Buffer
	if err := a.Media().Download(t.Context(), seg, &got); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s: downloaded %d bytes, %v, want %d", what, got.Len(), err, len(want))
	}
}

func mediumIn(seg message.Segment) *message.Medium {
	switch s := seg.(type) {
	case *message.ImageSegment:
		return &s.Medium
	case *message.RecordSegment:
		return &s.Medium
	case *message.VideoSegment:
		return &s.Medium
	}
	return &message.Medium{}
}

// blocks counts the uploads that sent bytes.
func blocks(a *account) (n int) {
	for _, s := range a.Transfers().List() {
		if s.Direction == transfer.Upload && s.Step == string(media.StepBlock) {
			n++
		}
	}
	return n
}

// TestMediaResent: what was received can be sent on as it is, to another chat, and within a
// forward. When the service does not have it any more its bytes are fetched first.
func TestMediaResent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, from, to := mediaPair(t, sandbox.Options{})
		for kind, m := range kindsOfMedia(7) {
			if _, err := from.Messages().SendGroup(t.Context(), group, message.Content{m.seg}); err != nil {
				t.Fatal(err)
			}
			got := lastMedium(t, to, kind)
			if _, err := to.Messages().SendFriend(t.Context(), bot, message.Content{got}); err != nil {
				t.Fatalf("%s sent on: %v", kind, err)
			}
			if n := blocks(to); n != 0 {
				t.Errorf("%s: uploaded %d times although the service has it", kind, n)
			}
			checkDownload(t, from, kind+" sent on", lastMedium(t, from, kind), m.bytes)

			forward := message.Forward(message.Node{UIN: alice, Name: "A", Content: message.Content{got}})
			if _, err := to.Messages().SendGroup(t.Context(), group, message.Content{forward}); err != nil {
				t.Fatalf("%s in a forward: %v", kind, err)
			}
			f, ok := lastMedium(t, from, "forward").(*message.ForwardSegment)
			if !ok {
				t.Fatal("no forward")
			}
			nodes, err := from.Messages().Forward(t.Context(), f.ID)
			if err != nil || len(nodes) != 1 {
				t.Fatalf("%s: %d nodes, %v", kind, len(nodes), err)
			}
			if err := from.Media().Complete(t.Context(), nodes[0].Content); err != nil {
				t.Errorf("%s in a forward: %v", kind, err)
			}
			checkDownload(t, from, kind+" in a forward", nodes[0].Content[0], m.bytes)
		}
	})
}

// TestMediaCancelled: an upload that hangs holds up nothing else, and can be cancelled.
func TestMediaCancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, from, to := mediaPair(t, sandbox.Options{})
		hanging := make(chan struct{})
		done := make(chan error, 1)
		go func() {
			_, err := from.Messages().SendGroup(t.Context(), group, message.Content{
				&message.ImageSegment{Medium: message.Medium{Source: hangs{hanging}}},
			})
			done <- err
		}()
		<-hanging
		began := time.Now()
		for i := range 3 {
			if _, err := from.Messages().SendGroup(t.Context(), group, say(fmt.Sprint("text ", i))); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("texts took %v beside an upload that hangs", took)
		}
		list := from.Transfers().List()
		if len(list) != 1 || !list[0].Ended.IsZero() || list[0].Chat == nil || list[0].Chat.Group != group {
			t.Fatalf("transfers: %+v", list)
		}
		if !from.Transfers().Cancel(list[0].ID) {
			t.Error("it cannot be cancelled")
		}
		if err := <-done; !errors.Is(err, transfer.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		if got := to.texts(); len(got) != 3 {
			t.Errorf("received %q", got)
		}
	})
}

// hangs is a source that never comes.
type hangs struct{ opened chan struct{} }

func (h hangs) Open(ctx context.Context) (io.ReadCloser, error) {
	close(h.opened)
	<-ctx.Done()
	return nil, ctx.Err()
}
