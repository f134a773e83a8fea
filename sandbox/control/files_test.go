package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"libration/sandbox/world"
)

const ofMall = "/api/groups/730000001"

// ask is do for an answer that is decoded.
func ask[T any](t *testing.T, h http.Handler, want int, method, path, body string) (answer T) {
	t.Helper()
	status, text := do(h, method, path, body)
	if status != want {
		t.Fatalf("%s %s %s: got %d %s, want %d", method, path, body, status, text, want)
	}
	must(t, json.Unmarshal([]byte(text), &answer))
	return answer
}

type listedFolder struct {
	Folders []folderView    `json:"folders"`
	Files   []groupFileView `json:"files"`
	Total   int             `json:"total"`
	Next    int             `json:"next"`
	Space   spaceView       `json:"space"`
}

// TestFilesOfAGroup does everything with a file and a folder, as the page does it.
func TestFilesOfAGroup(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	_, up := upload(t, h, []byte("%PDF the moon"))
	sent := ask[sentFile](t, h, 201, "POST", "/api/files", `{"from":20003,"group":730000001,"name":"moon.pdf","id":"`+up.ID+`"}`)
	if f := sent.File; f.Name != "moon.pdf" || f.Folder != "/" || f.Size != 13 || f.Uploader != carol || f.UploaderName != "Carol" || f.Temporary || f.Expires != 0 {
		t.Errorf("sent %+v", f)
	}
	// What the chat shows can be downloaded.
	shown := decodeMessages(t, string(ask[json.RawMessage](t, h, 200, "GET", "/api/messages?group=730000001", "")))
	var segment fileView
	must(t, json.Unmarshal(shown[len(shown)-1].Segments[0], &segment))
	if segment.ID != sent.File.ID || segment.Name != "moon.pdf" || segment.Size != 13 || segment.Medium != up.ID || shown[len(shown)-1].Sequence != sent.Sequence {
		t.Errorf("the message shows %+v", segment)
	}
	if status, content := do(h, "GET", segment.Address, ""); status != 200 || content != "%PDF the moon" {
		t.Errorf("got %d %q", status, content)
	}

	folder := ask[folderView](t, h, 201, "POST", ofMall+"/folders", `{"by":20002,"name":"Papers"}`)
	one := ofMall + "/files" + sent.File.ID
	moved := ask[groupFileView](t, h, 200, "PATCH", one, `{"by":20003,"name":"earth.pdf","folder":"`+folder.ID+`"}`)
	if moved.Name != "earth.pdf" || moved.Folder != folder.ID {
		t.Errorf("moved %+v", moved)
	}
	root := ask[listedFolder](t, h, 200, "GET", ofMall+"/files", "")
	if len(root.Files) != 0 || len(root.Folders) != 1 || root.Folders[0].Files != 1 || root.Folders[0].Creator != bob || root.Total != 1 {
		t.Errorf("the root has %+v", root)
	}
	within := ask[listedFolder](t, h, 200, "GET", ofMall+"/files?by=20003&folder="+folder.ID, "")
	if len(within.Files) != 1 || within.Files[0] != moved || within.Space.Files != 1 || within.Space.Used != 13 || within.Space.Total != 10<<30 {
		t.Errorf("the folder has %+v", within)
	}
	if again := ask[folderView](t, h, 200, "PATCH", ofMall+"/folders"+folder.ID, `{"name":"Moons"}`); again.Name != "Moons" || again.Files != 1 {
		t.Errorf("renamed %+v", again)
	}

	// To another group, with a message there.
	copied := ask[sentFile](t, h, 201, "POST", one+"/copies", `{"by":20001,"group":730000002}`)
	if copied.File.ID == moved.ID || copied.File.Folder != "/" || copied.File.Medium != up.ID {
		t.Errorf("copied %+v", copied.File)
	}
	ask[struct{}](t, h, 200, "DELETE", one+"?by=20003", "")
	ask[struct{}](t, h, 200, "DELETE", ofMall+"/folders"+folder.ID, "")
	if root := ask[listedFolder](t, h, 200, "GET", ofMall+"/files", ""); root.Total != 0 || root.Space.Used != 0 {
		t.Errorf("left are %+v", root)
	}
	// The message of a file that is gone offers none.
	gone := decodeMessages(t, string(ask[json.RawMessage](t, h, 200, "GET", "/api/messages?group=730000001", "")))
	segment = fileView{}
	must(t, json.Unmarshal(gone[len(gone)-1].Segments[0], &segment))
	if segment.Name != "moon.pdf" || segment.Medium+segment.Address != "" {
		t.Errorf("a message about a file that is gone shows %+v", segment)
	}
	if _, err := w.Files().Find(small, 0, copied.File.ID); err != nil {
		t.Error(err)
	}
}

// TestFullSpace: what has no room is refused, and stays as a temporary file, for its time.
func TestFullSpace(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	now := time.Now()
	w.SetClock(func() time.Time { return now })
	send := func(more string) (int, string) {
		return do(h, "POST", "/api/files", `{"from":20003,"group":730000001,"name":"moon.pdf","size":1000`+more+`}`)
	}
	space := ask[spaceView](t, h, 200, "PATCH", ofMall+"/space", `{"total":1500}`)
	if space.Total != 1500 || space.MaxFiles != 10000 || space.Full {
		t.Errorf("got %+v", space)
	}
	if status, text := send(""); status != 201 {
		t.Fatalf("the first file: got %d %s", status, text)
	}
	before := len(w.History().OfGroup(mall, 0, 1<<40))
	if status, text := send(""); status != 409 || !strings.Contains(text, "1000 of 1500 bytes are used, the file has 1000") {
		t.Errorf("no room: got %d %s", status, text)
	}
	if after := len(w.History().OfGroup(mall, 0, 1<<40)); after != before {
		t.Errorf("%d messages of a file that was refused", after-before)
	}
	status, text := send(`,"temporary":true`)
	var made sentFile
	must(t, json.Unmarshal([]byte(text), &made))
	if status != 201 || !made.File.Temporary || made.File.Expires != now.Add(14*24*time.Hour).Unix() {
		t.Fatalf("a temporary file: got %d %s", status, text)
	}
	one := ofMall + "/files" + made.File.ID
	if status, text := do(h, "PATCH", one, `{"temporary":false}`); status != 409 {
		t.Errorf("kept without room: got %d %s", status, text)
	}
	ask[spaceView](t, h, 200, "PATCH", ofMall+"/space", `{"total":2000}`)
	if kept := ask[groupFileView](t, h, 200, "PATCH", one, `{"temporary":false}`); kept.Temporary || kept.Expires != 0 {
		t.Errorf("kept %+v", kept)
	}
	if space := ask[listedFolder](t, h, 200, "GET", ofMall+"/files", "").Space; !space.Full || space.Used != 2000 || space.Temporary != 0 {
		t.Errorf("got %+v", space)
	}
	if status, _ := send(`,"temporary":true`); status != 201 {
		t.Errorf("got %d", status)
	}
	now = now.Add(14*24*time.Hour + time.Second)
	if left := ask[listedFolder](t, h, 200, "GET", ofMall+"/files", ""); left.Total != 2 {
		t.Errorf("after its time: %+v", left)
	}
	// Only admins, or a number of files.
	ask[spaceView](t, h, 200, "PATCH", ofMall+"/space", `{"total":0,"max_files":3,"admins_only":true,"temporary_seconds":60}`)
	if status, text := send(""); status != 403 || !strings.Contains(text, "only the owner and admins") {
		t.Errorf("admins only: got %d %s", status, text)
	}
	if s := ask[spaceView](t, h, 200, "PATCH", ofMall+"/space", `{"admins_only":false}`); s.TemporarySeconds != 60 || s.MaxFiles != 3 {
		t.Errorf("what was not named has changed: %+v", s)
	}
	if status, text := send(""); status != 201 {
		t.Errorf("got %d %s", status, text)
	}
	if status, text := send(`,"temporary":true`); status != 409 || !strings.Contains(text, "no more than 3 files") {
		t.Errorf("too many: got %d %s", status, text)
	}
}

// TestFilesInPages: all files of a folder come, each once.
func TestFilesInPages(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	kept, err := w.Media().Put(strings.NewReader("x"))
	must(t, err)
	for i := range 5 {
		_, err := w.Files().Add(mall, carol, world.NewFile{Name: fmt.Sprint(i), Blob: kept})
		must(t, err)
	}
	_, err = w.Files().MakeFolder(mall, 0, "", "Papers")
	must(t, err)
	var names []string
	for start := 0; start < 6; {
		page := ask[listedFolder](t, h, 200, "GET", fmt.Sprintf("%s/files?start=%d&limit=4", ofMall, start), "")
		for _, f := range page.Folders {
			names = append(names, f.Name)
		}
		for _, f := range page.Files {
			names = append(names, f.Name)
		}
		if start = page.Next; page.Total != 6 {
			t.Fatalf("got %+v", page)
		}
	}
	if got := strings.Join(names, " "); got != "Papers 4 3 2 1 0" {
		t.Errorf("got %s", got)
	}
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	kept, err := w.Media().Put(strings.NewReader("x"))
	must(t, err)
	f, err := w.Files().Add(mall, alice, world.NewFile{Name: "moon.pdf", Blob: kept})
	must(t, err)
	folder, err := w.Files().MakeFolder(mall, 0, "", "Papers")
	must(t, err)
	one, of := ofMall+"/files"+f.ID, ofMall+"/folders"+folder.ID
	file := func(more string) string { return `{"from":20003,"name":"a.txt",` + more + `}` }
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/groups/1/files", "", 404, "no group 1"},
		{"GET", "/api/groups/x/files", "", 400, "not a number"},
		{"GET", "/api/groups/730000002/files?by=20003", "", 403, "not a member"},
		{"GET", ofMall + "/files?folder=/none", "", 404, "no folder"},
		{"GET", ofMall + "/files?limit=1001", "", 400, "limit is at most 1000"},
		{"GET", ofMall + "/files?start=-1", "", 400, "not a number"},
		{"PATCH", one, `{"by":20003,"name":"x"}`, 403, "may not change the file"},
		{"PATCH", one, `{"name":""}`, 400, "needs a name"},
		{"PATCH", one, `{"folder":"/none"}`, 404, "no folder"},
		{"PATCH", one, `{"temporary":true}`, 400, "cannot become temporary"},
		{"PATCH", ofMall + "/files/none", `{"name":"x"}`, 404, "no file"},
		{"DELETE", one + "?by=20003", "", 403, "may not change the file"},
		{"DELETE", ofMall + "/files/none", "", 404, "no file"},
		{"POST", one + "/copies", `{"by":20003}`, 400, "give either group or to"},
		{"POST", one + "/copies", `{"by":20003,"group":730000002}`, 403, "not a member"},
		{"POST", ofMall + "/files/none/copies", `{"to":10001}`, 404, "no file"},
		{"POST", ofMall + "/folders", `{"by":20003,"name":"x"}`, 403, "may not change the folders"},
		{"POST", ofMall + "/folders", `{"name":"papers"}`, 400, "a folder"},
		{"PATCH", of, `{"by":20003,"name":"x"}`, 403, "may not change the folders"},
		{"DELETE", of + "?by=20003", "", 403, "may not change the folders"},
		{"DELETE", of + "?by=x", "", 400, "not a number"},
		{"PATCH", ofMall + "/space", `{"max_files":10001}`, 400, "at most 10000 files"},
		{"PATCH", "/api/groups/1/space", `{}`, 404, "no group 1"},
		{"POST", "/api/files", file(`"size":1`), 400, "give either group or to"},
		{"POST", "/api/files", file(`"size":1,"group":730000001,"to":10001`), 400, "give either group or to"},
		{"POST", "/api/files", file(`"size":1,"to":10001,"temporary":true`), 400, "are for groups"},
		{"POST", "/api/files", file(`"group":730000001`), 400, "give one of id, base64 and size"},
		{"POST", "/api/files", file(`"group":730000001,"size":1,"base64":"eA=="`), 400, "give one of id, base64 and size"},
		{"POST", "/api/files", file(`"group":730000001,"size":4294967297`), 413, "larger than 4096 MiB"},
		{"POST", "/api/files", file(`"group":730000001,"base64":"?"`), 400, "base64"},
		{"POST", "/api/files", file(`"group":730000001,"base64":"\n"`), 400, "the file is empty"},
		{"POST", "/api/files", file(`"group":730000001,"id":"` + strings.Repeat("0", 40) + `"`), 404, "no medium"},
		{"POST", "/api/files", file(`"group":730000001,"file":"/etc/passwd"`), 400, "unknown field"},
		{"POST", "/api/files", file(`"group":730000001,"url":"http://127.0.0.1/"`), 400, "unknown field"},
		{"POST", "/api/files", file(`"group":730000001,"size":1,"folder":"/none"`), 404, "no folder"},
		{"POST", "/api/files", `{"from":20003,"group":730000002,"size":1,"name":"a"}`, 403, "not a member"},
		{"POST", "/api/files", `{"from":20003,"group":730000001,"size":1}`, 400, "needs a name"},
	} {
		if status, text := do(h, tt.method, tt.path, tt.body); status != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%s %s %s: got %d %s, want %d %s", tt.method, tt.path, tt.body, status, text, tt.status, tt.want)
		}
	}
	if page, err := w.Files().List(mall, 0, world.RootFolder, 0, 10); err != nil || page.Total != 2 {
		t.Errorf("after the refusals: %+v, %v", page, err)
	}
}

// TestMutedUpload: a file whose message may not be sent is not in the list either.
func TestMutedUpload(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	must(t, w.Members().Mute(mall, carol, alice, 60))
	if status, text := do(h, "POST", "/api/files", `{"from":20003,"group":730000001,"name":"a.txt","size":1}`); status != 403 || !strings.Contains(text, "muted") {
		t.Errorf("got %d %s", status, text)
	}
	if page, err := w.Files().List(mall, 0, world.RootFolder, 0, 10); err != nil || page.Total != 0 {
		t.Errorf("got %+v, %v", page, err)
	}
}

// TestFilesInChinese: refusals of files are in the reader's language.
func TestFilesInChinese(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	r := httptest.NewRequest("GET", "http://localhost"+ofMall+"/files?folder=/none", nil)
	r.Header.Set("Accept-Language", "zh-CN")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	if answer.Code != 404 || !strings.Contains(answer.Body.String(), "群里没有文件夹") {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
}

// TestPrivateFile: a file to one person goes through the service.
func TestPrivateFile(t *testing.T) {
	t.Parallel()
	w, f, h := testControl(t)
	ask[sentFile](t, h, 201, "POST", "/api/files", `{"from":20001,"to":10001,"name":"moon.pdf","base64":"bW9vbg=="}`)
	kept, err := w.Media().Put(strings.NewReader("moon"))
	must(t, err)
	made, err := w.Files().Add(mall, alice, world.NewFile{Name: "earth.pdf", Blob: kept})
	must(t, err)
	ask[sentFile](t, h, 201, "POST", ofMall+"/files"+made.ID+"/copies", `{"to":10001}`)
	want := []string{"file 20001 10001 moon.pdf 4", "file 20001 10001 earth.pdf 4"}
	if got := strings.Join(f.calls, ";"); got != strings.Join(want, ";") {
		t.Errorf("got %s, want %s", got, want)
	}
	// The message has the file, to be downloaded.
	shown := decodeMessages(t, string(ask[json.RawMessage](t, h, 200, "GET", "/api/messages?a=20001&b=10001", "")))
	var segment fileView
	must(t, json.Unmarshal(shown[len(shown)-1].Segments[0], &segment))
	if segment.Name != "earth.pdf" || segment.Size != 4 || segment.Hash == "" || segment.Medium != mediaID(kept) {
		t.Errorf("the message shows %+v", segment)
	}
	if status, text := do(h, "POST", "/api/files", `{"from":20001,"to":10001,"name":"a.txt","base64":"\n"}`); status != 400 {
		t.Errorf("an empty file: got %d %s", status, text)
	}
	if status, text := do(h, "POST", "/api/files", `{"from":20001,"to":10001,"base64":"bW9vbg=="}`); status != 400 || !strings.Contains(text, "needs a name") {
		t.Errorf("no name: got %d %s", status, text)
	}
	if status, text := do(h, "POST", "/api/files", `{"from":20004,"to":10001,"name":"a.txt","base64":"bW9vbg=="}`); status != 403 && status != 404 {
		t.Errorf("nobody: got %d %s", status, text)
	}
}
