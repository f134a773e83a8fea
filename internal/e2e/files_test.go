package e2e

import (
	"bytes"
	"crypto/md5"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// secondGroup is the bot's own, with Alice in it.
const secondGroup = message.GroupCode(730000002)

// putFile puts a file into a group, as an upload of somebody does.
func putFile(t *testing.T, s *service, by message.UIN, f world.NewFile, content string) world.GroupFile {
	t.Helper()
	blob, err := s.World().Media().Put(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	f.Blob = blob
	added, err := s.World().Files().Add(group, by, f)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func refOf(f world.GroupFile) ntqq.GroupFileRef {
	ref := ntqq.GroupFileRef{ID: f.ID, Folder: f.Folder}
	if f.Temporary() {
		ref.BusID = message.BusTemporary
	}
	return ref
}

// listed is what an account sees in a folder: the names of folders, in brackets, and of
// files.
func (a *account) listed(of message.GroupCode, folder string) string {
	a.t.Helper()
	files, folders, err := a.Files().List(a.t.Context(), of, folder)
	if err != nil {
		a.t.Error(err)
	}
	var names []string
	for _, f := range folders {
		names = append(names, "["+f.Name+"]")
	}
	for _, f := range files {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// refused fails unless the service refused with a code of the world and words for people.
func refused(t *testing.T, what string, err error, code world.Reason) {
	t.Helper()
	e, ok := errors.AsType[*ntqq.ServerError](err)
	if !ok || e.Code != int64(code) || e.Message == "" {
		t.Errorf("%s: got %v, want a refusal with the code %d", what, err, code)
	}
}

// TestGroupFiles: each operation on the files of a group has its effect, which another
// member sees, and is refused to those who may not. None but those that show a file in the
// chat is pushed to anybody.
func TestGroupFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := mediaPair(t, sandbox.Options{})
		ctx := t.Context()
		of, af := b.Files(), a.Files()
		hers := putFile(t, s, alice, world.NewFile{Name: "hers.txt"}, "one")
		own := putFile(t, s, bot, world.NewFile{Name: "own.txt"}, "two words")
		before := happened(a) + happened(b)

		// Folders.
		docs, err := af.MakeFolder(ctx, group, "资料")
		if err != nil || docs.Name != "资料" || docs.Creator != alice || docs.Parent != ntqq.RootFolder {
			t.Errorf("made %+v, %v", docs, err)
		}
		_, err = af.MakeFolder(ctx, group, "资料")
		refused(t, "a folder with the name of another", err, world.BadRequest)
		_, err = of.MakeFolder(ctx, group, "x")
		refused(t, "a folder of a plain member", err, world.NoPermission)
		refused(t, "a folder renamed by a plain member", of.RenameFolder(ctx, group, docs.ID, "x"), world.NoPermission)
		if err := af.RenameFolder(ctx, group, docs.ID, "docs"); err != nil {
			t.Error(err)
		}
		refused(t, "a folder deleted by a plain member", of.DeleteFolder(ctx, group, docs.ID), world.NoPermission)

		// Lists and space.
		if got := b.listed(group, ""); got != "[docs] own.txt hers.txt" {
			t.Errorf("listed are %q", got)
		}
		files, _, err := of.List(ctx, group, ntqq.RootFolder)
		if err != nil || len(files) != 2 {
			t.Fatalf("got %v, %v", files, err)
		}
		sum := md5.Sum([]byte("two words"))
		if f := files[slices.IndexFunc(files, func(f ntqq.GroupFile) bool { return f.ID == own.ID })]; f.Name != "own.txt" || f.Size != 9 || f.Uploader != bot ||
			f.BusID != message.BusPermanent || !bytes.Equal(f.MD5, sum[:]) || len(f.SHA1) != 20 || f.Expires != 0 || f.Folder != ntqq.RootFolder || f.Uploaded != time.Now().Unix() {
			t.Errorf("listed is %+v", f)
		}
		if space, err := of.Space(ctx, group); err != nil || space.Used != 12 || space.Files != 2 || space.Full || space.Total < 1<<30 || space.MaxFiles == 0 {
			t.Errorf("the space is %+v, %v", space, err)
		}
		_, _, err = of.List(ctx, group, "/no-such-folder")
		refused(t, "a list of no folder", err, world.NotFound)
		for _, err := range []error{
			second(of.Space(ctx, 99999)), second(of.MakeFolder(ctx, 99999, "x")), of.Delete(ctx, 99999, refOf(own)), second(of.URL(ctx, 99999, own.ID, 0)),
		} {
			if !errors.Is(err, ntqq.ErrNoGroup) {
				t.Errorf("of no group: got %v, want ErrNoGroup", err)
			}
		}

		// Names and places.
		refused(t, "hers renamed", of.Rename(ctx, group, refOf(hers), "x"), world.NoPermission)
		refused(t, "hers moved", of.Move(ctx, group, refOf(hers), docs.ID), world.NoPermission)
		refused(t, "moved to no folder", of.Move(ctx, group, refOf(own), "/no-such-folder"), world.NotFound)
		if err := errors.Join(of.Rename(ctx, group, refOf(own), "新 name.txt"), of.Move(ctx, group, refOf(own), docs.ID)); err != nil {
			t.Error(err)
		}
		if root, folder := a.listed(group, ""), a.listed(group, docs.ID); root != "[docs] hers.txt" || folder != "新 name.txt" {
			t.Errorf("listed are %q and %q", root, folder)
		}
		found, err := of.Find(ctx, group, own.ID)
		if err != nil || found.Folder != docs.ID {
			t.Errorf("found %+v, %v", found, err)
		}

		// What stays, and what does not.
		short := putFile(t, s, alice, world.NewFile{Name: "short.txt", Temporary: true}, "three")
		refused(t, "hers kept", of.Keep(ctx, group, refOf(short)), world.NoPermission)
		if f, err := of.Find(ctx, group, short.ID); err != nil || f.BusID != message.BusTemporary || f.Expires != short.Expires || f.Expires <= time.Now().Unix() {
			t.Errorf("a temporary file is %+v, %v", f, err)
		}
		if err := af.Keep(ctx, group, refOf(short)); err != nil {
			t.Error(err)
		}
		if f, err := of.Find(ctx, group, short.ID); err != nil || f.BusID != message.BusPermanent || f.Expires != 0 {
			t.Errorf("a file that was kept is %+v, %v", f, err)
		}

		// Deleted.
		refused(t, "hers deleted", of.Delete(ctx, group, refOf(short)), world.NoPermission)
		if err := errors.Join(af.Delete(ctx, group, refOf(short)), af.DeleteFolder(ctx, group, docs.ID)); err != nil {
			t.Error(err)
		}
		refused(t, "deleted twice", af.Delete(ctx, group, refOf(short)), world.NotFound)
		refused(t, "an address of what is gone", second(of.URL(ctx, group, own.ID, 0)), world.NotFound)
		if got := b.listed(group, ""); got != "hers.txt" {
			t.Errorf("left are %q", got)
		}
		synctest.Wait()
		if got := happened(a) + happened(b); got != before {
			t.Errorf("%d events came of what nobody is told", got-before)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// TestTemporaryFileExpires by the clock of the world: it is in no list then, and has no
// address.
func TestTemporaryFileExpires(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := mediaPair(t, sandbox.Options{})
		f := putFile(t, s, bot, world.NewFile{Name: "short.txt", Temporary: true}, "three")
		if _, err := b.Files().URL(t.Context(), group, f.ID, message.BusTemporary); err != nil {
			t.Error(err)
		}
		s.World().SetClock(func() time.Time { return time.Unix(f.Expires, 0) })
		if got := b.listed(group, ""); got != "" {
			t.Errorf("listed are %q", got)
		}
		refused(t, "its address", second(b.Files().URL(t.Context(), group, f.ID, message.BusTemporary)), world.NotFound)
		refused(t, "keeping it", b.Files().Keep(t.Context(), group, refOf(f)), world.NotFound)
	})
}

// TestManyGroupFiles: a folder of several pages is listed whole, each file once.
func TestManyGroupFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := mediaPair(t, sandbox.Options{})
		for i := range 45 {
			putFile(t, s, bot, world.NewFile{Name: strings.Repeat("x", i+1)}, "same")
		}
		files, _, err := b.Files().List(t.Context(), group, "")
		lengths := map[int]bool{}
		for _, f := range files {
			lengths[len(f.Name)] = true
		}
		if err != nil || len(files) != 45 || len(lengths) != 45 {
			t.Errorf("got %d files of %d names, %v", len(files), len(lengths), err)
		}
	})
}

// TestForwardedFiles: a file of a group is sent on to another group and to a friend, who
// get a message with it, and download the same bytes.
func TestForwardedFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := mediaPair(t, sandbox.Options{})
		ctx := t.Context()
		content := strings.Repeat("content ", 1000)
		f := putFile(t, s, bot, world.NewFile{Name: "a b.txt"}, content)
		for _, chat := range []message.Chat{{Kind: message.Group, Group: secondGroup}, {Kind: message.Friend, Peer: alice}} {
			seen := [2]int{len(filesIn(a)), len(filesIn(b))}
			there, err := b.Files().Forward(ctx, group, f.ID, 0, chat)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			got := filesIn(a)[seen[0]:]
			if len(got) != 1 || got[0].Message.Chat.Kind != chat.Kind || got[0].Message.Sender.UIN != bot {
				t.Fatalf("Alice got %+v", got)
			}
			seg := got[0].Content[0].(*message.FileSegment)
			if seg.ID != there.ID || seg.FileName != "a b.txt" || seg.Size != uint64(len(content)) || seg.OfGroup() != (chat.Kind == message.Group) {
				t.Errorf("Alice got %+v, the answer names %+v", seg, there)
			}
			if echo := filesIn(b)[seen[1]:]; len(echo) != 1 || !echo[0].Self || echo[0].Content[0].(*message.FileSegment).ID != there.ID {
				t.Errorf("the bot, whose message the service wrote, got %+v", echo)
			}
			var bytes bytes.Buffer
			if err := a.Files().Download(ctx, got[0].Message.Chat, seg, &bytes); err != nil || bytes.String() != content {
				t.Errorf("Alice downloaded %d bytes, %v", bytes.Len(), err)
			}
		}
		if got := a.listed(secondGroup, ""); got != "a b.txt" {
			t.Errorf("the other group has %q", got)
		}
		refused(t, "forwarding what is not there", second(b.Files().Forward(ctx, group, "/no-such-file", 0, message.Chat{Kind: message.Friend, Peer: alice})), world.NotFound)
		if _, err := b.Files().Forward(ctx, group, f.ID, 0, message.Chat{Kind: message.Group, Group: 99999}); err == nil {
			t.Error("a file was forwarded to a group that is none")
		}
		if _, err := b.Files().PrivateURL(ctx, "no-such-file", ""); err == nil {
			t.Error("a private file that is none has an address")
		}
	})
}

// filesIn are the messages with a file that an account got.
func filesIn(a *account) (out []*event.Message) {
	for _, e := range eventsOf[*event.Message](a) {
		if len(e.Content) == 1 && e.Content[0].Name() == "file" {
			out = append(out, e)
		}
	}
	return out
}
