package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/world"
)

// listedFiles are what lists of files have, as bots read them.
type listedFiles struct {
	Files []struct {
		ID       string      `json:"file_id"`
		Name     string      `json:"file_name"`
		Bus      int         `json:"busid"`
		Size     int         `json:"file_size"`
		Dead     int64       `json:"dead_time"`
		Uploader message.UIN `json:"uploader"`
		Called   string      `json:"uploader_name"`
		SHA      string      `json:"sha"`
	}
	Folders []struct {
		ID    string `json:"folder_id"`
		Name  string `json:"folder_name"`
		Again string `json:"create_name"`
		Files int    `json:"total_file_count"`
	}
	More bool
}

// names are those of the files and of the folders.
func (l listedFiles) names() string {
	var all []string
	for _, f := range l.Files {
		all = append(all, f.Name)
	}
	for _, f := range l.Folders {
		all = append(all, f.Name+"/")
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// fails calls an action that must fail.
func (b *mediaBot) fails(action, params, msg, said string) {
	b.t.Helper()
	r := b.calls(b.Dialect)(action, params)
	if r.Msg != msg || !strings.Contains(r.Wording, said) {
		b.t.Errorf("%s %.200s: got %d %s %q, want %s %q", action, params, r.RetCode, r.Msg, r.Wording, msg, said)
	}
}

// in are parameters of an action about the files of the group.
func in(more string, args ...any) string {
	return fmt.Sprintf(`{"group_id":%d%s}`, group, fmt.Sprintf(more, args...))
}

// files lists a folder.
func (b *mediaBot) list(folder string) (l listedFiles) {
	b.t.Helper()
	b.ask("get_group_files_by_folder", in(`,"folder_id":%q`, folder), &l)
	return l
}

// upload uploads a file in the way that params say.
func (b *mediaBot) upload(action, params string) (there struct {
	ID   string `json:"file_id"`
	Name string `json:"file_name"`
	Size int    `json:"file_size"`
	Bus  int    `json:"busid"`
	Hash string `json:"file_hash"`
}) {
	b.t.Helper()
	b.ask(action, params, &there)
	return there
}

// url is where a file of the group can be downloaded.
func (b *mediaBot) url(id string) string {
	b.t.Helper()
	var got struct{ URL string }
	b.ask("get_group_file_url", in(`,"file_id":%q`, id), &got)
	return got.URL
}

// TestOneBotGroupFiles: a bot uploads in each way, and lists, downloads, moves, renames and
// deletes; with the parameters of each service. Others see it, and what it may not do is
// refused.
func TestOneBotGroupFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		b, a := newMediaBot(t, s, from), newMediaBot(t, s, to) // Alice owns the group
		content := bytes.Repeat([]byte("0123456789abcdef"), 5000)
		path := filepath.Join(t.TempDir(), "报告 a.txt")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		inText := "base64://" + base64.StdEncoding.EncodeToString(content[1:])
		first := b.upload("upload_group_file", in(`,"file":%q`, path))
		second := b.upload("upload_group_file", in(`,"file":%q,"name":"../x/b.bin","folder":"/"`, "file://"+path))
		third := b.upload("upload_group_file", in(`,"file":%q,"name":"c.bin","temporary":true`, inText))
		if first.Name != "报告 a.txt" || first.Size != len(content) || first.Bus != int(message.BusPermanent) || second.Name != "b.bin" || third.Bus != int(message.BusTemporary) {
			t.Errorf("uploaded %+v, %+v, %+v", first, second, third)
		}

		var all listedFiles
		a.ask("get_group_root_files", in(""), &all)
		if got := all.names(); got != "b.bin c.bin 报告 a.txt" || all.More {
			t.Fatalf("Alice sees %s", got)
		}
		for _, f := range all.Files {
			if f.Uploader != bot || f.Called == "" || f.SHA == "" || (f.Dead != 0) != (f.ID == third.ID) || f.Dead != 0 && f.Dead < time.Now().Unix() {
				t.Errorf("listed %+v", f)
			}
		}
		var some listedFiles
		a.ask("get_group_root_files", in(`,"file_count":"2"`), &some)
		if len(some.Files) != 2 || !some.More {
			t.Errorf("two of them are %+v", some)
		}
		a.checkURL(a.url(first.ID), content)
		a.checkURL(a.url(third.ID), content[1:])
		var space struct {
			Files, Max   int
			Count        int `json:"file_count"`
			Limit        int `json:"limit_count"`
			Used         int `json:"used_space"`
			Total, Group int64
		}
		a.ask("get_group_file_system_info", in(""), &space)
		if space.Count != 3 || space.Limit == 0 || space.Used < 2*len(content) {
			t.Errorf("the space is %+v", space)
		}

		// Folders are the owner's to make.
		b.fails("create_group_file_folder", in(`,"name":"x"`), "FILE_SYSTEM_API_ERROR", "")
		a.fails("create_group_file_folder", in(`,"name":"x","parent_id":"/y"`), "BAD_PARAMS", "parent_id")
		var made struct {
			ID   string `json:"folder_id"`
			Item struct {
				Folder struct {
					ID string `json:"folderId"`
				} `json:"folderInfo"`
			} `json:"groupItem"`
		}
		a.ask("create_group_file_folder", in(`,"name":"文件"`), &made)
		if made.ID == "" || made.ID != made.Item.Folder.ID {
			t.Errorf("made %+v", made)
		}
		var other struct {
			ID string `json:"folder_id"`
		}
		a.ask("create_group_file_folder", in(`,"folder_name":"other","parent_id":"/"`), &other)

		// Who uploaded a file, the owner and admins may change it.
		var done struct {
			OK  bool
			Msg string
		}
		b.ask("move_group_file", in(`,"file_id":%q,"parent_directory":"/","target_directory":%q`, first.ID, made.ID), &done)
		if !done.OK || done.Msg != "ok" {
			t.Errorf("moved: %+v", done)
		}
		a.ask("move_group_file", in(`,"file_id":%q,"current_parent_directory":"文件","target_parent_directory":"other"`, first.ID), &done)
		b.ask("rename_group_file", in(`,"file_id":%q,"current_parent_directory":%q,"new_name":"final.txt"`, first.ID, other.ID), &done)
		b.ask("rename_group_file", in(`,"file_id":%q,"new_name":"found.txt"`, first.ID), &done) // where it is was left out
		a.ask("move_group_file", in(`,"file_id":%q,"target_directory":"文件"`, first.ID), &done)
		a.ask("move_group_file", in(`,"file_id":%q,"target_directory":"other"`, first.ID), &done)
		b.ask("rename_group_file", in(`,"file_id":%q,"new_name":"final.txt"`, first.ID), &done)
		if got := b.list("other").names(); got != "final.txt" || b.list("").names() != "b.bin c.bin other/ 文件/" {
			t.Errorf("in the folder are %s, in the root %s", got, b.list("").names())
		}
		a.ask("rename_group_file_folder", in(`,"folder_id":"other","new_folder_name":"done"`), &done)
		into := b.upload("upload_group_file", in(`,"file":%q,"name":"d.txt","folder_id":"done"`, inText))
		if got := a.list("done").names(); got != "d.txt final.txt" {
			t.Errorf("in the folder are %s", got)
		}
		own := a.upload("upload_group_file", in(`,"file":%q`, path))
		for _, change := range []string{"move_group_file", "rename_group_file", "delete_group_file"} {
			b.fails(change, in(`,"file_id":%q,"target_directory":"done","new_name":"x"`, own.ID), "FILE_SYSTEM_API_ERROR", "")
		}

		// Temporary files become permanent, by either name.
		b.ask("trans_group_file", in(`,"file_id":%q`, third.ID), &done)
		fourth := b.upload("upload_group_file", in(`,"file":%q,"name":"e.bin","temporary":1`, inText))
		b.ask("set_group_file_forever", in(`,"file_id":%q`, fourth.ID), &done)
		for _, f := range a.list("/").Files {
			if f.Dead != 0 || f.Bus != int(message.BusPermanent) {
				t.Errorf("%+v is temporary", f)
			}
		}

		// Deleting, with the parameters of each service.
		b.ask("delete_group_file", in(`,"file_id":%q,"busid":102`, first.ID), &done)
		b.ask("delete_group_file", in(`,"id":%q`, second.ID), &done)
		a.ask("delete_group_file", in(`,"file_id":%q,"bus_id":"102"`, third.ID), &done)
		b.fails("get_group_file_url", in(`,"file_id":%q`, first.ID), "FILE_SYSTEM_API_ERROR", "")
		a.ask("delete_group_folder", in(`,"folder_id":%q`, made.ID), &done)
		a.ask("delete_group_file_folder", in(`,"folder":"done"`), &done)
		if got := a.list("/").names(); got != "e.bin 报告 a.txt" {
			t.Errorf("left are %s", got)
		}
		b.fails("get_group_file_url", in(`,"file_id":%q`, into.ID), "FILE_SYSTEM_API_ERROR", "")

		// What was received is sent on, under its name or another one.
		a.upload("upload_group_file", in(`,"file":%q,"name":"from Alice"`, path))
		m := b.follow()
		received := m.Content[0].(*message.FileSegment)
		again := b.upload("upload_group_file", in(`,"file":%q`, received.ID))
		renamed := b.upload("upload_private_file", fmt.Sprintf(`{"user_id":%d,"file":%q,"name":"b"}`, alice, received.ID))
		if again.Name != "from Alice" || again.ID == received.ID || renamed.Name != "b" || renamed.Size != len(content) {
			t.Errorf("sent on: %+v, %+v", again, renamed)
		}
		a.checkURL(a.url(again.ID), content)

		// What is wrong.
		b.fails("get_group_root_files", `{"group_id":99999}`, "GROUP_NOT_FOUND", "")
		b.fails("get_group_file_system_info", `{"group_id":99999}`, "GROUP_NOT_FOUND", "")
		b.fails("get_group_files_by_folder", in(`,"folder":"gone"`), "FOLDER_NOT_FOUND", `"gone"`)
		b.fails("get_group_root_files", in(`,"file_count":-1`), "BAD_PARAMS", "file_count")
		b.fails("get_group_file_url", in(`,"file_id":"/x","busid":-1`), "BAD_PARAMS", "busid")
		b.fails("upload_group_file", in(`,"file":"base64://AAAA"`), "BAD_PARAMS", `"name"`)
		b.fails("upload_group_file", in(`,"file":"base64://AAAA","name":"%0256d"`, 0), "BAD_PARAMS", `"name"`)
		b.fails("upload_group_file", in(`,"file":%q`, path+".gone"), "DOWNLOAD_FILE_ERROR", "")
		b.fails("upload_group_file", in(`,"file":"base64://AAAA","name":"x","folder":"gone"`), "FOLDER_NOT_FOUND", "")
		b.spoken = onebot.Chinese
		b.begin()
		b.fails("delete_group_file", in(`,"file_id":%q`, own.ID), "FILE_SYSTEM_API_ERROR", "服务器拒绝了操作")
	})
}

// TestOneBotFullGroup: in a group without space an upload fails, and leaves nothing; a
// temporary one is made when it is asked for.
func TestOneBotFullGroup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, _ := mediaPair(t, sandbox.Options{})
		b := newMediaBot(t, s, from)
		if err := s.World().Files().SetLimits(group, world.FileLimits{Files: 10, Space: 2}); err != nil {
			t.Fatal(err)
		}
		full := `,"file":"base64://AAAA","name":"a.bin"`
		b.fails("upload_group_file", in("%s", full), "UPLOAD_FAILED", "the service takes no upload: the server refused")
		if got := b.list("/"); len(got.Files) != 0 {
			t.Errorf("there are %+v", got)
		}
		b.upload("upload_group_file", in(`%s,"temporary":true`, full))
		if got := b.list("/"); len(got.Files) != 1 || got.Files[0].Dead == 0 {
			t.Errorf("there are %+v", got)
		}
		b.fails("set_group_file_forever", in(`,"file_id":%q`, b.list("/").Files[0].ID), "FILE_SYSTEM_API_ERROR", "")
		b.fails("upload_group_file", `{"group_id":99999`+full+`}`, "GROUP_NOT_FOUND", "")
	})
}

// TestOneBotPrivateFiles: a bot sends a file to a friend, and both can download it.
func TestOneBotPrivateFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		b, a := newMediaBot(t, s, from), newMediaBot(t, s, to)
		content := bytes.Repeat([]byte("private"), 5000)
		there := b.upload("upload_private_file", fmt.Sprintf(`{"user_id":%d,"file":"base64://%s","name":"a.txt"}`, alice, base64.StdEncoding.EncodeToString(content)))
		if there.ID == "" || there.Hash == "" || there.Name != "a.txt" || there.Size != len(content) {
			t.Errorf("sent %+v", there)
		}
		for _, who := range []*mediaBot{a, b} {
			var got struct{ URL string }
			who.ask("get_private_file_url", fmt.Sprintf(`{"user_id":%d,"file_id":%q,"file_hash":%q}`, bot, there.ID, there.Hash), &got)
			who.checkURL(got.URL, content)
		}
		a.follow()
		for _, who := range []*mediaBot{a, b} { // the message had the hash
			var got struct{ URL string }
			who.ask("get_private_file_url", fmt.Sprintf(`{"file_id":%q}`, there.ID), &got)
			who.checkURL(got.URL, content)
		}
		b.fails("upload_private_file", `{"user_id":99999,"file":"base64://AAAA","name":"x"}`, "FRIEND_NOT_FOUND", "")
		b.fails("get_private_file_url", `{"file_id":"gone","file_hash":"x"}`, "FILE_SYSTEM_API_ERROR", "")
	})
}
