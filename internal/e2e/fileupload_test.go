package e2e

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

var inGroup = message.Chat{Kind: message.Group, Group: group}

// filesOf are the files of a folder of the group.
func (s *service) filesOf(t *testing.T, folder string) []world.GroupFile {
	t.Helper()
	page, err := s.World().Files().List(group, 0, folder, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return page.Files
}

// TestFileToGroup: who uploads a file gets the message that everybody gets, once; bytes that
// the service has are not sent again.
func TestFileToGroup(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s, b, a := mediaPair(t, sandbox.Options{})
		file := newPicture(2<<20+17, 3)
		folder, err := s.World().Files().MakeFolder(group, 0, world.RootFolder, "docs")
		if err != nil {
			t.Fatal(err)
		}
		m, err := b.Files().Send(t.Context(), inGroup, ntqq.FileUpload{Source: media.Bytes(file), Name: "报告 1.bin", Folder: folder.ID})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		there := s.filesOf(t, folder.ID)
		if len(there) != 1 || there[0].Name != "报告 1.bin" || there[0].Size != uint64(len(file)) || there[0].Temporary() || there[0].Uploader.UIN != bot {
			t.Fatalf("got the files %+v", there)
		}
		seg, ok := m.Content[0].(*message.FileSegment)
		if !ok || seg.ID != there[0].ID || seg.FileName != "报告 1.bin" || seg.BusID != message.BusPermanent || !m.Self || m.Chat.Group != group {
			t.Errorf("got the message %+v with %+v", m, seg)
		}
		for _, who := range []*account{a, b} {
			heard := eventsOf[*event.Message](who)
			files := eventsOf[*event.GroupFileUploaded](who)
			if len(heard) != 1 || heard[0].Sequence != m.Sequence || heard[0].Random != m.Random || len(files) != 1 || files[0].File.ID != seg.ID || files[0].Sender.UIN != bot {
				t.Errorf("heard %+v and %+v, want the message %d", heard, files, m.Sequence)
			}
		}
		var got bytes.Buffer
		if err := a.Files().Download(t.Context(), inGroup, seg, &got); err != nil || !bytes.Equal(got.Bytes(), file) {
			t.Errorf("downloaded %d bytes, %v", got.Len(), err)
		}

		beside := message.Content{message.Text("see"), message.File(media.Bytes(file), "a")}
		var one *message.SegmentError
		if _, err := b.Messages().SendGroup(t.Context(), group, beside); !errors.As(err, &one) || one.Index != 1 {
			t.Errorf("a file beside a text: got %v", err)
		}

		// The service has the bytes: nothing is sent, although uploads do not work.
		if _, err := s.Faults().Add(fault.Fault{Name: fault.UploadReset}); err != nil {
			t.Fatal(err)
		}
		answer, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.File(media.Bytes(file), "again")})
		if err != nil {
			t.Fatal(err)
		}
		again, ok := answer.Content[0].(*message.FileSegment)
		if !ok || again.ID == seg.ID || len(s.filesOf(t, world.RootFolder)) != 1 {
			t.Errorf("got %+v, %v, files %+v", again, err, s.filesOf(t, world.RootFolder))
		}
	})
}

// TestFileToFriend: a file comes as a message, and the account hears of its own, as of other
// messages to friends.
func TestFileToFriend(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		_, b, a := mediaPair(t, sandbox.Options{})
		file := newPicture(1<<20, 4)
		m, err := b.Messages().SendFriend(t.Context(), alice, message.Content{message.File(media.Bytes(file), "a.zip")})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		heard, own := eventsOf[*event.Message](a), eventsOf[*event.Message](b)
		if len(heard) != 1 || len(own) != 1 || heard[0].Sequence != m.Sequence || own[0].Sequence != m.Sequence || !own[0].Self {
			t.Fatalf("heard %+v, %+v, want %+v", heard, own, m)
		}
		seg, ok := heard[0].Content[0].(*message.FileSegment)
		if sent, isFile := m.Content[0].(*message.FileSegment); !ok || !isFile || seg.ID != sent.ID || seg.Hash != sent.Hash || seg.FileName != "a.zip" || seg.Size != 1<<20 {
			t.Fatalf("got %+v, sent %+v", heard[0].Content, m.Content)
		}
		files := eventsOf[*event.FriendFileReceived](a)
		if len(files) != 1 || files[0].Peer.UIN != bot || files[0].File.ID != seg.ID {
			t.Errorf("got %+v", files)
		}
		var got bytes.Buffer
		if err := a.Files().Download(t.Context(), heard[0].Chat, seg, &got); err != nil || !bytes.Equal(got.Bytes(), file) {
			t.Errorf("downloaded %d bytes, %v", got.Len(), err)
		}
	})
}

// TestFileRefused: what cannot be uploaded says so at its step, and leaves nothing; a full
// space takes a temporary file, where one is asked for.
func TestFileRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		upload := func(chat message.Chat, u ntqq.FileUpload) (*message.FileSegment, error) {
			if u.Source == nil {
				u.Source = media.Bytes([]byte("12345678"))
			}
			return b.Files().Upload(t.Context(), chat, u)
		}
		if err := s.World().Files().SetLimits(group, world.FileLimits{Space: 7}); err != nil {
			t.Fatal(err)
		}
		full, err := upload(inGroup, ntqq.FileUpload{Name: "a"})
		var step *media.StepError
		var refused *ntqq.ServerError
		if !errors.As(err, &step) || step.Step != media.StepReserve || !errors.As(err, &refused) || refused.Message == "" {
			t.Errorf("a full space: got %+v, %v", full, err)
		}
		kept, err := upload(inGroup, ntqq.FileUpload{Name: "a", Temporary: true})
		if there := s.filesOf(t, world.RootFolder); err != nil || kept.BusID != message.BusTemporary || len(there) != 1 || !there[0].Temporary() {
			t.Errorf("a temporary file: got %+v, %v, files %+v", kept, err, there)
		}
		friend := message.Chat{Kind: message.Friend, Peer: alice}
		for name, c := range map[string]struct {
			chat message.Chat
			u    ntqq.FileUpload
			want error // nil: any
		}{
			"no name":             {inGroup, ntqq.FileUpload{}, nil},
			"a path":              {inGroup, ntqq.FileUpload{Name: "../a"}, nil},
			"a line":              {inGroup, ntqq.FileUpload{Name: "a\nb"}, nil},
			"a long name":         {inGroup, ntqq.FileUpload{Name: string(make([]byte, 256))}, nil},
			"no folder":           {inGroup, ntqq.FileUpload{Name: "a", Folder: "/none"}, nil},
			"no group":            {message.Chat{Kind: message.Group, Group: 1}, ntqq.FileUpload{Name: "a"}, ntqq.ErrNoGroup},
			"group 0":             {message.Chat{Kind: message.Group}, ntqq.FileUpload{Name: "a"}, ntqq.ErrNoGroup},
			"a temporary chat":    {message.Chat{Kind: message.Temp, Group: group, Peer: alice}, ntqq.FileUpload{Name: "a"}, ntqq.ErrTempContent},
			"no chat":             {message.Chat{}, ntqq.FileUpload{Name: "a"}, ntqq.ErrNotFound},
			"nobody":              {message.Chat{Kind: message.Friend, Peer: 1}, ntqq.FileUpload{Name: "a"}, ntqq.ErrNoFriend},
			"a friend's folder":   {friend, ntqq.FileUpload{Name: "a", Folder: "/x"}, nil},
			"a friend, temporary": {friend, ntqq.FileUpload{Name: "a", Temporary: true}, nil},
			"an empty file":       {friend, ntqq.FileUpload{Name: "a", Source: media.Bytes(nil)}, nil},
		} {
			if seg, err := upload(c.chat, c.u); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s: got %+v, %v, want %v", name, seg, err, c.want)
			}
		}
		if there := s.filesOf(t, world.RootFolder); len(there) != 1 {
			t.Errorf("left in the group: %+v", there)
		}
		if n := len(s.World().History().OfGroup(group, 1, 100)) + len(s.World().History().OfPrivate(bot, alice, 1, 1<<40)); n != 1 {
			t.Errorf("got %d messages, want 1", n)
		}
	})
}

// TestFileCancelled: an upload that is cancelled ends at once and leaves nothing, neither in
// the group nor on disk; one that waits for a place, too.
func TestFileCancelled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		spool := t.TempDir()
		s := startService(t, sandbox.Options{AutoApprove: bot})
		b := s.account(t, nil, func(o *ntqq.Options) { o.Media.Folder = spool })
		b.until(ntqq.Online)
		if _, err := s.Faults().Add(fault.Fault{Name: fault.UploadSilent, Skip: 1}); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				_, err := b.Files().Upload(t.Context(), inGroup, ntqq.FileUpload{
					Source: media.Reader(bytes.NewReader(newPicture(5<<20, byte(10+i)))), Name: "a.bin",
				})
				if !errors.Is(err, transfer.ErrCancelled) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		steps := map[string]int{}
		for _, x := range b.Transfers().List() {
			steps[x.Step]++
			if x.Kind != "file" || x.Name != "a.bin" || x.Chat == nil || x.Chat.Group != group || x.Step == "block" && x.Total != 5<<20 {
				t.Errorf("listed as %+v", x)
			}
		}
		if steps["block"] != 4 || steps["wait"] != 2 {
			t.Errorf("got the steps %v, want 4 uploads and 2 that wait", steps)
		}
		began := time.Now()
		for _, x := range slices.Backward(b.Transfers().List()) { // those that wait first
			if !b.Transfers().Cancel(x.ID) {
				t.Errorf("%d was not running", x.ID)
			}
		}
		all.Wait()
		if took := time.Since(began); took > time.Second {
			t.Errorf("cancelling took %v", took)
		}
		if there := s.filesOf(t, world.RootFolder); len(there) != 0 {
			t.Errorf("left in the group: %+v", there)
		}
		if left, err := os.ReadDir(spool); err != nil || len(left) != 0 {
			t.Errorf("left on disk: %v, %v", left, err)
		}
		s.Faults().Clear()
		if _, err := b.Files().Upload(t.Context(), inGroup, ntqq.FileUpload{Source: media.Bytes(newPicture(3<<20, 30)), Name: "b.bin"}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestFileTakenBack: the service refuses to show a file that it has. It is taken out of the
// group's list again, also where its bytes were there before; the file that brought them
// stays.
func TestFileTakenBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		upload := func() error {
			_, err := b.Files().Upload(t.Context(), inGroup, ntqq.FileUpload{Source: media.Bytes([]byte("abc")), Name: "a"})
			return err
		}
		refuse := func() {
			if _, err := s.Faults().Add(fault.Fault{Name: fault.Code, On: rpc.PublishGroupFile.Name}); err != nil {
				t.Fatal(err)
			}
		}
		for want := range 2 {
			refuse()
			err := upload()
			var step *media.StepError
			if !errors.As(err, &step) || step.Step != media.StepPublish {
				t.Errorf("got %v", err)
			}
			s.Faults().Clear()
			if there := s.filesOf(t, world.RootFolder); len(there) != want {
				t.Errorf("got %d files, want %d", len(there), want)
			}
			if want == 0 {
				if err := upload(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestFileShownLate: a file that is uploaded is shown although the account may not send for a
// while, or has just lost its connection.
func TestFileShownLate(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		b := s.account(t, nil, func(o *ntqq.Options) {
			o.SendLimit = ntqq.SendLimit{Chat: ntqq.SendRate{PerMinute: 1}, MaxWait: time.Second}
		})
		b.until(ntqq.Online)
		for _, chat := range []message.Chat{inGroup, {Kind: message.Friend, Peer: alice}} {
			command := rpc.PublishGroupFile.Name
			if chat.Kind == message.Friend {
				command = rpc.SendMessage.Name
			}
			began := time.Now()
			for range 2 {
				if _, err := b.Files().Upload(t.Context(), chat, ntqq.FileUpload{Source: media.Bytes([]byte("abc")), Name: "a"}); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took < 50*time.Second || took > 70*time.Second {
				t.Errorf("two took %v, want a minute", took)
			}
			time.Sleep(2 * time.Minute) // the limit is as new
			if _, err := s.Faults().Add(fault.Fault{Name: fault.Close, On: command, Count: 1}); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Files().Upload(t.Context(), chat, ntqq.FileUpload{Source: media.Bytes([]byte("abc")), Name: "a"}); err != nil {
				t.Errorf("after the connection was lost: %v", err)
			}
			time.Sleep(2 * time.Minute)
		}
		if n := s.World().History().OfGroup(group, 1, 100); len(n) != 3 || len(s.filesOf(t, world.RootFolder)) != 3 {
			t.Errorf("got %d messages and %d files in the group, want 3", len(n), len(s.filesOf(t, world.RootFolder)))
		}
		if n := s.World().History().OfPrivate(bot, alice, 1, 1<<40); len(n) != 3 {
			t.Errorf("got %d messages to the friend, want 3", len(n))
		}
	})
}
