package world_test

import (
	"crypto/md5"
	"crypto/sha1"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// blobOf is the medium with this text; nobody keeps its bytes.
func blobOf(text string) world.Blob {
	return world.Blob{MD5: md5.Sum([]byte(text)), SHA1: sha1.Sum([]byte(text)), Size: uint64(len(text))}
}

func addFile(t *testing.T, w *world.World, by message.UIN, f world.NewFile) world.GroupFile {
	t.Helper()
	if f.Name == "" {
		f.Name = "a.txt"
	}
	if f.Size == 0 {
		f.Blob = blobOf("content")
	}
	made, err := w.Files().Add(mall, by, f)
	must(t, err)
	return made
}

// listed is what a folder shows, its folders in brackets.
func listed(t *testing.T, w *world.World, folder string) string {
	t.Helper()
	p, err := w.Files().List(mall, bot, folder, 0, 1000)
	must(t, err)
	if !p.End || p.Next != p.Total || p.Total != len(p.Folders)+len(p.Files) {
		t.Errorf("got the page %+v", p)
	}
	var names []string
	for _, f := range p.Folders {
		names = append(names, "["+f.Name+"]")
	}
	for _, f := range p.Files {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func refusedWith(t *testing.T, what string, err error, want world.Reason) {
	t.Helper()
	if codeOf(err) != uint32(want) {
		t.Errorf("%s: got %v, want the code %d", what, err, want)
	}
}

func TestGroupFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		r := record(w)
		files := w.Files()
		first := addFile(t, w, carol, world.NewFile{Name: "first.txt"})
		if !regexp.MustCompile(`^/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first.ID) {
			t.Errorf("got id %s", first.ID)
		}
		if first.Folder != world.RootFolder || first.Uploader.Nickname != "Carol" || first.Temporary() || first.Uploaded != time.Now().Unix() {
			t.Errorf("got %+v", first)
		}
		time.Sleep(time.Minute)
		docs, err := files.MakeFolder(mall, bob, world.RootFolder, "docs")
		must(t, err)
		second := addFile(t, w, bot, world.NewFile{Name: "second.txt"})
		if got := listed(t, w, world.RootFolder); got != "[docs] second.txt first.txt" {
			t.Errorf("got %s", got)
		}
		must(t, files.Move(mall, carol, first.ID, world.RootFolder, docs.ID))
		must(t, files.Move(mall, carol, first.ID, "", docs.ID)) // no news
		must(t, files.Rename(mall, bob, first.ID, docs.ID, "../renamed"))
		must(t, files.Rename(mall, bob, first.ID, "", "../renamed")) // no news
		if got := listed(t, w, docs.ID); got != "../renamed" {
			t.Errorf("got %s", got)
		}
		if f, err := files.Find(mall, alice, first.ID); err != nil || f.Folder != docs.ID || f.Modified != time.Now().Unix() || f.Blob != first.Blob {
			t.Errorf("got %+v, %v", f, err)
		}
		papers, err := files.RenameFolder(mall, alice, docs.ID, "papers")
		must(t, err)
		if papers.Name != "papers" || papers.Files != 1 || papers.Used != first.Size || papers.Creator.UIN != bob {
			t.Errorf("got %+v", papers)
		}
		files.Downloaded(mall, second.ID)
		if f, _ := files.Find(mall, 0, second.ID); f.Downloads != 1 {
			t.Errorf("got %d downloads", f.Downloads)
		}
		must(t, files.Delete(mall, bot, second.ID))
		must(t, files.DeleteFolder(mall, alice, docs.ID))
		space, err := files.Space(mall, bot)
		must(t, err)
		if got := listed(t, w, world.RootFolder); got != "" || space.Used != 0 || space.Count != 0 {
			t.Errorf("got %q, %+v after everything was removed", got, space)
		}
		var kinds []string
		for _, h := range r.happenings {
			kinds = append(kinds, h.Activity().Kind+" "+h.Activity().Text)
		}
		if got, want := strings.Join(kinds, ", "), "file_added first.txt, folder_added docs, file_added second.txt, file_moved first.txt, "+
			"file_renamed ../renamed, folder_renamed papers, file_removed second.txt, folder_removed papers"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestFileRights(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	files := w.Files()
	f := addFile(t, w, bot, world.NewFile{})
	docs, err := files.MakeFolder(mall, alice, "", "docs")
	must(t, err)
	const stranger = 20099
	add := func(by message.UIN, f world.NewFile) error {
		_, err := files.Add(mall, by, f)
		return err
	}
	good := world.NewFile{Name: "b.txt", Blob: blobOf("b")}
	in := func(folder string) world.NewFile { f := good; f.Folder = folder; return f }
	named := func(name string) world.NewFile { f := good; f.Name = name; return f }
	of := func(_ any, err error) error { return err }
	for _, tt := range []struct {
		what string
		err  error
		want world.Reason
	}{
		{"a stranger uploads", add(stranger, good), world.NotMember},
		{"into no folder", add(bot, in("/none")), world.NotFound},
		{"without a name", add(bot, named("")), world.BadRequest},
		{"with a long name", add(bot, named(strings.Repeat("x", 256))), world.BadRequest},
		{"with a name that is no text", add(bot, named("\xff")), world.BadRequest},
		{"with a zero in its name", add(bot, named("a\x00b")), world.BadRequest},
		{"without content", add(bot, world.NewFile{Name: "empty"}), world.BadRequest},
		{"under the id of another", add(bot, world.NewFile{Name: "b", Blob: blobOf("b"), ID: f.ID}), world.BadRequest},
		{"a stranger lists", of(files.List(mall, stranger, world.RootFolder, 0, 20)), world.NotMember},
		{"a stranger looks", of(files.Find(mall, stranger, f.ID)), world.NotMember},
		{"a stranger counts", of(files.Space(mall, stranger)), world.NotMember},
		{"list no folder", of(files.List(mall, bot, "/none", 0, 20)), world.NotFound},
		{"find no file", of(files.Find(mall, bot, "/none")), world.NotFound},
		{"delete another's", files.Delete(mall, carol, f.ID), world.NoPermission},
		{"delete nothing", files.Delete(mall, carol, "/none"), world.NotFound},
		{"rename another's", files.Rename(mall, carol, f.ID, "", "x"), world.NoPermission},
		{"rename to nothing", files.Rename(mall, bot, f.ID, "", ""), world.BadRequest},
		{"rename elsewhere", files.Rename(mall, bot, f.ID, docs.ID, "x"), world.NotFound},
		{"move another's", files.Move(mall, carol, f.ID, "", docs.ID), world.NoPermission},
		{"move to nowhere", files.Move(mall, bot, f.ID, "", ""), world.NotFound},
		{"move from elsewhere", files.Move(mall, bot, f.ID, docs.ID, docs.ID), world.NotFound},
		{"keep another's", of(files.Keep(mall, carol, f.ID)), world.NoPermission},
		{"a member makes a folder", of(files.MakeFolder(mall, bot, "", "mine")), world.NoPermission},
		{"a folder in a folder", of(files.MakeFolder(mall, bob, docs.ID, "deep")), world.BadRequest},
		{"a folder twice", of(files.MakeFolder(mall, bob, "/", "DOCS")), world.BadRequest},
		{"a folder without a name", of(files.MakeFolder(mall, bob, "/", "")), world.BadRequest},
		{"a member renames a folder", of(files.RenameFolder(mall, bot, docs.ID, "x")), world.NoPermission},
		{"rename no folder", of(files.RenameFolder(mall, bob, "/none", "x")), world.NotFound},
		{"a member deletes a folder", files.DeleteFolder(mall, bot, docs.ID), world.NoPermission},
		{"delete the root", files.DeleteFolder(mall, alice, world.RootFolder), world.NotFound},
		{"files of no group", of(files.Space(1, 0)), world.NotFound},
		{"too short", files.SetLimits(mall, world.FileLimits{TemporaryLife: 1}), world.BadRequest},
		{"below nothing", files.SetLimits(mall, world.FileLimits{TemporaryLife: -time.Hour}), world.BadRequest},
		{"too many", files.SetLimits(mall, world.FileLimits{Files: 10001}), world.BadRequest},
		{"copy out of a group of others", of(files.Copy(mall, stranger, f.ID, small, "")), world.NotMember},
		{"copy into a group of others", of(files.Copy(mall, carol, f.ID, small, "")), world.NotMember},
	} {
		refusedWith(t, tt.what, tt.err, tt.want)
	}
	if got := listed(t, w, world.RootFolder); got != "[docs] a.txt" {
		t.Errorf("after refusals: got %s", got)
	}

	must(t, w.Members().Mute(mall, bot, alice, 60))
	refusedWith(t, "a muted member", add(bot, good), world.NoPermission)
	must(t, w.Members().Mute(mall, bot, alice, 0))
	must(t, files.SetLimits(mall, world.FileLimits{AdminsOnly: true}))
	refusedWith(t, "a plain member", of(files.Reserve(mall, bot, good)), world.NoPermission)
	must(t, add(bob, good))
	must(t, files.SetLimits(mall, world.FileLimits{}))
	must(t, w.Groups().MuteAll(mall, alice, true))
	refusedWith(t, "while all are muted", add(bot, good), world.NoPermission)
}

func TestFileSpace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		files := w.Files()
		must(t, files.SetLimits(mall, world.FileLimits{Files: 3, Space: 10}))
		id, err := files.Reserve(mall, bot, world.NewFile{Name: "a", Blob: world.Blob{Size: 7}})
		must(t, err)
		first := addFile(t, w, bot, world.NewFile{ID: id})
		if first.ID != id || addFile(t, w, bot, world.NewFile{ID: id}) != first {
			t.Errorf("got %+v for %s", first, id)
		}
		big := world.NewFile{Name: "big", Blob: blobOf("1234")}
		_, err = files.Add(mall, bot, big)
		refusedWith(t, "4 bytes where 3 are free", err, world.Quota)
		big.Temporary = true
		kept := addFile(t, w, bot, big)
		r := record(w)
		if want := time.Now().Add(14 * 24 * time.Hour).Unix(); kept.Expires != want {
			t.Errorf("expires %d, want %d", kept.Expires, want)
		}
		space, _ := files.Space(mall, bot)
		if space.Used != 7 || space.Count != 2 || space.Temporary != 1 || space.Full() {
			t.Errorf("got %+v", space)
		}
		_, err = files.Keep(mall, bot, kept.ID)
		refusedWith(t, "keep 4 bytes where 3 are free", err, world.Quota)
		time.Sleep(24 * time.Hour)
		addFile(t, w, bot, big)
		_, err = files.Add(mall, bot, big)
		refusedWith(t, "a fourth file", err, world.Quota)

		// The first one goes after 14 days, the other a day later.
		time.Sleep(13*24*time.Hour - time.Second)
		if got := listed(t, w, world.RootFolder); got != "big big a.txt" {
			t.Errorf("before its time: got %s", got)
		}
		time.Sleep(time.Second)
		if got := listed(t, w, world.RootFolder); got != "big a.txt" {
			t.Errorf("after its time: got %s", got)
		}
		if last := r.happenings[len(r.happenings)-1].Activity(); last.Kind != string(world.FileExpired) || last.User != 0 {
			t.Errorf("got %+v", last)
		}
		_, err = files.Find(mall, bot, kept.ID)
		refusedWith(t, "a file that has expired", err, world.NotFound)

		// Room is made, and the other one kept for ever.
		must(t, files.Delete(mall, bot, first.ID))
		p, _ := files.List(mall, bot, world.RootFolder, 0, 1)
		if now, err := files.Keep(mall, bot, p.Files[0].ID); err != nil || now.Temporary() {
			t.Errorf("got %+v, %v", now, err)
		}
		if again, err := files.Keep(mall, bot, p.Files[0].ID); err != nil || again.Temporary() {
			t.Errorf("keep twice: got %+v, %v", again, err)
		}
		must(t, files.SetLimits(mall, world.FileLimits{TemporaryLife: time.Minute}))
		addFile(t, w, bot, big)
		time.Sleep(30 * 24 * time.Hour)
		space, _ = files.Space(mall, bot)
		if got := listed(t, w, world.RootFolder); got != "big" || space.Used != 4 || space.Temporary != 0 {
			t.Errorf("kept: got %s, %+v", got, space)
		}
	})
}

func TestFilePages(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	for _, name := range []string{"one", "two", "three"} {
		_, err := w.Files().MakeFolder(mall, 0, "", name)
		must(t, err)
	}
	for _, name := range []string{"1", "2", "3", "4"} {
		addFile(t, w, bot, world.NewFile{Name: name})
	}
	var got []string
	from := 0
	for range 3 {
		p, err := w.Files().List(mall, bot, world.RootFolder, from, 3)
		must(t, err)
		page := ""
		for _, f := range p.Folders {
			page += f.Name + " "
		}
		for _, f := range p.Files {
			page += f.Name + " "
		}
		got = append(got, page)
		from = p.Next
		if p.Total != 7 || p.End != (p.Next == 7) {
			t.Errorf("got %+v", p)
		}
	}
	if got := strings.Join(got, "| "); got != "three two one | 4 3 2 | 1 " {
		t.Errorf("got %s", got)
	}
	for _, from := range []int{-5, 99} {
		if p, err := w.Files().List(mall, bot, world.RootFolder, from, 0); err != nil || len(p.Files)+len(p.Folders) > 1 || p.Next > 7 {
			t.Errorf("from %d: got %+v, %v", from, p, err)
		}
	}
}

func TestCopyFile(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	f := addFile(t, w, alice, world.NewFile{Name: "a", Temporary: true})
	made, err := w.Files().Copy(mall, bot, f.ID, small, "b")
	must(t, err)
	if found, err := w.Files().Find(small, alice, made.ID); err != nil || found.Name != "b" || found.Temporary() ||
		found.Uploader.UIN != bot || found.Blob != f.Blob || found.ID == f.ID {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestPublishFile(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	files := w.Files()
	f := addFile(t, w, bot, world.NewFile{Name: "a", Temporary: true})
	r := record(w)
	m, err := files.Publish(mall, bot, f.ID, 77)
	must(t, err)
	want := message.Content{&message.FileSegment{ID: f.ID, FileName: "a", Size: f.Size, BusID: message.BusTemporary, MD5: f.MD5[:]}}
	if diff := cmp.Diff(want, m.Content()); diff != "" || m.Sender.UIN != bot || m.Random != 77 || m.Group != mall {
		t.Errorf("got %+v (-want +got):\n%s", m, diff)
	}
	if again, err := files.Publish(mall, bot, f.ID, 77); err != nil || again != m {
		t.Errorf("the same request: got %+v, %v", again, err)
	}
	if len(r.happenings) != 1 || len(r.happenings[0].(*world.MessageSent).Members) != 4 {
		t.Errorf("got %v, want one message to all", r.happenings)
	}
	if other, err := files.Publish(mall, alice, f.ID, 0); err != nil || other.Sequence != m.Sequence+1 || other.Sender.UIN != alice {
		t.Errorf("by the owner: got %+v, %v", other, err)
	}
	refused := func(by message.UIN, id string) error { _, err := files.Publish(mall, by, id, 1); return err }
	refusedWith(t, "another's file", refused(carol, f.ID), world.NoPermission)
	refusedWith(t, "no file", refused(bot, "/none"), world.NotFound)
	must(t, w.Members().Mute(mall, bot, alice, 60))
	if err := refused(bot, f.ID); codeOf(err) != 120 {
		t.Errorf("muted: got %v", err)
	}
}

// TestManyFiles fills a group, which takes no time that grows with the square.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	docs, err := w.Files().MakeFolder(mall, 0, "", "docs")
	must(t, err)
	for i := range 10000 {
		addFile(t, w, bot, world.NewFile{Folder: docs.ID, Temporary: i%2 == 0})
	}
	_, err = w.Files().Add(mall, bot, world.NewFile{Name: "more", Blob: blobOf("x")})
	refusedWith(t, "one more", err, world.Quota)
	must(t, w.Files().DeleteFolder(mall, 0, docs.ID))
	if space, _ := w.Files().Space(mall, 0); space.Count != 0 || space.Used != 0 || space.Temporary != 0 {
		t.Errorf("got %+v", space)
	}
}
