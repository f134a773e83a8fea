package onebot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/gateway"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// What stands in testdata/previous. A version of the program whose journal had OneBot's
// JSON wrote the folder, with two webhooks that missed events: one without, one with own
// messages and CQ codes. The files beside it have what they missed.
const (
	previousPosition = 1795982197111870 // of both webhooks
	previousLast     = 1795982201628856 // the newest event
	arrayHook        = "webhook http://127.0.0.1:17811/"
	stringHook       = "webhook http://127.0.0.1:17812/"
)

// unpackPrevious returns the path of the messages in a copy of the folder.
func unpackPrevious(t *testing.T) string {
	t.Helper()
	packed, err := os.Open("testdata/previous/data.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for files := tar.NewReader(plain); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(folder, "messages.db")
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(files)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, filepath.Base(h.Name)), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// onDisk is a service with a journal in a file.
type onDisk struct {
	*gateway.Gateway
	*Dialect
	messages *store.Store
}

func openOnDisk(t *testing.T, path string) *onDisk {
	t.Helper()
	messages, err := store.Open(context.Background(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = messages.Close() })
	c := newFakeClient(t).Client
	g := gateway.New(gateway.Options{Account: c, Store: messages, Journal: messages, OwnKept: true})
	return &onDisk{g, New(Options{Client: c, Gateway: g}), messages}
}

// events returns all that waits for a webhook, one a line, and confirms nothing.
func (o *onDisk) events(t *testing.T, name string, what gateway.Selection) string {
	t.Helper()
	c, err := o.OpenCursor(gateway.CursorOptions{Name: name, Client: name, Selection: what, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for {
		select {
		case <-c.Ready():
		default:
			return all.String()
		}
		for _, e := range c.Next(t.Context(), 3) {
			all.Write(e.Data)
			all.WriteByte('\n')
		}
	}
}

func (o *onDisk) flush(t *testing.T) {
	t.Helper()
	if err := o.messages.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestPreviousVersion: the folder of an earlier version opens with the same ids, the same
// positions and the same missed events, and new ones come behind them.
func TestPreviousVersion(t *testing.T) {
	path := unpackPrevious(t)
	o := openOnDisk(t, path)
	for _, name := range []string{arrayHook, stringHook} {
		if at, ok, err := o.messages.Cursor(name); at != previousPosition || !ok || err != nil {
			t.Errorf("%s is at %d, %v, %v", name, at, ok, err)
		}
	}
	if last := o.messages.LastEvent(); last != previousLast {
		t.Errorf("the last event is %d, want %d", last, previousLast)
	}
	for _, id := range []int32{2070606338, -496786504, -1788570834, 184551053, 2080847387, 641910275, 1363539605, -452040799} {
		m, err := o.Message(id)
		if err != nil || m == nil || o.ID(m.Chat, m.Sequence) != id {
			t.Errorf("message %d is %+v, %v", id, m, err)
			continue
		}
		again := *m
		again.CaughtUp = true // the program was killed: nobody gets it twice
		o.Handle(t.Context(), &event.Message{Message: &again})
	}
	hooks := []struct {
		name, file string
		what       gateway.Selection
	}{{arrayHook, "missed-array.txt", form(FormatArray, false)}, {stringHook, "missed-string.txt", form(FormatString, true)}}
	var want [2]string
	for i, h := range hooks {
		b, err := os.ReadFile(filepath.Join("testdata/previous", h.file))
		if err != nil {
			t.Fatal(err)
		}
		want[i] = string(b)
		if diff := cmp.Diff(want[i], o.events(t, h.name, h.what)); diff != "" {
			t.Errorf("%s missed (-want +got):\n%s", h.name, diff)
		}
	}

	chat := message.Chat{Kind: message.Group, Group: 730000001}
	o.Handle(t.Context(), &event.MessageRecalled{Chat: chat, Sequence: 4})
	old, err := o.Message(184551053)
	if err != nil || old == nil {
		t.Fatal(old, err)
	}
	fresh := *old
	fresh.Sequence += 100
	o.Handle(t.Context(), &event.Message{Message: &fresh})
	o.flush(t)
	for i, h := range hooks {
		got, ok := strings.CutPrefix(o.events(t, h.name, h.what), want[i])
		lines := strings.Split(got, "\n")
		if !ok || len(lines) != 3 || !strings.Contains(lines[0], `"notice_type":"group_recall"`) || !strings.Contains(lines[0], `"message_id":184551053`) ||
			!strings.Contains(lines[1], `"message_seq":104`) {
			t.Errorf("%s: behind what it missed it gets %s", h.name, got)
		}
		want[i] += got
	}
	for range 2 { // from the disk alone
		if err := o.messages.Close(); err != nil {
			t.Fatal(err)
		}
		o = openOnDisk(t, path)
		for i, h := range hooks {
			if diff := cmp.Diff(want[i], o.events(t, h.name, h.what)); diff != "" {
				t.Errorf("%s after a restart (-want +got):\n%s", h.name, diff)
			}
		}
	}
}

// TestEventsFromTheDisk: an event that is written from the disk is the same, byte for
// byte, as when it was new, also when the message was sent here and is stored once more.
func TestEventsFromTheDisk(t *testing.T) {
	previous := openOnDisk(t, unpackPrevious(t))
	path := filepath.Join(t.TempDir(), "messages.db")
	o := openOnDisk(t, path)
	for _, id := range []int32{2070606338, -496786504, -1788570834, 184551053, 2080847387, 641910275, 1363539605, -452040799} {
		m, err := previous.Message(id)
		if err != nil || m == nil {
			t.Fatal(m, err)
		}
		m.Sender.Card, m.Sender.Title, m.Sender.Role, m.Sender.Level = "card of then", "title", message.RoleAdmin, 9
		o.Handle(t.Context(), &event.Message{Message: m})
		sent := *m
		sent.Sender.Card, sent.Sender.Role, sent.Sender.Level, sent.GroupName = "another", message.RoleOwner, 10, "renamed"
		o.Sent(t.Context(), &sent)
		sent.CaughtUp = true
		o.Handle(t.Context(), &event.Message{Message: &sent})
	}
	told := 8 + 2 // the messages, online and offline
	for _, e := range event.All() {
		switch e := e.(type) { // empty, they say nothing
		case *event.OnlineFileNotice:
			e.What = event.OnlineFileDone
		case *event.ClientsOnline:
			e.Added = []event.Device{{Instance: 5}}
		}
		if e.Name() != "message" {
			o.Handle(t.Context(), e)
		}
		if len(noticesOf[e.Name()]) > 0 {
			told++
		}
	}
	o.HandleState(ntqq.State{Stage: ntqq.Online})
	o.HandleState(ntqq.State{Stage: ntqq.Kicked, Err: &ntqq.KickError{Title: "title", Tips: "tips"}})
	o.flush(t)
	var want [2]string
	for f := range formats {
		want[f] = o.events(t, "new", form(f, true))
		if n := strings.Count(want[f], "\n"); n != told {
			t.Errorf("%d events, want %d, one for each message and for each event that OneBot has a word for:\n%s", n, told, want[f])
		}
	}
	if err := o.messages.Close(); err != nil {
		t.Fatal(err)
	}
	o = openOnDisk(t, path)
	for f := range formats {
		if diff := cmp.Diff(want[f], o.events(t, "new", form(f, true))); diff != "" {
			t.Errorf("from the disk (-want +got):\n%s", diff)
		}
	}
}
