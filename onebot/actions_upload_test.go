package onebot

import (
	"strings"
	"testing"

	"libration/gateway"
	"libration/ntqq/media"
)

// TestFileSource: where the bytes of an upload are, and what the file is called.
func TestFileSource(t *testing.T) {
	s, _, _ := mediaDialect(t)
	s.account.reader.media.files = media.NewFiles(media.FilesOptions{})
	for _, c := range []struct{ file, name, want string }{
		{"/home/me/报告.txt", "", "报告.txt"},
		{"file:///home/me/a%20b.txt", "", "a b.txt"},
		{"file:///home/me/100%.txt", "", "100%.txt"},
		{"https://example.com/d/%E6%96%87.zip?x=/y.z#/f", "", "文.zip"},
		{" /a/b.txt\n", "", "b.txt"},
		{"/a/b.txt", "../../etc/passwd", "passwd"},
		{"/a/b.txt", `..\c.exe`, "c.exe"},
		{"base64://AAAA", "x.bin", "x.bin"},
		{"data:text/plain;base64,AAAA", "x.txt", "x.txt"},
		{name(1) + ".jpg", "", name(1) + ".jpg"},
		{s.account.writer.links.URL(strings.ToLower(name(3))), "clip.mp4", "clip.mp4"},
	} {
		source, got, err := s.account.fileSource(t.Context(), sourceParams{c.file, c.name})
		if err != nil || got != c.want || source == nil {
			t.Errorf("%s as %q: got %q, %v, want %q", c.file, c.name, got, err, c.want)
		}
	}
	if _, _, err := s.account.fileSource(t.Context(), sourceParams{"notes.txt", ""}); err == nil || !strings.Contains(err.Error(), `"notes.txt"; a file of this machine is named by its absolute path`) {
		t.Errorf("a relative path: %v", err)
	}
	for _, c := range []struct{ file, name, code string }{
		{"", "x", "BAD_PARAMS"},
		{"base64://AAAA", "", "BAD_PARAMS"},
		{"data:,x", "", "BAD_PARAMS"},
		{"http://example.com", "", "BAD_PARAMS"},
		{"http://example.com/", "", "BAD_PARAMS"},
		{"/a/b.txt", strings.Repeat("x", 256), "BAD_PARAMS"},
		{"/a/b.txt", "..", "BAD_PARAMS"},
		{"/a/b.txt", "a\nb", "BAD_PARAMS"},
		{"ftp://a", "x", "BAD_PARAMS"},
		{"gone.jpg", "x", "MEDIA_NOT_FOUND"},
	} {
		_, got, err := s.account.fileSource(t.Context(), sourceParams{c.file, c.name})
		if err == nil || explain(err, apiError).code != c.code {
			t.Errorf("%s as %q: got %q, %v, want %s", c.file, c.name, got, err, c.code)
		}
	}
}

// TestUploadsTakeTheirTime: they have places of their own, and what follows them in the
// chat comes after them.
func TestUploadsTakeTheirTime(t *testing.T) {
	s, _, _ := newTestDialect(t)
	for frame, want := range map[string]gateway.Call{
		`{"action":"upload_group_file","params":{"group_id":5,"file":"/a"}}`:         {Chat: "group 5", Upload: true},
		`{"action":"upload_group_file_async","params":{"group_id":"5","file":"/a"}}`: {Chat: "group 5", Upload: true},
		`{"action":"upload_private_file","params":{"user_id":6,"file":"/a"}}`:        {Chat: "friend 6", Upload: true},
		`{"action":"upload_image","params":{"file":"/a"}}`:                           {Upload: true},
		`{"action":"delete_group_file","params":{"group_id":5,"file_id":"/a"}}`:      {Chat: "group 5"},
		`{"action":"get_group_root_files","params":{"group_id":5}}`:                  {},
	} {
		if got := s.Frame(gateway.Line{Requests: true}, []byte(frame)); got.Chat != want.Chat || got.Upload != want.Upload {
			t.Errorf("%s: goes to %q, uploads: %v; want %q, %v", frame, got.Chat, got.Upload, want.Chat, want.Upload)
		}
	}
}
